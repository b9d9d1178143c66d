/** A worker whose lease is nearly over starts nothing, even where no timer has told it yet (D8). */
import { expect, test } from "vitest";
import { jobId, position, workerId } from "../../events/names.js";
import type { Report } from "../../projections/reports.js";
import { systemClock } from "../../src/clock.js";
import { functionRunner } from "../../src/runners/index.js";
import { Worker } from "../../src/worker/worker.js";

const assignment = {
  ...{ job: jobId("slow"), grant: position(7), attempt: 1, type: "task", worker: workerId("w1") },
  ...{ params: {}, timeoutMs: null, leaseMs: 1_000 },
};

test("given the lease comes near its end while a runner prepares, when it asks whether it may start, then it may not, and the attempt is lost", async () => {
  let isNearEnd = false;
  const begun: string[] = [];
  const said: Report["said"][] = [];
  const runner = functionRunner(async (_params, run) => {
    isNearEnd = true;
    if (run.mayStart?.() !== false) begun.push(run.job);
    run.signal.throwIfAborted();
  });
  await new Promise<void>((resolve) => {
    const report = (one: Report) => {
      said.push(one.said);
      if ("ended" in one.said) resolve();
    };
    const ports = { report, progress: () => {}, results: { keep: async () => ({ inline: null }) }, clock: systemClock };
    const worker = new Worker(workerId("w1"), new Map([["task", runner]]), { ...ports, mayRun: () => !isNearEnd });
    worker.start(assignment);
  });
  expect(begun).toEqual([]);
  expect(said.at(-1)).toMatchObject({ ended: { outcome: "lost", error: { code: "lease" } } });
});
