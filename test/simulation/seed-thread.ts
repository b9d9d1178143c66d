/** A thread that runs ranges of seeds as it is asked to. The seed at work stands in shared memory, should it never come back. */
import { parentPort, workerData } from "node:worker_threads";
import { type Batch, runSeeds } from "./batch.js";

export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

// Jobs that throw are thrown by the thousand, and nobody reads where.
Error.stackTraceLimit = 0;

const seedAtWork = new Float64Array(workerData as SharedArrayBuffer);

parentPort?.on("message", ({ from, to }: SeedRange) => {
  const done = runSeeds(from, to, (seed) => {
    seedAtWork[0] = seed;
  });
  void done.then((batch: Batch) => parentPort?.postMessage(batch));
});
