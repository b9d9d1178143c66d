/** The seam for what-if questions: who is asked, with what, and how many at once; and the page's own files beside the API. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startUi, type UiOptions } from "../../src/ui/index.js";
import type { Meta, WhatIfQuestion } from "../../src/ui/protocol.js";
import { startProgram } from "../cli/world.js";
import { exportText } from "../support/export-file.js";
import { ledger } from "../support/ledger-builder.js";
import { ask } from "./browser.js";

let folder = "";
let capsule = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-ui-"));
  capsule = join(folder, "run.jsonl");
  await writeFile(capsule, exportText(ledger().elected().worker().submitted("a").entries));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Serves the recording until the test ends; gives its URL. */
async function serve(options: Partial<UiOptions>): Promise<string> {
  const stop = new AbortController();
  const shown = { ledger: { capsule }, host: "127.0.0.1", port: 0, isActing: false };
  const ui = await startUi({ ...shown, ...options, signal: stop.signal });
  onTestFinished(async () => {
    stop.abort();
    await ui.ended;
  });
  return `http://127.0.0.1:${ui.port}/`;
}

const post = (url: string, body: unknown) =>
  ask(`${url}api/whatif`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

test("given nobody who answers what-if questions, when one is asked, then it is refused, and meta has said so before", async () => {
  const url = await serve({ whatIf: null });
  expect((await ask<Meta>(`${url}api/meta`)).json).toMatchObject({ hasWhatIf: false });
  expect(await post(url, { limits: { global: 2 } })).toMatchObject({ status: 404 });
});

test("given somebody who answers, when several ask at once, then one is answered and the others may come again; wrong limits are named", async () => {
  const asked: WhatIfQuestion[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let begun = () => {};
  const began = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const url = await serve({
    whatIf: async (log, question) => {
      asked.push(question);
      begun();
      await released;
      return { report: { entries: (await log.state()).last } };
    },
  });
  expect((await ask<Meta>(`${url}api/meta`)).json).toMatchObject({ hasWhatIf: true });
  expect(await post(url, { limits: { global: 0 } })).toMatchObject({ status: 400 });
  const first = post(url, { limits: { global: 2 }, from: "2" });
  await began;
  expect(await post(url, { limits: { global: 3 } })).toMatchObject({
    status: 413,
    json: { error: { code: "too-much" } },
  });
  release();
  expect(await first).toMatchObject({ status: 200, json: { report: { entries: 3 } } });
  expect(await post(url, { limits: { global: 3 } })).toMatchObject({ status: 200 });
  expect(asked).toEqual([{ limits: { global: 2 }, from: "2" }, { limits: { global: 3 } }]);
});

test("given a recorded workload, when other limits are asked about, then it is the comparison that `whatif` gives", async () => {
  const book = ledger().elected().worker("w", 10).limits({ global: 1 });
  for (const id of ["a", "b", "c"]) book.submitted(id);
  for (const id of ["a", "b", "c"]) book.decided().started(id).completed(id);
  const file = join(folder, "three.jsonl");
  await writeFile(file, exportText(book.entries));
  const url = await serve({ ledger: { capsule: file } });
  expect((await ask<Meta>(`${url}api/meta`)).json).toMatchObject({ hasWhatIf: true });
  const { status, json } = await post(url, { limits: { global: 3 } });
  const asked = startProgram(["whatif", "--limits", "global=3", "--log", file, "-o", "json"], { cwd: folder });
  const { stdout, stderr } = await asked.ended;
  const told = JSON.parse(stdout || stderr);
  expect(status).toBe(200);
  const report = { ...told, variants: told.variants.map(({ name: _words, ...rest }: { name: string }) => rest) };
  expect(json).toMatchObject({ report });
  expect(await post(url, { limits: { global: 3 }, to: "yesterday" })).toMatchObject({ status: 400 });
});

test("given a built page, when its files are asked for, then they come as what they are, and are not sent twice", async () => {
  const asset = (type: string, text: string) => ({ type, bytes: Buffer.from(text), tag: `"${text.length}"` });
  const assets = new Map([
    ["/index.html", asset("text/html; charset=utf-8", "<!doctype html>")],
    ["/assets/page-1.js", asset("text/javascript; charset=utf-8", "export {}")],
  ]);
  const url = await serve({ assets });
  expect(await ask(url)).toMatchObject({
    status: 200,
    text: "<!doctype html>",
    headers: { "cache-control": "no-cache" },
  });
  const script = await ask(`${url}assets/page-1.js`);
  expect(script.headers).toMatchObject({ "content-type": "text/javascript; charset=utf-8", etag: '"9"' });
  expect(script.headers["cache-control"]).toContain("immutable");
  const again = await ask(`${url}assets/page-1.js`, { headers: { "If-None-Match": '"9"' } });
  expect(again).toMatchObject({ status: 304, text: "" });
  expect(await ask(`${url}assets/page-2.js`)).toMatchObject({ status: 404 });
});

test("given a page that was not built, when it is asked for, then what to do is said in plain words", async () => {
  const url = await serve({ assets: new Map() });
  expect(await ask(url)).toMatchObject({ status: 503, text: expect.stringContaining("npm run build") });
});
