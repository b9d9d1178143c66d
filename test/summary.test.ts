/** The summary of a ledger: how full the pools were, how long jobs waited and ran, and whether anything was over capacity. */
import { describe, expect, test } from "vitest";
import type { Fact } from "../events/facts.js";
import { type LedgerSummary, type PlacedEntry, summarize, summaryLines } from "../src/summary/index.js";
import { type LedgerBuilder, ledger } from "./support/ledger-builder.js";

const summaryOf = ({ entries }: LedgerBuilder): LedgerSummary =>
  summarize(entries.map(({ position, entry }): PlacedEntry => [position, entry]));

const two = { resources: { ollama: 2 } };
const usesOllama = { resources: { ollama: 1 } };

/** Each word is one entry, and each entry comes one second after the one before. */
const twoStories = () =>
  ledger()
    .elected()
    .worker()
    .limits(two)
    .submitted("a", usesOllama)
    .submitted("b", usesOllama)
    .granted("a")
    .started("a")
    .granted("b")
    .started("b")
    .completed("a")
    .completed("b");

describe("the summary of a ledger", () => {
  test("given two jobs that overlap, when it is summarized, then the pool's peak, its place and its busy share are told", () => {
    const { pools, entries } = summaryOf(twoStories());
    expect(entries).toBe(11);
    // From the first submission to the last end 7 s pass, with 2 units each; a holds one for 4 s, b for 3 s.
    expect(pools).toEqual([
      { name: "resource:ollama", capacity: 2, peak: 2, peakAt: "8.0", busyShare: (4 + 3) / (2 * 7) },
    ]);
  });

  test("given jobs of a type, when it is summarized, then their waits and runs are told by middle and worst", () => {
    const { types } = summaryOf(twoStories());
    // a is granted 2 s after it was submitted and b 3 s; each starts a second later and runs 3 s and 2 s.
    expect(types).toEqual([
      {
        type: "story",
        jobs: 2,
        ended: { completed: 2, skipped: 0, failed: 0, cancelled: 0, rejected: 0 },
        attempts: 2,
        waitMs: { p50: 2_000, max: 3_000 },
        runMs: { p50: 2_000, max: 3_000 },
      },
    ]);
  });

  test("given a failure that is tried again, when it is summarized, then the second wait begins when the job is due", () => {
    const past = ledger().elected().worker().submitted("a").granted("a").started("a");
    const again = past.failed("a", past.now).later(60_000).due("a").granted("a").started("a").skipped("a");
    const { types, ended } = summaryOf(again);
    expect(types[0]).toMatchObject({ attempts: 2, waitMs: { p50: 1_000, max: 1_000 } });
    expect(ended).toMatchObject({ skipped: 1, failed: 0 });
  });

  test("given every way to end, when it is summarized, then each job is counted once, and those that have not ended as open", () => {
    const past = ledger().elected().worker().limits({ global: 9 });
    for (const id of ["a", "b", "c", "d", "e"]) past.submitted(id, { maxAttempts: 1 }).granted(id).started(id);
    past.completed("a").failed("b").cancelRequested("c").failed("c").lost("d");
    past.submitted("f").cancelled("f").rejected("g", "no such type", null);
    const { jobs, ended, open, pools } = summaryOf(past);
    expect(jobs).toBe(7);
    expect(ended).toEqual({ completed: 1, skipped: 0, failed: 2, cancelled: 2, rejected: 1 });
    expect(open).toBe(1);
    expect(pools).toMatchObject([{ name: "global", capacity: 9, peak: 5 }]);
  });

  test("given a limit lowered below what is in use, when it is summarized, then that is not over capacity (CC-5)", () => {
    const past = ledger().elected().worker().limits(two).submitted("a", usesOllama).submitted("b", usesOllama);
    past
      .granted("a")
      .granted("b")
      .limits({ resources: { ollama: 1 } });
    expect(summaryOf(past).overCapacityAt).toEqual([]);
  });

  test("given a ledger that was tampered with, when a grant exceeds the capacity, then its address is told", () => {
    const lower = (fact: Fact): Fact =>
      fact.type === "LimitsChanged" ? { ...fact, limits: { resources: { ollama: 1 } } } : fact;
    const entries = twoStories().entries.map(
      ({ position, entry }): PlacedEntry => [position, { ...entry, facts: entry.facts.map(lower) }],
    );
    const summary = summarize(entries);
    expect(summary.overCapacityAt).toEqual([{ pool: "resource:ollama", address: "8.0" }]);
    expect(summaryLines(summary).join("\n")).toContain("OVER CAPACITY: resource:ollama at 8.0");
  });

  test("given a summary, when it is written for people, then it names pools, types and the number of positions checked", () => {
    const text = summaryLines(summaryOf(twoStories())).join("\n");
    expect(text).toContain("2 jobs in 7 s: 2 completed");
    expect(text).toMatch(/resource:ollama +2 +2 +50 %/);
    expect(text).toMatch(/story +2 +2 +2 s +3 s +2 s +3 s/);
    expect(text).toContain("nothing over capacity: checked at 11 positions");
  });

  test("given a ledger without jobs, when it is summarized, then nothing is made up", () => {
    const summary = summaryOf(ledger().elected());
    expect(summary).toMatchObject({ jobs: 0, from: null, to: null, types: [] });
    expect(summary.pools).toEqual([{ name: "global", capacity: 1, peak: 0, peakAt: null, busyShare: 0 }]);
  });
});
