/** The scheduler's own server is started anew: on another port, and then with another ledger. The pages stay open through it. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jobId } from "../../events/names.js";
import { freePort } from "../../src/embedded/port.js";
import { untilNoneWith } from "../cli/processes.js";
import { type Running, startProgram } from "../cli/world.js";
import { OpenPage } from "./browser.js";
import { startUiProcess } from "./ui-process.js";

let folder = "";
let ups: Running[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-ui-"));
  ups = [];
  await writeFile(join(folder, "signalbox.yaml"), 'types: {shout: {runner: command, argv: ["true"]}}\n');
});
afterEach(async () => {
  for (const { child } of ups) child.kill("SIGKILL");
  await Promise.all(ups.map(({ ended }) => ended));
  await untilNoneWith(folder);
  await rm(folder, { recursive: true, force: true });
});

/** Every process of it inherits the folder's name in TMPDIR, by which it is found again. */
const start = (args: readonly string[], options: object = {}) =>
  startProgram(args, { cwd: folder, env: { TMPDIR: folder }, runMsMax: 120_000, ...options });

async function up(): Promise<Running> {
  const started = start(["up", "-o", "json", "--port", String(await freePort())]);
  ups.push(started);
  await started.saw("stdout", "\n");
  return started;
}

async function down({ child, ended }: Running): Promise<void> {
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 0 });
}

test("given an open page, when the scheduler's server comes back on another port, then the page goes on; and when it has another ledger, then with that", async () => {
  const first = await up();
  expect(await start(["submit", "shout", "--id", "one", "--wait"]).ended).toMatchObject({ code: 0 });
  {
    await using ui = await startUiProcess({ start });
    using page = await OpenPage.open(ui.url);
    expect(page.board.ended.ids).toEqual(["one"]);
    await down(first);
    await page.until("gone", ({ names }) => names.includes("gone"));

    const second = await up();
    await page.until("back", ({ names }) => names.includes("back"));
    expect(await start(["submit", "shout", "--id", "two", "--wait"]).ended).toMatchObject({ code: 0 });
    await page.until("the second job", ({ board }) => board.ended.ids.includes(jobId("two")));
    expect(page.board.ended.ids).toEqual(["two", "one"]);
    await down(second);

    const isState = (name: string) => name !== "signalbox.yaml";
    for (const name of (await readdir(folder)).filter(isState)) await rm(join(folder, name), { recursive: true });
    await up();
    await page.until("the other ledger", ({ board }) => board.ended.total === 0);
    expect(await start(["submit", "shout", "--id", "three", "--wait"]).ended).toMatchObject({ code: 0 });
    await page.until("its first job", ({ board }) => board.ended.ids.includes(jobId("three")));
    expect(page.board.ended.ids).toEqual(["three"]);
    // What was in the ledger before the page saw it is on the board, and not told as news.
    const later = page.events.slice(page.names.lastIndexOf("board"));
    const facts = later.flatMap((event) => (event.name === "batch" ? event.data.facts : []));
    const [fresh] = later;
    const begun = fresh?.name === "board" ? fresh.data.position : 0;
    expect(facts.every(({ address }) => Number.parseInt(address, 10) > begun)).toBe(true);
  }
}, 120_000);
