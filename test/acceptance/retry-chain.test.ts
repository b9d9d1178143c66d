/** A job that fails is tried again by itself, as often as it may, then by hand; and that its scheduler is killed changes nothing (DEC-007). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PARAMS_BYTES_MAX } from "../../events/submission.js";
import { audit, describeViolation } from "../support/auditor.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { prepareScript, runsOf, scriptArgv } from "../support/script-work.js";
import { Stage } from "../support/stage.js";

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const BASE_MS = 2_500;
/** An entry's time is read when its turn begins, the time of the next attempt a moment later. */
const TURN_MS_MAX = 1_000;

async function openStage(type: object = {}): Promise<Stage> {
  const stage = await Stage.open(server.url, (folder) => ({
    types: { work: { runner: "command", argv: scriptArgv(folder), ...type } },
  }));
  await prepareScript(stage);
  return stage;
}

const ofType = ({ watch }: Stage, job: string, type: string) =>
  watch.ofJob(job).filter(({ fact }) => fact.type === type);

describe("a job that always fails", () => {
  test("given three attempts with growing delays, when the scheduler is killed after the first and after the second, then there are three, each at its time, and a retry by hand makes a fourth under another id", async () => {
    const stage = await openStage({ maxAttempts: 3, backoff: { base: `${BASE_MS}ms`, factor: 2 } });
    const { watch } = stage;
    const params = { tone: "dark" };
    await stage.submit("work", { id: "bad", params });
    for (const failures of [1, 2]) {
      await watch.until(`attempt ${failures} failed`, () => ofType(stage, "bad", "RunFailed").length === failures);
      await stage.scheduler.kill();
      await stage.startScheduler();
    }
    await stage.untilEnded(1);
    const failed = watch.ofType("RunFailed");
    const delays = failed.map(({ at, fact }) =>
      fact.retryAt === null ? null : Date.parse(fact.retryAt) - Date.parse(at),
    );
    expect(delays).toEqual([expect.any(Number), expect.any(Number), null]);
    const [first = 0, second = 0] = delays.map(Number);
    expect(first).toBeGreaterThanOrEqual(BASE_MS);
    expect(first).toBeLessThan(BASE_MS + TURN_MS_MAX);
    expect(second).toBeGreaterThanOrEqual(2 * BASE_MS);
    expect(second).toBeLessThan(2 * BASE_MS + TURN_MS_MAX);
    // Due at the time on record or later, whoever led by then; and nothing was lost, for nothing ran when it was killed.
    const due = watch.ofType("JobDue");
    expect(due).toHaveLength(2);
    for (const [index, { at }] of due.entries()) expect(at >= String(failed[index]?.fact.retryAt)).toBe(true);
    expect(watch.ofType("DispatcherElected")).toHaveLength(3);
    expect(watch.ofType("LeaseExpired")).toEqual([]);
    expect(watch.ofType("StartGranted").map(({ fact }) => fact.attempt)).toEqual([1, 2, 3]);
    expect(await runsOf(stage)).toEqual(["bad", "bad", "bad"]);
    const before = watch.ofJob("bad").length;

    expect(await stage.request("api.retry", { id: "bad" })).toMatchObject({ ok: true, id: "bad-retry-1" });
    await watch.until("the retry was tried", () => ofType(stage, "bad-retry-1", "RunFailed").length >= 1);
    expect((await runsOf(stage))[3]).toBe("bad-retry-1");
    expect(await stage.request("query.job", { id: "bad-retry-1" })).toMatchObject({ retryOf: "bad", params });
    expect(watch.ofJob("bad")).toHaveLength(before);
    expect(await stage.request("query.job", { id: "bad" })).toMatchObject({
      state: "failed",
      attempt: 3,
      retryOf: null,
    });
    await stage.request("api.cancel", { id: "bad-retry-1" });
    await stage.untilEnded(2);
    await stage.audit();
  });
});

describe("a retry that is commanded through the intake", () => {
  test("given an ended job with params as large as they may be, when it is commanded while no scheduler runs, then the next one carries it out under the id of the message, once", async () => {
    const stage = await openStage({ maxAttempts: 1 });
    const params = { text: "x".repeat(PARAMS_BYTES_MAX - 20) };
    await stage.submit("work", { id: "bad-large", params });
    await stage.untilEnded(1);
    await stage.scheduler.kill();
    const sequence = await stage.publish("command.retry", { id: "bad-large" });
    const refused = await stage.publish("command.retry", { id: "nobody" });
    await stage.startScheduler();
    const id = `j${sequence}`;
    await stage.watch.until("the retry has ended", () => ofType(stage, id, "RunCompleted").length === 1);
    await stage.scheduler.kill();
    await stage.startScheduler();
    expect(await stage.request("query.job", { id })).toMatchObject({
      retryOf: "bad-large",
      state: "completed",
      params,
    });
    expect(ofType(stage, id, "JobSubmitted")).toHaveLength(1);
    expect(stage.watch.ofType("CommandRefused").map(({ fact }) => fact)).toMatchObject([
      { verb: "retry", reason: "there is no job nobody", intake: { sequence: refused, index: null } },
    ]);
    expect(audit(stage.watch.lines).violations.map(describeViolation)).toEqual([]);
  });

  test("given a submission and the command to retry it come together, when they are decided, then the command is refused: it has not ended", async () => {
    const stage = await openStage();
    await Promise.all([
      stage.submit("work", { id: "fresh", delay: "1h" }),
      stage.publish("command.retry", { id: "fresh" }),
    ]);
    await stage.watch.until("the command was decided", (watch) => watch.ofType("CommandRefused").length === 1);
    const [refused] = stage.watch.ofType("CommandRefused");
    expect(refused?.fact.reason).toMatch(
      /^(fresh is scheduled; only a job that has ended can be retried|there is no job fresh)$/,
    );
  });
});
