/** The progress bar: what it says, how often, and that it leaves nothing behind; on a terminal, and nowhere else. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { barText, ProgressBar } from "../../src/cli/progress-bar.js";
import { createTerminal, type Terminal } from "../../src/cli/terminal.js";
import { textWidth } from "../../src/cli/text-width.js";
import { exportOf } from "../golden/golden-ledger.js";
import { PROGRAM } from "../support/program.js";
import { seenOnTerminal } from "../support/pseudo-terminal.js";
import { TurnBook } from "../support/turn-book.js";
import { startWorld } from "./world.js";

const CLEAR = "\r\u001b[2K";

/** A bar on a terminal that keeps what is written to it, and a clock that the test moves. */
function stage(more: Partial<Terminal> = {}) {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const terminal: Terminal = {
    ...createTerminal(process),
    env: { TERM: "xterm" },
    isErrInteractive: true,
    errWidth: 60,
    writeErr: write,
    err: (text) => write(`${text}\n`),
    out: (text) => write(`${text}\n`),
    ...more,
  };
  const clock = { ms: 0 };
  return { bar: new ProgressBar(terminal, () => clock.ms), clock, written };
}
const at = (count: number, total: number | null = 1_000) => ({
  share: total === null ? null : count / total,
  count,
  text: `${count} lines`,
});

describe("the text of the bar", () => {
  test.each([
    ["an unknown end", at(250, null), null, "250 lines"],
    ["an unknown end and a rate", at(250, null), { perSecond: 83.4, leftMs: null }, "250 lines  83/s"],
    ["no rate yet", at(0), null, `${"░".repeat(40)}   0 %  0 lines`],
    [
      "a rate",
      at(500),
      { perSecond: 50, leftMs: 9_001 },
      "█████████████░░░░░░░░░░░░  50 %  500 lines  50/s  10 s left",
    ],
    ["the end", at(1_000), null, `${"█".repeat(40)} 100 %  1000 lines`],
  ])("given %s", (_what, progress, pace, text) => {
    expect(barText(progress, pace, 60)).toBe(text);
  });

  test("given any width, then it is shorter than that, without the bar where there is no room for it", () => {
    for (const width of [5, 20, 40, 60, 200]) {
      const text = barText(at(500), { perSecond: 50, leftMs: 10_000 }, width);
      expect(textWidth(text)).toBeLessThan(width);
      expect(text.includes("█")).toBe(width >= 60);
    }
  });
});

describe("the bar", () => {
  test("given a terminal, when it is shown again and again, then it is drawn at most ten times a second, over itself", () => {
    const { bar, clock, written } = stage();
    for (clock.ms = 0; clock.ms < 1_000; clock.ms += 1) bar.show(at(clock.ms));
    expect(written).toHaveLength(10);
    for (const text of written) expect(text.startsWith(CLEAR) && !text.includes("\n")).toBe(true);
    expect(written.at(-1)).toContain("90 %  900 lines  1000/s  1 s left");
  });

  test("given a pace that changes, then the rate is that of the last seconds", () => {
    const { bar, clock, written } = stage();
    for (let count = 0; count < 100; count += 1) {
      clock.ms += 200;
      bar.show(at(count < 50 ? count : count * 10 - 450));
    }
    expect(written.at(-1)).toContain("540 lines  50/s  10 s left");
  });

  test("given something else to say, then it stands above the bar, and at the end the bar is gone", () => {
    const { bar, written } = stage();
    bar.terminal.err("before");
    bar.show(at(1));
    const drawn = written.at(-1)?.slice(CLEAR.length);
    bar.terminal.err("meanwhile");
    bar.end();
    bar.end();
    bar.terminal.err("after");
    expect(written).toEqual(["before\n", `${CLEAR}${drawn}`, CLEAR, "meanwhile\n", drawn, CLEAR, "after\n"]);
  });

  test.each([
    ["no terminal", { isErrInteractive: false }],
    ["a terminal that can do nothing", { env: { TERM: "dumb" } }],
  ])("given %s, then nothing of it is written", (_what, more) => {
    const { bar, written } = stage(more);
    bar.show(at(1));
    bar.terminal.err("said");
    bar.end();
    expect(written).toEqual(["said\n"]);
  });

  test("given a real terminal, when many jobs are submitted from a file, then it moves, and the summary is alone on its line", async () => {
    await using world = await startWorld();
    const folder = await mkdtemp(join(tmpdir(), "signalbox-bar-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const line = `${JSON.stringify({ type: "hello", delay: "1h", params: { text: "x".repeat(500) } })}\n`;
    await writeFile(join(folder, "many.jsonl"), `{]\n${line.repeat(40_000)}`);
    const { code, shown } = await onTerminal("submit --from many.jsonl", folder, { NATS_URL: world.server.url });
    expect(code).toBe(1);
    const drawings = shown.split(CLEAR).filter((text) => text.includes("jobs submitted") && text.includes("%"));
    expect(drawings.length).toBeGreaterThan(1);
    expect(drawings.at(-1)).toMatch(/█+░* +\d+ % {2}\d+ jobs submitted/);
    const lines = stripVTControlCharacters(shown).split(/\r?\n/);
    expect(lines.some((text) => /many\.jsonl:1: is not JSON/.test(text))).toBe(true);
    expect(shown).toContain(`${CLEAR}40000 jobs submitted from many.jsonl in `);
    expect(lines).toContainEqual("error: 1 line is wrong and left out");
  });

  test("given a real terminal, when the past is decided again, then it says what it reads and which variant it plays; and so when it is verified", async () => {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-bar-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const book = new TurnBook({ types: { hello: {} } }).lead();
    for (let jobs = 0; jobs < 1_000; jobs += 1)
      book
        .later(1_000)
        .submit("hello", { id: `one-${jobs}` })
        .decide();
    await writeFile(join(folder, "day.jsonl"), exportOf(book));
    const { code, shown } = await onTerminal("whatif --limits global=1..2 --log day.jsonl", folder);
    expect(code).toBe(0);
    const drawings = shown.split(CLEAR);
    expect(drawings.some((text) => /█*░+ +\d+ % {2}reading 1000 entries/.test(text))).toBe(true);
    for (const [variant, limit] of [1, 2].entries())
      expect(shown).toContain(`variant ${variant + 1} of 2: global=${limit}`);
    expect(drawings.at(-1)).toContain("AS IT WAS");
    const verified = await onTerminal("log verify --log day.jsonl", folder);
    expect(verified.code).toBe(0);
    expect(verified.shown).toMatch(/█*░+ +\d+ % {2}\d+ of \d+ entries/);
    expect(verified.shown.split(CLEAR).at(-1)).toContain("all is right");
  });
});

/** What a person at a terminal sees of the program. */
const onTerminal = (words: string, folder: string, env: Readonly<Record<string, string>> = {}) =>
  seenOnTerminal({
    ...{ folder, env, size: { columns: 100, rows: 20 } },
    command: `'${process.execPath}' '${PROGRAM}' ${words}`,
  });
