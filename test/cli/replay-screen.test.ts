/** The replay on a real pseudo-terminal: what stands on the screen, what the keys do, and that the terminal is as before afterwards. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeEntry, encodeFact } from "../../events/codec.js";
import { entryId, intakeSequence } from "../../events/names.js";
import { exportOf } from "../golden/golden-ledger.js";
import { PROGRAM } from "../support/program.js";
import { PseudoTerminal, type TerminalSize } from "../support/pseudo-terminal.js";
import { TurnBook } from "../support/turn-book.js";
import { startWorld } from "./world.js";

const GOLDEN = fileURLToPath(new URL("../golden/format-1.jsonl", import.meta.url));
const SIZE: TerminalSize = { columns: 110, rows: 30 };
const [UP, LEFT, RIGHT, ESCAPE, ENTER] = ["\x1b[A", "\x1b[D", "\x1b[C", "\x1b", "\r"] as const;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-screen-"));
  await copyFile(GOLDEN, join(folder, "day.jsonl"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** After the program its exit code is told, and whether the terminal takes lines and shows what is typed again. */
const watch = (args: string, more: { size?: TerminalSize; env?: Record<string, string> } = {}): PseudoTerminal =>
  new PseudoTerminal({
    command: `'${process.execPath}' '${PROGRAM}' replay ${args}; echo "exit code $?"; stty -a`,
    folder,
    size: more.size ?? SIZE,
    ...(more.env !== undefined && { env: more.env }),
  });

/** The last that was said of the cursor is that it is there; the shell's own screen is back; keys are lines again. */
async function expectRestored(terminal: PseudoTerminal, exitCode: number): Promise<void> {
  await terminal.ended;
  await terminal.shows(`exit code ${exitCode}`);
  expect(terminal.isAlternate).toBe(false);
  expect(terminal.raw.lastIndexOf("\x1b[?25h")).toBeGreaterThan(terminal.raw.lastIndexOf("\x1b[?25l"));
  expect(terminal.raw.lastIndexOf("\x1b[?7h")).toBeGreaterThan(terminal.raw.lastIndexOf("\x1b[?7l"));
  expect(terminal.raw).toMatch(/[^-]icanon/);
  expect(terminal.raw).toMatch(/[^-]echo /);
}

/** So much to read that it takes a while on any machine, and nothing to decide. */
function longLedger(last: number): string {
  const book = new TurnBook({ types: { story: {} } }).lead();
  book.decide();
  const [first] = book.entries;
  if (first === undefined) throw new Error("there is a first entry");
  const intake = { sequence: intakeSequence(0), index: null };
  const refusal = encodeFact({ type: "CommandRefused", verb: "cancel", reason: "there is no such job", intake });
  const facts = Array.from({ length: 1_000 }, () => refusal);
  for (let position = 2; position <= last; position += 1) {
    const header = { ...first, id: entryId(`e${position}`), prev: entryId(`e${position - 1}`), facts: [] };
    book.lines.push(encodeEntry(header, facts));
  }
  return exportOf(book);
}

describe("the replay on a terminal", () => {
  test("given a ledger, when it is played as fast as can be, then it stands at its end with pools, counts and the latest facts, until q", async () => {
    await using terminal = watch("--log day.jsonl --speed max");
    await terminal.shows("position 52 of 52");
    await terminal.shows(/‖ paused max$/m);
    const { text, lines } = terminal;
    expect(text).toContain("2026-01-01 01:13:16.000 UTC");
    expect(text).toContain("the end  space pause");
    expect(text).toMatch(/WAITING +POOL +SLOTS +LEFT/);
    expect(text).toMatch(/▸ resource:cpu \(paused\) +\d\/4 \[/);
    expect(text).toMatch(/^ 52\.\d+ {2}01:13:16\.000 {2}\S/m);
    expect(lines.every((line) => line.length <= SIZE.columns)).toBe(true);
    expect(terminal.isAlternate).toBe(true);
    terminal.press("q");
    await expectRestored(terminal, 0);
  });

  test("given it is paused, when one steps back and forth, then each entry shows exactly what it showed before", async () => {
    await using terminal = watch("--log day.jsonl --speed max --to 20");
    await terminal.shows("position 20 of 20");
    const onPosition = (position: number) => terminal.shows(`position ${position} of 20`);
    const seen = new Map<number, string>();
    for (let position = 19; position >= 1; position -= 1) {
      terminal.press(position % 2 === 0 ? LEFT : "h");
      await onPosition(position);
      seen.set(position, terminal.text);
    }
    terminal.press("h");
    await terminal.shows("before the first entry");
    terminal.press("h");
    for (let position = 1; position < 20; position += 1) {
      terminal.press(position % 2 === 0 ? RIGHT : "l");
      await onPosition(position);
      expect(terminal.text).toBe(seen.get(position));
    }
    expect(seen.get(2)).toMatch(/▸ global +3\/3 \[two\]\[one\]\[j2-1 *\]/);
    terminal.press("q");
    await expectRestored(terminal, 0);
  });

  test("given a place, when one goes to it by position or time, then it is shown; and what is neither is said", async () => {
    await using terminal = watch("--log day.jsonl --speed max");
    await terminal.shows("position 52 of 52");
    terminal.press("g13x");
    await terminal.shows("go to position or time: 13x");
    terminal.press(`\x7f${ENTER}`);
    await terminal.shows("position 13 of 52");
    expect(terminal.text).toContain("2026-01-01 00:01:06.000 UTC");
    terminal.press(`g2026-01-01T00:00:01Z${ENTER}`);
    await terminal.shows("position 4 of 52");
    terminal.press(`gtomorrow${ENTER}`);
    await terminal.shows('"tomorrow" is neither a position such as 812 nor a time');
    expect(terminal.text).toContain("position 4 of 52");
    terminal.press("g99");
    await terminal.shows("time: 99");
    terminal.press(ESCAPE);
    await terminal.shows("g go to");
    expect(terminal.text).toContain("position 4 of 52");
    terminal.press("q");
    await expectRestored(terminal, 0);
  });

  test("given a speed, when it plays, then the ledger's clock runs at it, and + and - change it; space stops it and lets it go on", async () => {
    // Between entries 1 to 3 no time passes, then it is a second.
    await using terminal = watch("--log day.jsonl --speed 0.1");
    await terminal.shows(/2026-01-01 00:00:00\.[1-9]\d\d UTC {2}position 3 of 52 +▶ ×0\.1$/m);
    terminal.press("+");
    await terminal.shows("▶ ×0.25");
    terminal.press(UP);
    await terminal.shows("▶ ×0.5");
    terminal.press("-");
    await terminal.shows("▶ ×0.25");
    terminal.press(" ");
    await terminal.shows("‖ paused ×0.25");
    terminal.press("+++++");
    await terminal.shows("‖ paused ×10");
    terminal.press(" ");
    await terminal.shows(/position (8|9) of 52 +▶ ×10$/m);
    terminal.press("?");
    await terminal.shows("one entry backwards");
    terminal.press("x");
    await terminal.shows("‖ paused ×10");
    terminal.press("\x03");
    await expectRestored(terminal, 0);
  });

  test("given other sizes of the terminal, when it becomes one, then everything is drawn anew and fits", async () => {
    await using terminal = watch("--log day.jsonl --speed max --to 3");
    await terminal.shows("position 3 of 3");
    expect(terminal.text).toMatch(/WAITING +POOL +SLOTS +LEFT/);
    for (const [size, inner] of [
      [{ columns: 66, rows: 16 }, /WAITING +POOL +SLOTS$/m],
      [{ columns: 40, rows: 12 }, /^ *3 ▸ global/m],
      [{ columns: 20, rows: 4 }, /^‖ paused max 2026-0…\n━{20}\n.*\nthe end {2}space paus…$/],
      [
        { columns: 160, rows: 50 },
        /^3\.7 {2}00:00:00\.000 {2}tall must wait: .* resource:gpu 2 of 2 used by two, one$/m,
      ],
    ] as const) {
      await terminal.resize(size);
      await terminal.shows(inner);
    }
    terminal.press("q");
    await expectRestored(terminal, 0);
  });

  test("given a condition, when a fact meets it, then the replay stands there and says where; and goes on when it is told to", async () => {
    await using terminal = watch(`--log day.jsonl --speed max --break 'state==failed && job==tries'`);
    await terminal.shows("stopped at 14.0");
    expect(terminal.text).toContain("position 14 of 52");
    terminal.press(" ");
    await terminal.shows("position 52 of 52");
    terminal.press("q");
    await expectRestored(terminal, 0);
  });

  test("given a signal, when it comes while it plays, then the terminal is as before and the exit code is the signal's", async () => {
    await using terminal = new PseudoTerminal({
      command: `(sh -c 'echo $$ > pid; exec "$0" "$@"' '${process.execPath}' '${PROGRAM}' replay --log day.jsonl --speed 0.01); echo "exit code $?"; stty -a`,
      folder,
      size: SIZE,
    });
    await terminal.shows("position 3 of 52");
    const pid = Number(await readFile(join(folder, "pid"), "utf8"));
    // Stopped and continued, it takes the terminal again.
    const takings = () => terminal.raw.split("\x1b[?1049h").length - 1;
    expect(takings()).toBe(1);
    process.kill(pid, "SIGSTOP");
    process.kill(pid, "SIGCONT");
    await terminal.shows(() => takings() === 2 && terminal.text.includes("position "));
    process.kill(pid, "SIGTERM");
    await expectRestored(terminal, 143);
  });

  test("given a ledger that is corrupt, when it comes to the place, then the terminal is as before and the address is told", async () => {
    const text = (await readFile(GOLDEN, "utf8")).replace('"RunCompleted","job":"two"', '"RunCompleted","job":"tow"');
    await writeFile(join(folder, "corrupt.jsonl"), text);
    await using terminal = watch("--log corrupt.jsonl --speed max");
    await expectRestored(terminal, 1);
    expect(terminal.text).toMatch(/the ledger is corrupt at 5\.0/);
  });

  test("given a ledger on a server, when it is played and stepped back, then it shows what has happened there", async () => {
    await using world = await startWorld();
    await world.submitToEnd("hello", { id: "first" });
    await world.scheduler.stop();
    await using terminal = watch("--speed max", { env: { NATS_URL: world.server.url } });
    await terminal.shows(/position (\d+) of \1 +‖ paused max/);
    expect(terminal.text).toMatch(/global +0\/2 \[ \]\[ \] +▸ ✓first$/m);
    const whole = terminal.text;
    // Somewhere on the way back the job holds its slot.
    let position = Number(/position (\d+) of/.exec(whole)?.[1]);
    while (position > 0 && !terminal.text.includes("[first]")) {
      position -= 1;
      terminal.press("h");
      await terminal.shows(`position ${position} of`);
    }
    expect(terminal.text).toMatch(/global +1\/2 \[first\]\[ \]/);
    terminal.press("g9999\r");
    await terminal.shows(({ text }) => text.replace("the end  ", "") === whole.replace("the end  ", ""));
    terminal.press("q");
    await expectRestored(terminal, 0);
  });

  test("given a part in which nothing is recorded, then that is said, and the terminal is never taken", async () => {
    await using terminal = watch("--log day.jsonl --from 5 --to 4");
    await terminal.shows("exit code 3");
    expect(terminal.text).toContain("nothing is recorded in this part of the ledger");
    expect(terminal.raw).not.toContain("\x1b[?1049h");
  });

  test("given a terminal that can do nothing, then the facts are told line by line", async () => {
    await using terminal = watch("--log day.jsonl --to 2", { env: { TERM: "dumb" } });
    await terminal.shows("exit code 0");
    expect(terminal.raw).toContain("two starts on d1-1: global 1/3, type:story 1/2, gpu 1/2");
    expect(terminal.raw).not.toContain("\x1b[?1049h");
  });

  test("given a beginning that is far in, when what is before it is folded, then a bar is shown first", async () => {
    const last = 250;
    await writeFile(join(folder, "long.jsonl"), longLedger(last));
    await using terminal = watch(`--log long.jsonl --from ${last}`);
    await terminal.shows(`position ${last} of ${last}`);
    expect(terminal.raw).toMatch(/█+░* +\d+ % {2}\d+ of \d+ entries (folded|read)/);
    terminal.press("q");
    await expectRestored(terminal, 0);
  });
});
