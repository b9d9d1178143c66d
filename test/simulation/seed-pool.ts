/** Many seeds on several threads: hands out small ranges, gathers the sums, and stops everybody at the first failure. */
import { Worker } from "node:worker_threads";
import { add, type Batch, type Failure, NOTHING, type Sums } from "./batch.js";
import type { SeedRange } from "./seed-thread.js";

export interface PoolOptions {
  readonly from: number;
  /** How many seeds; infinitely many if only time is to end it. */
  readonly seeds: number;
  readonly threads: number;
  /** Wall time after which no new range is handed out. */
  readonly msMax: number;
  /** Jobs that have come to an end after which no new range is handed out. */
  readonly livesMax: number;
  readonly onProgress: (sums: Sums) => void;
}

export interface PoolResult {
  readonly sums: Sums;
  readonly failure: Failure | null;
}

const SEEDS_PER_RANGE = 20;
/** A world is over in milliseconds. One that computes for so long will not end: virtual time does not go on. */
const RANGE_MS_MAX = 300_000;
/** For new objects: most of them die young, and in worlds. */
const YOUNG_MB = 64;

export async function runPool(options: PoolOptions): Promise<PoolResult> {
  const { from, seeds, threads, msMax, livesMax, onProgress } = options;
  const endAt = performance.now() + msMax;
  let next = from;
  let sums = NOTHING;
  let failure: Failure | null = null;
  const take = (): SeedRange | null => {
    const to = Math.min(next + SEEDS_PER_RANGE, from + seeds);
    if (next >= to || failure !== null || performance.now() >= endAt || sums.jobs >= livesMax) return null;
    const range = { from: next, to };
    next = to;
    return range;
  };
  const drive = async () => {
    const thread = new SeedThread();
    try {
      for (let range = take(); range !== null; range = take()) {
        const batch = await thread.run(range);
        sums = add(sums, batch.sums);
        // The lowest seed that fails, whichever thread came to one first.
        if (batch.failure !== null && (failure === null || batch.failure.seed < failure.seed)) failure = batch.failure;
        onProgress(sums);
      }
    } finally {
      await thread.end();
    }
  };
  await Promise.all(Array.from({ length: threads }, drive));
  return { sums, failure };
}

class SeedThread {
  readonly #seedAtWork = new SharedArrayBuffer(8);
  readonly #worker = new Worker(new URL("./seed-thread.js", import.meta.url), {
    workerData: this.#seedAtWork,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });

  run(range: SeedRange): Promise<Batch> {
    return new Promise((resolve, reject) => {
      const end = (act: () => void) => {
        clearTimeout(timer);
        this.#worker.off("message", onMessage);
        this.#worker.off("error", onError);
        act();
      };
      const onMessage = (batch: Batch) => end(() => resolve(batch));
      const onError = (error: Error) => end(() => reject(error));
      const timer = setTimeout(() => end(() => resolve(this.#hangs())), RANGE_MS_MAX);
      this.#worker.on("message", onMessage);
      this.#worker.on("error", onError);
      this.#worker.postMessage(range);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #hangs(): Batch {
    const seed = new Float64Array(this.#seedAtWork)[0] ?? 0;
    const text = `seed ${seed} computes for minutes and does not come to its next moment`;
    return { sums: NOTHING, failure: { seed, rule: "hangs", text } };
  }
}
