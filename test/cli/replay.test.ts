/** `replay` without a terminal: the story of a ledger, live or from a file, as lines, JSON, or up to a fact that meets a condition. */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ProgressLines } from "../../src/cli/progress-lines.js";
import { createTerminal } from "../../src/cli/terminal.js";
import { exportOf } from "../golden/golden-ledger.js";
import { TurnBook } from "../support/turn-book.js";
import { startWorld, type World } from "./world.js";

const GOLDEN = fileURLToPath(new URL("../golden/format-1.jsonl", import.meta.url));

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await copyFile(GOLDEN, join(world.folder, "day.jsonl"));
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const factLine = z.strictObject({
  position: z.string().regex(/^\d+\.\d+$/),
  at: z.iso.datetime(),
  fact: z.looseObject({ type: z.string() }),
});
const replay = (...args: string[]) => world.run(["replay", ...args]);
const ofDay = (...args: string[]) => replay("--log", "day.jsonl", ...args);
const linesOf = (text: string): string[] => (text === "" ? [] : text.trimEnd().split("\n"));

describe("replay of an exported log", () => {
  test("given no terminal, then each fact is a line: time, position, and what happened with the slots after it", async () => {
    const { code, stdout, stderr } = await ofDay("--to", "5");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = linesOf(stdout);
    expect(lines).toHaveLength(5 + 7 + 8 + 1 + 3);
    expect(lines[9]).toBe(
      "2026-01-01T00:00:00.000Z  2.4       two starts on d1-1: global 1/3, type:story 1/2, gpu 1/2",
    );
    expect(lines[10]).toBe(
      "2026-01-01T00:00:00.000Z  2.5       one starts on d1-1: global 2/3, type:story 2/2, gpu 2/2",
    );
    expect(lines.at(-2)).toContain("small starts on d1-1: global 3/3, cpu 4/4");
    expect(lines.find((line) => line.includes("2.3 "))).toContain("j2-2 is rejected: type: ");
  });

  test("given every fact of the catalogue, when the day is told, then each has a sentence, and as many as there are facts", async () => {
    const facts = linesOf(await readFile(GOLDEN, "utf8"))
      .slice(1)
      .flatMap((line) => JSON.parse(line).entry.facts);
    const lines = linesOf((await ofDay()).stdout);
    expect(lines).toHaveLength(facts.length);
    for (const line of lines) expect(line).toMatch(/^2026-01-01T\d\d:\d\d:\d\d\.\d{3}Z {2}\d+\.\d+ +\S.* .*$/);
  });

  test("given a part of it by position or time, then only that part is told, with the slots as they were there", async () => {
    const byPosition = await ofDay("--from", "5", "--to", "7");
    expect(linesOf(byPosition.stdout).map((line) => line.split(/ +/)[1]?.split(".")[0])).toEqual([
      ...["5", "5", "5", "6", "6", "6", "6", "6", "7", "7", "7", "7", "7", "7"],
    ]);
    expect(byPosition.stdout).toContain("5.1       small starts on d1-1: global 3/3, cpu 4/4");
    const byTime = await ofDay("--from", "2026-01-01T00:00:01Z", "--to", "2026-01-01T00:00:01.000Z", "-o", "jsonl");
    const positions = linesOf(byTime.stdout).map((line) =>
      Number.parseInt(factLine.parse(JSON.parse(line)).position, 10),
    );
    expect([Math.min(...positions), Math.max(...positions)]).toEqual([4, 8]);
  });

  test("given -o jsonl and -o json, then the facts are whole, a line each or one document", async () => {
    const [lines, document] = await Promise.all([ofDay("-o", "jsonl"), ofDay("-o", "json")]);
    const facts = linesOf(lines.stdout).map((line) => factLine.parse(JSON.parse(line)));
    expect(JSON.parse(document.stdout)).toEqual(facts);
    const stored = linesOf(await readFile(GOLDEN, "utf8"))
      .slice(1)
      .flatMap((line) => JSON.parse(line).entry.facts);
    expect(facts.map(({ fact }) => fact)).toEqual(stored);
    expect(JSON.parse((await ofDay("--from", "5", "--to", "4", "-o", "json")).stdout)).toEqual([]);
  });

  test("given a condition, when a fact meets it, then the story ends with it", async () => {
    const { code, stdout } = await ofDay("--break", "state==failed");
    expect(code).toBe(0);
    expect(linesOf(stdout).at(-1)).toContain("14.0      tries fails: it broke");
    const first = await ofDay("--break", "fact == StartDenied && pool == 'resource:cpu'", "-o", "jsonl");
    expect(factLine.parse(JSON.parse(linesOf(first.stdout).at(-1) ?? "")).position).toBe("3.5");
    // What is before the beginning is not looked at.
    const later = await ofDay("--from", "15", "--break", "state==failed");
    expect(Number.parseInt(linesOf(later.stdout).at(-1)?.split(/ +/)[1] ?? "0", 10)).toBeGreaterThan(14);
  });

  test("given a condition that nothing meets, then all is told and the exit code is 3", async () => {
    const { code, stdout, stderr } = await ofDay("--to", "3", "--break", "state==failed");
    expect(code).toBe(3);
    expect(linesOf(stdout)).toHaveLength(20);
    expect(stderr).toBe("error: no fact from position 1 to 3 meets state==failed\n");
  });

  test("given a speed, when the story is told, then it takes the ledger's time, so much faster", async () => {
    const book = new TurnBook({ types: { story: {} } }).lead();
    book.decide();
    book.later(60_000).submit("story").decide();
    await writeFile(join(world.folder, "slow.jsonl"), exportOf(book));
    const fast = world.start(["replay", "--log", "slow.jsonl", "--speed", "30"]);
    await fast.saw("stdout", "2026-01-01T00:00:00.000Z");
    const begun = performance.now();
    await fast.saw("stdout", "2026-01-01T00:01:00.000Z");
    // A minute is two seconds; what was written at once may have been read late.
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    expect((await fast.ended).code).toBe(0);
    const slow = world.start(["replay", "--log", "slow.jsonl", "--speed", "1"]);
    await slow.saw("stdout", "2026-01-01T00:00:00.000Z");
    slow.child.kill("SIGINT");
    const { code, stdout } = await slow.ended;
    expect(code).toBe(130);
    expect(stdout).not.toContain("00:01:00.000Z");
  });

  test("given a reader that goes away, then it ends quietly", async () => {
    const running = world.start(["replay", "--log", "day.jsonl", "--speed", "0.01"]);
    await running.saw("stdout", "1.0");
    running.child.stdout?.destroy();
    running.child.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ stderr: "" });
  });
});

describe("replay of a ledger on a server", () => {
  test("given a scheduler, and then none, then its ledger is told the same", async () => {
    await using other = await startWorld("namespace: told\nlimits: {global: 1}\n");
    const told = (...args: string[]) => other.run(["replay", "--namespace", "told", ...args]);
    await other.run(["submit", "hello", "--id", "first", "--wait", "--namespace", "told"]);
    await other.run(["submit", "fails", "--id", "second", "--wait", "--namespace", "told"]);
    const live = await told("--to", "5");
    expect(live).toMatchObject({ code: 0, stderr: "" });
    const all = await told("--break", "job==second && state==failed");
    expect(all.stdout).toMatch(/first starts on \S+: global 1\/1\n/);
    expect(linesOf(all.stdout).at(-1)).toMatch(/second fails: it is broken$/);
    await other.scheduler.stop();
    expect(await told("--to", "5")).toEqual(live);
  });
});

describe("replay refuses", () => {
  test.each([
    ["a position that is not there", ["--from", "99"], 3, "the ledger ends at position 52; there is no 99 yet"],
    ["a time after the end", ["--from", "2027-01-01T00:00:00Z"], 3, "the ledger ends at position 52"],
    ["an end that is not there", ["--to", "99"], 3, "there is no 99 yet"],
    ["what is no place", ["--to", "yesterday"], 2, "Give a position such as 812, or a time"],
    ["a speed that is none", ["--speed", "quick"], 2, "Give a number from 0.01 to 1000000"],
    ["a condition with a slip", ["--break", "state==faild"], 2, 'at character 8: "faild" is no state'],
    ["--at", ["--at", "3"], 2, "replay takes --from and --to"],
    ["--decide without -o jsonl", ["--decide"], 2, "--decide is for programs: give -o jsonl"],
    ["--speed beside --against", ["--against", ".", "--speed", "1"], 2, "--speed and --break are for playing"],
    ["a build that is none", ["--against", "nowhere"], 2, "nowhere holds no build"],
  ])("given %s, with exit code and reason", async (_what, args, code, reason) => {
    const ran = await ofDay(...args);
    expect(ran).toMatchObject({ code, stdout: "" });
    expect(ran.stderr).toContain(reason);
  });

  test("given a file that is not there, a server beside it, or a corrupt entry, then it is told", async () => {
    expect((await replay("--log", "nope.jsonl")).stderr).toContain("nope.jsonl");
    expect((await ofDay("--nats", "nats://127.0.0.1:1")).stderr).toContain("leave out --nats");
    const text = (await readFile(GOLDEN, "utf8")).replace('"RunCompleted","job":"two"', '"RunCompleted","job":"tow"');
    await writeFile(join(world.folder, "corrupt.jsonl"), text);
    const { code, stdout, stderr } = await replay("--log", "corrupt.jsonl");
    expect(code).toBe(1);
    expect(linesOf(stdout).at(-1)).toContain("two runs");
    expect(stderr).toContain("the ledger is corrupt at 5.0");
  });

  test("given --help, then it has examples, the keys and the condition's fields", async () => {
    const { code, stdout } = await replay("--help");
    expect(code).toBe(0);
    for (const part of ["Examples:", "--break 'state==failed", "--against", "fact, job, type, state or pool"])
      expect(stdout).toContain(part);
  });
});

describe("progress where no terminal is", () => {
  test("given long work, then a line with the rate is written every five seconds, and for short work none", () => {
    const written: string[] = [];
    const clock = { ms: 0 };
    const terminal = { ...createTerminal(process), err: (text: string) => void written.push(text) };
    const lines = new ProgressLines(terminal, () => clock.ms);
    for (clock.ms = 0; clock.ms <= 12_000; clock.ms += 1_000)
      lines.show({ share: clock.ms / 20_000, count: clock.ms * 2, text: `${clock.ms * 2} of 40000 entries` });
    lines.end();
    expect(written).toEqual(["25 %  10000 of 40000 entries  2000/s", "50 %  20000 of 40000 entries  2000/s"]);
  });
});
