/**
 * The whole loop from outside: a program that knows only NATS publishes 1,000 jobs of three types with random priorities and
 * tags; all end, nothing is over capacity where the work is done, and the ledger satisfies the auditor. Under each strategy
 * (CC-7).
 */
import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { Stage } from "../support/stage.js";
import { WorkServer } from "../support/work-server.js";

const JOBS = 1_000;
const workMs = 2;
const publisher = join(import.meta.dirname, "../../dist/test/support/publisher-program.js");

interface Published {
  readonly seed: number;
  readonly acknowledged: readonly { readonly sequence: number; readonly id: string }[];
}

const resources = { ollama: 1, "claude-api": 3, "cpu-bound": 2 };
/** Limits, and the most of each name that the work server may see at once. */
const strategies: readonly (readonly [string, object | null, Readonly<Record<string, number>>])[] = [
  ["A, one at a time, as nothing is configured", null, { "": 1 }],
  ["B, per type", { types: { story: 1, research: 2, thumbs: 3 } }, { story: 1, research: 2, thumbs: 3 }],
  ["C, resource pools", { resources }, resources],
  ["A and C together", { global: 2, resources }, { "": 2, ...resources }],
];

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

async function open(work: WorkServer, limits: object | null): Promise<Stage> {
  const type = (name: string) => ({ runner: "http", url: work.url(name) });
  return Stage.open(server.url, () => ({
    ...(limits === null ? {} : { limits }),
    types: { story: type("story"), research: type("research"), thumbs: type("thumbs") },
  }));
}

describe.each(strategies)("under strategy %s", (_name, limits, most) => {
  test(`given a program that only knows NATS, when it publishes ${JOBS} jobs, then all end in order and within every limit`, async () => {
    await using work = await WorkServer.start();
    work.workMs = workMs;
    const stage = await open(work, limits);
    const seed = randomInt(2 ** 31);
    process.stdout.write(`seed of the publisher: ${seed}\n`);
    const argv = [publisher, server.url, stage.namespace, String(JOBS), String(seed)];
    const { stdout } = await promisify(execFile)(process.execPath, argv);
    // Printed by our own program above.
    const { acknowledged } = JSON.parse(stdout) as Published;
    expect(acknowledged).toHaveLength(JOBS);
    await stage.untilEnded(JOBS);

    const { jobs, peaks } = await stage.audit();
    expect(jobs.size).toBe(JOBS);
    for (const { id } of acknowledged) expect(jobs.get(id)).toMatchObject({ state: "completed", attempts: 1 });
    expect(new Set(work.arrived).size).toBe(JOBS);
    expect(work.arrived).toHaveLength(JOBS);
    for (const [name, units] of Object.entries(most)) {
      // Never over it, and the limit was reached: the jobs did compete.
      expect(work.peaks.get(name), name === "" ? "all together" : name).toBe(units);
    }
    for (const [pool, units] of peaks) {
      const name = pool === "global" ? "" : (pool.split(":")[1] ?? "");
      expect(units, pool).toBe(most[name]);
    }
  });
});

test("given one message with 1,000 submissions, when it is decided, then each becomes a job of its own with a default id", async () => {
  await using work = await WorkServer.start();
  const stage = await open(work, { global: 20 });
  const batch = Array.from({ length: JOBS }, (_, index) => ({ type: "story", params: { name: `story ${index}` } }));
  await stage.submit("story");
  const sequence = await stage.publish("submit", batch);
  expect(sequence).toBe(2);
  await stage.untilEnded(JOBS + 1);
  const { jobs } = await stage.audit();
  for (const index of [0, 1, 499, 999])
    expect(jobs.get(`j2-${index}`)).toMatchObject({ state: "completed", attempts: 1 });
  expect(jobs.size).toBe(JOBS + 1);
  // First submitted, first started, also within one message.
  const started = stage.watch.ofType("StartGranted").map(({ fact }) => fact.job);
  expect(started).toEqual(["j1", ...batch.map((_, index) => `j2-${index}`)]);
});
