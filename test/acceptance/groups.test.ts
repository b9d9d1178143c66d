/** Groups in real processes: one after the other or side by side, with failures, a killed scheduler and a cancel (INV-006, DEC-012). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../embedded/folders.js";
import type { WatchedFact } from "../support/ledger-watch.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { openGate, prepareScript, runsOf, scriptArgv } from "../support/script-work.js";
import { Stage } from "../support/stage.js";

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

async function openStage(limits: object, type: object = {}): Promise<Stage> {
  const stage = await Stage.open(server.url, (folder) => ({
    limits,
    types: {
      work: { runner: "command", argv: scriptArgv(folder), backoff: { base: "50ms" }, maxAttempts: 2, ...type },
    },
  }));
  await prepareScript(stage);
  return stage;
}

const member = (id: string, group: object, more: object = {}) => ({
  type: "work",
  id,
  group: { id: "g", ...group },
  ...more,
});
const ended = (stage: Stage) =>
  stage.watch.ofType("GroupEnded").map(({ fact }) => `${fact.group} ${fact.status} ${fact.members}`);
const untilGroupEnded = (stage: Stage, times = 1) =>
  stage.watch.until("the group has ended", (watch) => watch.ofType("GroupEnded").length === times);
const isOf =
  (type: string, job: string) =>
  ({ fact }: WatchedFact): boolean =>
    fact.type === type && "job" in fact && fact.job === job;

describe("a sequential group", () => {
  test("given members in another order than theirs, of which one fails for good, when the scheduler is killed in between, then they run in their order, the rest is cancelled with the failure, and the group ends partial", async () => {
    const stage = await openStage({ global: 4 });
    const { watch } = stage;
    await stage.publish("submit", [
      member("last", { sequential: true, order: 9 }, { delay: "1h" }),
      member("never", { order: 3 }),
      member("bad", { order: 2 }),
      member("held", { order: 1 }),
      member("first", { order: 0 }),
      { type: "work", id: "alone" },
    ]);
    await eventually("the second member runs", async () => ((await runsOf(stage)).includes("held") ? true : null));
    await stage.scheduler.kill();
    await stage.startScheduler();
    await openGate(stage);
    await untilGroupEnded(stage);
    await stage.untilEnded(6);
    expect(ended(stage)).toEqual(["g partial 5"]);
    // Each as often as it was tried, one after the other; the one of no group ran beside them.
    const runs = (await runsOf(stage)).filter((id) => id !== "alone");
    expect(runs).toEqual(["first", "held", "held", "bad", "bad"]);
    const cancelled = watch.ofType("JobCancelled").map(({ fact }) => [fact.job, fact.reason]);
    expect(cancelled).toEqual([
      ["never", "predecessor failed"],
      ["last", "predecessor failed"],
    ]);
    // In the entry of the failure itself, so that nobody sees the one without the other.
    const failure = watch.ofType("RunFailed").at(-1);
    expect(failure?.fact).toMatchObject({ job: "bad", retryAt: null });
    for (const { position } of [...watch.ofType("JobCancelled"), ...watch.ofType("GroupEnded")])
      expect(position).toBe(failure?.position);
    expect(await stage.request("query.group", { id: "g" })).toMatchObject({
      status: "partial",
      total: 5,
      counts: { completed: 2, failed: 1, cancelled: 2 },
      turn: null,
      reason: "predecessor failed",
    });
    expect(await stage.request("query.job", { id: "alone" })).toMatchObject({ state: "completed" });
  });

  test("given all of its members complete, when another one comes after its end, then it runs, and the end is recorded again", async () => {
    const stage = await openStage({ global: 4 });
    await stage.publish("submit", [member("a", { sequential: true }), member("b", {}), member("c", {})]);
    await untilGroupEnded(stage);
    await stage.publish("submit", [member("d", {})]);
    await untilGroupEnded(stage, 2);
    expect(ended(stage)).toEqual(["g completed 3", "g completed 4"]);
    expect(await runsOf(stage)).toEqual(["a", "b", "c", "d"]);
  });
});

describe("a parallel group", () => {
  test("given members of which one fails for good, when the others go on, then they complete side by side, and the group ends partial with the last", async () => {
    const stage = await openStage({ global: 3 });
    const { watch } = stage;
    await stage.publish(
      "submit",
      ["held1", "held2", "bad", "ok"].map((id) => member(id, {})),
    );
    await watch.until("one has failed, one is done, two run", ({ facts }) => {
      const failed = watch.ofType("RunFailed").some(({ fact }) => fact.retryAt === null);
      return failed && facts.some(isOf("RunCompleted", "ok")) && facts.some(isOf("RunStarted", "held2"));
    });
    expect(await stage.request("query.group", { id: "g" })).toMatchObject({ status: "running", ended: 2 });
    expect(ended(stage)).toEqual([]);
    await openGate(stage);
    await untilGroupEnded(stage);
    expect(ended(stage)).toEqual(["g partial 4"]);
    expect(watch.ofType("JobCancelled")).toEqual([]);
  });

  test("given members that run and that wait, when the group is cancelled, then waiting ones end at once, running ones when nothing of them runs, and their slots go to others", async () => {
    const stage = await openStage({ global: 2 });
    const { watch } = stage;
    await stage.publish("submit", [
      ...["held1", "held2", "waits1", "waits2"].map((id) => member(id, {})),
      member("later", {}, { delay: "1h" }),
      { type: "work", id: "other" },
    ]);
    await eventually("two run", async () => ((await runsOf(stage)).length === 2 ? true : null));
    const answer = await stage.request("api.cancel", { group: "g", reason: "not needed" });
    expect(answer).toMatchObject({ ok: true, position: watch.ofType("GroupCancelRequested")[0]?.address });
    await untilGroupEnded(stage);
    await stage.untilEnded(6);
    expect(ended(stage)).toEqual(["g cancelled 5"]);
    const asked = watch.ofType("CancelRequested").map(({ fact }) => fact.job);
    expect([...asked].sort()).toEqual(["held1", "held2"]);
    const atOnce = watch.ofType("JobCancelled").map(({ fact }) => `${fact.job}: ${fact.reason}`);
    expect([...atOnce].sort()).toEqual(["later: not needed", "waits1: not needed", "waits2: not needed"]);
    // All of it was decided in one entry with the wish.
    const [wish] = watch.ofType("GroupCancelRequested");
    for (const { position } of [...watch.ofType("CancelRequested"), ...watch.ofType("JobCancelled")])
      expect(position).toBe(wish?.position);
    expect([...(await runsOf(stage))].sort()).toEqual(["held1", "held2", "other"]);
    expect(await stage.request("query.slots")).toMatchObject({ pools: [{ name: "global", used: 0, waiting: 0 }] });
    expect(await stage.request("api.cancel", { group: "g" })).toMatchObject({ code: 409 });
    await stage.publish("submit", [member("late", {})]);
    await untilGroupEnded(stage, 2);
    expect(ended(stage)[1]).toBe("g cancelled 6");
    expect(await runsOf(stage)).toHaveLength(3);
  });
});
