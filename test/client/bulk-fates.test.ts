/** What becomes of many jobs, by the facts: the same states as the job machine's, for each of its edges and in random worlds. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../events/facts.js";
import { intakeSequence, jobId } from "../../events/names.js";
import { edgesOf, shortestPaths } from "../../machines/graph.js";
import { stateOf } from "../../projections/jobs.js";
import { type Failing, Fates } from "../../src/client/bulk-fates.js";
import { factOf } from "../machines/job-facts.js";
import { checkRandomly, happeningArbitrary, limitsArbitrary, World } from "../projections/random-world.js";
import { ledger } from "../support/ledger-builder.js";

const JOB = "walker";
const point = (sequence: number, index: number | null) => ({ sequence: intakeSequence(sequence), index });
/** The fact as if the job had come by this place of the intake. */
const arrived = (fact: Fact, sequence: number, index: number | null = 0): Fact =>
  "intake" in fact && fact.type !== "CommandRefused" ? { ...fact, intake: point(sequence, index) } : fact;

function fatesOf(lines: readonly number[] = [1]): { fates: Fates; failing: Failing[] } {
  const failing: Failing[] = [];
  const fates = new Fates((job) => failing.push(job));
  fates.expect(1, lines);
  return { fates, failing };
}

const counts = ({ counts: all }: Fates) => Object.fromEntries(all);

describe("the fates of submitted jobs", () => {
  test("given every edge of the job machine, when its fact is told, then the job's fate is the machine's state", () => {
    const paths = new Map(shortestPaths("job").map((path) => [path.steps.at(-1)?.to.key ?? "", path]));
    let walked = 0;
    for (const { from, event, to } of edgesOf("job")) {
      const book = ledger().limits({ global: 5 }).elected().worker("w1", 5);
      const { fates } = fatesOf();
      const tell = (fact: Fact) => {
        book.fact(fact);
        fates.take(arrived(fact, 1));
      };
      for (const step of paths.get(from.key)?.steps ?? []) tell(factOf(step.event, JOB, book));
      // The fold refuses to amend what was granted once (INV-001).
      if (event.type === "JobAmended" && book.row(JOB).attempts.length > 0) continue;
      tell(factOf(event, JOB, book));
      expect(counts(fates), `${from.state} ${event.type} ${to.state}`).toEqual({ [stateOf(book.row(JOB))]: 1 });
      walked += 1;
    }
    expect(walked).toBeGreaterThan(40);
  });

  test("given any past, when its facts are told, then the counts are the fold's, and what has ended is counted as ended", () => {
    const story = fc.record({
      limits: limitsArbitrary(),
      happenings: fc.array(happeningArbitrary(limitsArbitrary()), { minLength: 5, maxLength: 60, size: "max" }),
    });
    checkRandomly("fates against the fold", 200, story, ({ limits, happenings }) => {
      const world = new World(limits, 3);
      for (const happening of happenings) {
        world.happen(happening);
        world.ledger.decide();
      }
      const { fold, entries } = world.ledger;
      const fates = new Fates(() => {});
      fates.expect(
        1,
        Array.from({ length: fold.jobs.size }, (_, index) => index + 1),
      );
      let index = 0;
      for (const { entry } of entries)
        for (const fact of entry.facts) {
          fates.take(arrived(fact, 1, index));
          if (fact.type === "JobSubmitted") index += 1;
        }
      const expected: Record<string, number> = {};
      let open = 0;
      for (const row of fold.jobs.values()) {
        expected[stateOf(row)] = (expected[stateOf(row)] ?? 0) + 1;
        if (!["completed", "skipped", "failed", "cancelled"].includes(stateOf(row))) open += 1;
      }
      expect(counts(fates)).toEqual(expected);
      expect(fates.open).toBe(open);
    });
  });

  test("given submissions that are not decided, then they are open, and a fact of somebody else's job changes nothing", () => {
    const { fates } = fatesOf([3, 4]);
    const other = ledger()
      .elected()
      .submitted("other")
      .entries.flatMap(({ entry }) => entry.facts);
    for (const fact of other) fates.take(arrived(fact, 2));
    expect(counts(fates)).toEqual({ undecided: 2 });
    expect(fates.open).toBe(2);
  });

  test("given a rejected submission, then its line and its reason are told", () => {
    const { fates, failing } = fatesOf([5, 9]);
    const book = ledger().elected().rejected("a", "no such type").submitted("b").worker().granted("b").failed("b");
    const facts = book.entries.flatMap(({ entry }) => entry.facts);
    for (const fact of facts) fates.take(arrived(fact, 1, "job" in fact && fact.job === "a" ? 1 : 0));
    expect(failing).toEqual([
      { job: "a", state: "rejected", reason: "no such type", line: 9 },
      { job: "b", state: "failed", reason: "it broke", line: null },
    ]);
    expect(fates.open).toBe(0);
  });

  test("given a message that was refused as a whole, then none of its lines is waited for any more", () => {
    const { fates } = fatesOf([1, 2, 3]);
    const [, refused] = ledger()
      .elected()
      .rejected("a", "the batch is broken")
      .entries.flatMap(({ entry }) => entry.facts);
    if (refused !== undefined) fates.take(arrived(refused, 1, null));
    expect(counts(fates)).toEqual({ rejected: 1 });
    expect(fates.open).toBe(0);
  });
});

describe("a submission whose id was there already", () => {
  const duplicate = (sequence: number, index: number): Fact => ({
    type: "SubmissionDuplicated",
    job: jobId("a"),
    intake: point(sequence, index),
  });

  test("given an earlier job of the same file, then there is one job, and the second line is counted", () => {
    const { fates } = fatesOf([1, 2]);
    for (const fact of ledger()
      .elected()
      .submitted("a")
      .entries.flatMap(({ entry }) => entry.facts))
      fates.take(arrived(fact, 1));
    fates.take(duplicate(1, 1));
    expect(counts(fates)).toEqual({ queued: 1 });
    expect({ duplicates: fates.duplicates, unknown: fates.unknown.size, open: fates.open }).toEqual({
      duplicates: 1,
      unknown: 0,
      open: 1,
    });
  });

  test("given a job of somebody else, then it is unknown until somebody says how it is, and then its facts go on", () => {
    const { fates, failing } = fatesOf();
    fates.take(duplicate(1, 0));
    expect([...fates.unknown]).toEqual(["a"]);
    expect(counts(fates)).toEqual({ unknown: 1 });
    fates.answer(jobId("a"), "cancelling", "");
    expect(counts(fates)).toEqual({ cancelling: 1 });
    const book = ledger().elected().submitted("a").worker().granted("a").started("a").cancelRequested("a").failed("a");
    const last = book.entries.at(-1)?.entry.facts[0];
    if (last !== undefined) fates.take(last);
    expect(counts(fates)).toEqual({ cancelled: 1 });
    expect(failing).toEqual([{ job: "a", state: "cancelled", reason: "it broke", line: null }]);
  });

  test("given an answer that is ahead of the facts, then an end stays the end", () => {
    const { fates } = fatesOf();
    fates.take(duplicate(1, 0));
    fates.answer(jobId("a"), "completed", "");
    const book = ledger().elected().submitted("a").worker().granted("a").started("a").completed("a");
    for (const { entry } of book.entries) for (const fact of entry.facts) fates.take(fact);
    expect(counts(fates)).toEqual({ completed: 1 });
    expect(fates.open).toBe(0);
  });

  test("given facts before the answer, then the answer is not taken: what the ledger told is newer", () => {
    const { fates } = fatesOf();
    fates.take(duplicate(1, 0));
    const book = ledger().elected().submitted("a").worker().granted("a").completed("a");
    for (const { entry } of book.entries) for (const fact of entry.facts) fates.take(fact);
    fates.answer(jobId("a"), "queued", "");
    expect(counts(fates)).toEqual({ completed: 1 });
  });
});
