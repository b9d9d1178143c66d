/** A recording as one file: all of it is in there, nothing of it can become a tag, and its policy lets only itself run. */
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { position } from "../../events/names.js";
import type { Asset, Assets } from "../../src/ui/assets.js";
import { exportPage, openCapsule, type Shown } from "../../src/ui/index.js";
import { applyPatches } from "../../src/ui/patches.js";
import type { Board, Capsule } from "../../src/ui/protocol.js";
import { exportText } from "../support/export-file.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";

const EXPORTED_AT = "2026-12-01T00:00:00.000Z";
const EVIL = "</script><script>alert(1)</script><!-- $& $' \u2028";
const never = new AbortController().signal;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-ui-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function recordingOf(book: LedgerBuilder): Promise<Shown> {
  const file = join(folder, `${book.entries.length}.jsonl`);
  await writeFile(file, exportText(book.entries));
  return openCapsule(file, { signal: never, onEntry: () => {} });
}

const asset = (type: string, text: string): Asset => ({ type, bytes: Buffer.from(text), tag: '"x"' });
const SCRIPT = 'const tag = "</script>"; const price = "$1 $& $$"; document.title = tag + price;';
const STYLE = "body { color: red }";
const assets: Assets = new Map([
  [
    "/index.html",
    asset(
      "text/html",
      '<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="/icon.svg">' +
        '<script type="module" crossorigin src="/assets/page-1.js"></script>' +
        '<link rel="stylesheet" crossorigin href="/assets/page-1.css"></head><body><div id="page"></div></body></html>',
    ),
  ],
  ["/assets/page-1.js", asset("text/javascript", SCRIPT)],
  ["/assets/page-1.css", asset("text/css", STYLE)],
  ["/icon.svg", asset("image/svg+xml", "<svg/>")],
]);

function capsuleIn(html: string): Capsule {
  const text = /<script type="application\/json" id="capsule">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
  expect(text).not.toContain("<");
  return JSON.parse(text);
}

function someDay(): LedgerBuilder {
  const book = ledger().elected().worker("w", 4).limits({ global: 2 });
  book.submitted("evil", { params: { ask: EVIL }, labels: { why: EVIL } });
  for (let i = 0; i < 60; i += 1) book.submitted(`k${i}`).granted(`k${i}`).started(`k${i}`).completed(`k${i}`, EVIL);
  return book.granted("evil").failed("evil", null, EVIL);
}

describe("a page with a recording in it", () => {
  test("given jobs full of tags, when the page is written, then none of them is one, and all text is as it was", async () => {
    const shown = await recordingOf(someDay());
    const { html } = await exportPage(shown, assets, EXPORTED_AT, never);
    const tags = html.match(/<\/?script/gi) ?? [];
    expect(tags).toHaveLength(4);
    const { jobs } = capsuleIn(html);
    expect(jobs.find(({ job }) => job.id === "evil")?.job).toMatchObject({
      params: { ask: EVIL },
      labels: { why: EVIL },
      reason: EVIL,
    });
    expect(jobs.find(({ job }) => job.id === "k7")?.job.result).toBe(EVIL);
  });

  test("given the page, when its policy is read, then it allows just the script and the style that are in it, and no other host", async () => {
    const { html } = await exportPage(await recordingOf(someDay()), assets, EXPORTED_AT, never);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? "";
    const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const script = /<script type="module">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
    const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? "";
    expect(style).toBe(STYLE);
    expect(script).toContain("$1 $& $$");
    expect(policy).toContain(`script-src ${hashOf(script)};`);
    expect(policy).toContain(`style-src ${hashOf(style)};`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|http|self/);
    expect(html).not.toMatch(/(src|href)="\/?(assets|icon)/);
    expect(html).toContain('href="data:image/svg+xml;base64,');
  });

  test("given the frames, when they are replayed, then each is the board of its position, and the last is the end", async () => {
    const book = someDay();
    const shown = await recordingOf(book);
    const { html, capsule: report } = await exportPage(shown, assets, EXPORTED_AT, never);
    const { frames, facts, meta } = capsuleIn(html);
    expect(report).toEqual({ moments: frames.length, factsLeft: 0, jobsLeft: 0 });
    expect(facts).toHaveLength(book.entries.flatMap(({ entry }) => entry.facts).length);
    expect(meta).toMatchObject({ source: "capsule", isActing: false, head: { position: book.entries.length } });
    let board: Board | null = null;
    for (const frame of frames) {
      if (frame.kind === "key") board = frame.board;
      else if (board !== null) board = applyPatches(board, frame.patches);
      expect(board).toEqual(
        JSON.parse(JSON.stringify(await shown.moments.board(position(board?.position ?? 0), never))),
      );
    }
    expect(board?.position).toBe(book.entries.length);
    expect(frames.filter(({ kind }) => kind === "key").length).toBeGreaterThan(2);
  });

  test("given a long recording, when it is written, then its frames are few and spread out, and it says how much is left out", async () => {
    const book = ledger().elected().worker("w", 4).limits({ global: 2 });
    for (let i = 0; i < 1_200; i += 1)
      book.together(() => {
        for (let j = 0; j < 4; j += 1) book.submitted(`k${i}-x${j}`).granted(`k${i}-x${j}`).completed(`k${i}-x${j}`);
      });
    const { html, capsule } = await exportPage(await recordingOf(book), assets, EXPORTED_AT, never);
    const { frames, facts, jobs } = capsuleIn(html);
    expect(frames.length).toBeLessThanOrEqual(400);
    const positions = frames.map((frame) => (frame.kind === "key" ? frame.board.position : frame.position));
    expect(positions[0]).toBe(1);
    expect(positions.at(-1)).toBe(book.entries.length);
    expect(Math.max(...positions.map((at, i) => at - (positions[i - 1] ?? 0)))).toBeLessThan(8);
    expect(capsule.factsLeft).toBe(book.entries.flatMap(({ entry }) => entry.facts).length - facts.length);
    expect(capsule.jobsLeft).toBe(4_800 - jobs.length);
  });

  test("given a page that was built in another way, when it is to stand alone, then it is refused with what is missing", async () => {
    const shown = await recordingOf(someDay());
    const broken = new Map([["/index.html", asset("text/html", '<script src="/assets/lost.js"></script>')]]);
    await expect(exportPage(shown, broken, EXPORTED_AT, never)).rejects.toThrow(/lost\.js/);
    const empty = new Map([["/index.html", asset("text/html", "<p>nothing</p>")]]);
    await expect(exportPage(shown, empty, EXPORTED_AT, never)).rejects.toThrow(/no script/);
  });
});
