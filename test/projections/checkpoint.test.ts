/** A fold by way of its checkpoint is the same fold: it believes, decides and shows the same, and so does whatever comes of it. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Entry } from "../../events/entry.js";
import { canonicalJson } from "../../events/json.js";
import { type JobId, position } from "../../events/names.js";
import { jobContext } from "../../machines/job.js";
import { stateLines } from "../../projections/canonical-state.js";
import { checkpointLines } from "../../projections/checkpoint/checkpoint.js";
import { CHECKPOINT_FORM } from "../../projections/checkpoint/checkpoint-lines.js";
import { CheckpointDamaged, restoreFold } from "../../projections/checkpoint/restoration.js";
import { Fold } from "../../projections/fold.js";
import { stateOf } from "../../projections/jobs.js";
import { readExportedLog } from "../../src/client/exported-log.js";
import { entryOf } from "../../src/log/entry.js";
import { stateHash } from "../../src/state-hash.js";
import { decisionsOf, throughCheckpoint, viewsOf } from "../support/checkpoints.js";
import { ledger } from "../support/ledger-builder.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { checkRandomly, limitsArbitrary } from "./random-world.js";
import { dump } from "./state-dump.js";

const DAYS = 60;
/** The mean is above 350: fewer mean that the days or the cuts have become too short to say much. */
const JOBS_RESTORED_MIN = 50;
const golden = fileURLToPath(new URL("../golden/", import.meta.url));
const ledgers = readdirSync(golden).filter((file) => file.endsWith(".jsonl"));

function foldUpTo(entries: readonly Entry[], end: number): Fold {
  const fold = new Fold();
  for (const [index, entry] of entries.slice(0, end).entries()) fold.apply(position(index + 1), entry);
  return fold;
}

function expectSame(fold: Fold, other: Fold): void {
  expect(dump(other)).toBe(dump(fold));
  expect(decisionsOf(other)).toBe(decisionsOf(fold));
  expect(viewsOf(other)).toBe(viewsOf(fold));
}

describe("a fold made again from its checkpoint", () => {
  test("given any day and any position in it, when the rest is folded, then state, decisions and views are the same all along", {
    timeout: 120_000,
  }, () => {
    const limits = limitsArbitrary(fc.constantFrom(0, 0, 2));
    const input = fc.record({ day: dayArbitrary(limits), percent: fc.noBias(fc.integer({ min: 0, max: 100 })) });
    let jobs = 0;
    const runs = checkRandomly("checkpoints of days", DAYS, input, ({ day, percent }) => {
      const { entries } = dayOf(day);
      const cut = Math.floor((percent * entries.length) / 100);
      const fold = foldUpTo(entries, cut);
      const other = throughCheckpoint(fold);
      jobs += other.jobs.size;
      expectSame(fold, other);
      for (const [index, entry] of entries.entries()) {
        if (index < cut) continue;
        for (const one of [fold, other]) one.apply(position(index + 1), entry);
        expectSame(fold, other);
      }
    });
    process.stdout.write(`${jobs} jobs restored\n`);
    if (runs === DAYS) expect(jobs).toBeGreaterThan(JOBS_RESTORED_MIN);
  });

  test.each(ledgers)(
    "given the golden ledger %s, when it is cut anywhere, then it comes to the same state",
    async (file) => {
      const { ledger: log, header } = await readExportedLog(`${golden}${file}`);
      const entries: Entry[] = [];
      for (let at = 1; at <= header.last; at += 1) {
        const message = await log.read(at);
        if (message !== null) entries.push(entryOf(message));
      }
      const whole = stateHash(foldUpTo(entries, entries.length));
      for (let cut = 0; cut <= entries.length; cut += 1) {
        const fold = throughCheckpoint(foldUpTo(entries, cut));
        for (const [index, entry] of entries.entries()) if (index >= cut) fold.apply(position(index + 1), entry);
        expect(stateHash(fold), `cut after ${cut}`).toBe(whole);
      }
    },
  );

  test("given a fold that was restored, when it is restored again, then the lines are the same", () => {
    const { fold } = ledger().elected().worker("w1", 5).limits({ global: 1 }).submitted("a").submitted("b").decided();
    const lines = [...checkpointLines(fold)];
    expect([...checkpointLines(restoreFold(lines))]).toEqual(lines);
  });

  test("given finished jobs whose specs are alike, when they are restored, then they share one", () => {
    const book = ledger().elected().worker("w1", 5).limits({ global: 2 });
    for (const id of ["a", "b"]) book.submitted(id).granted(id).completed(id);
    const { jobs } = throughCheckpoint(book.fold);
    expect(jobs.get("a" as JobId)?.spec).toBe(jobs.get("b" as JobId)?.spec);
    expect(jobs.get("a" as JobId)?.node).toBe(book.row("a").node);
  });
});

describe("what a checkpoint remembers", () => {
  const run = (id: string, model: string) => [id, { params: { model } }] as const;
  const book = ledger().elected().worker("w1", 5).limits({ global: 1 });
  for (const [id, job] of [run("a", "small"), run("b", "large")]) book.submitted(id, job).decided().completed(id);

  test("given runs with models, when it is restored, then their times are told as before", () => {
    expect(throughCheckpoint(book.fold).durations.keep()).toEqual(book.fold.durations.keep());
    expect(book.fold.durations.keep().map(({ model }) => model)).toEqual(["small", null, "large"]);
  });

  test("given params that are not given away, when it is written, then no model's name is either", () => {
    const lines = [...checkpointLines(book.fold, (spec) => ({ ...spec, params: {} }))];
    expect(lines.join("\n")).not.toMatch(/small|large/);
    expect(restoreFold(lines).durations.keep()).toMatchObject([
      { type: "story", model: null, latestMs: [1_000, 1_000] },
    ]);
  });
});

describe("a checkpoint that is not whole", () => {
  const book = ledger().elected().worker("w1", 5).limits({ global: 1 }).submitted("a").submitted("b").decided();
  const lines = [...checkpointLines(book.fold)];

  test("given any line that is left out, when it is read, then it is refused", () => {
    for (const [left] of lines.entries()) {
      const rest = lines.filter((_line, index) => index !== left);
      // Without what is in a list of its own, another state comes of it: that is for the hash to say.
      const read = () => {
        if (stateHash(restoreFold(rest)) !== stateHash(book.fold)) throw new CheckpointDamaged("another state");
      };
      expect(read, lines[left]).toThrow(CheckpointDamaged);
    }
  });

  test.each<[string, readonly string[]]>([
    ["nothing", []],
    ["a line that is cut off", [...lines.slice(0, -1), '{"kind":"en']],
    ["a line after its end", [...lines, lines.at(-1) ?? ""]],
    ["two heads", [lines[0] ?? "", ...lines]],
    ["an unknown line", [...lines.slice(0, -1), '{"kind":"hearsay"}', lines.at(-1) ?? ""]],
    ["a state that no job has", lines.map((line) => line.replace('"queued"', '"lost"'))],
    ["another form", lines.map((line) => line.replace(`"form":${CHECKPOINT_FORM}`, '"form":0'))],
  ])("given %s, when it is read, then it is refused", (_what, text) => {
    expect(() => restoreFold(text)).toThrow(CheckpointDamaged);
  });
});

test("given rows of any day, when their states are told, then canonically, as anything else is", () => {
  checkRandomly("canonical rows", 20, dayArbitrary(), (day) => {
    const { fold } = dayOf(day);
    const lines = new Set(stateLines(fold));
    for (const row of fold.jobs.values()) {
      const { node, line: _line, ...rest } = row;
      expect(lines).toContain(canonicalJson({ ...rest, state: stateOf(row), context: jobContext(node) }));
    }
  });
});
