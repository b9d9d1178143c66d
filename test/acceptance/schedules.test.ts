/** Schedules in real processes: set in the file and by command, triggered by hand, kept across kills. When they fire is test/log/schedule-firing. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { prepareScript, runsOf, scriptArgv } from "../support/script-work.js";
import { Stage } from "../support/stage.js";

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

async function openStage(): Promise<Stage> {
  const stage = await Stage.open(server.url, (folder) => ({
    limits: { global: 2 },
    types: { work: { runner: "command", argv: scriptArgv(folder) } },
    templates: { nightly: { type: "work", params: { tone: "dark" }, priority: 4 } },
    // Far away, so that it does not fire by itself while the test runs.
    schedules: { digest: { template: "nightly", cron: "0 0 29 2 *", timezone: "Europe/Berlin" } },
  }));
  await prepareScript(stage);
  return stage;
}

interface ShownSchedule {
  readonly name: string;
  readonly nextAt: string | null;
}

test("given schedules of the file and by command, when they are triggered and the scheduler is killed in between, then each trigger runs one job, and the schedules are there again as they were", async () => {
  const stage = await openStage();
  const { watch } = stage;
  const trigger = () => stage.request("api.schedule", { name: "digest", action: "trigger" });
  const first = await trigger();
  expect(first).toMatchObject({ ok: true, id: expect.stringMatching(/^digest-by-hand-\d{8}T\d{6}Z-\d{3}$/) });
  const { id } = first as { readonly id: string };
  await stage.untilEnded(1);
  expect(await stage.request("query.job", { id })).toMatchObject({
    state: "completed",
    type: "work",
    priority: 4,
    params: { tone: "dark" },
  });
  const schedule = { template: "nightly", cron: "30 7 29 2 *", timezone: "America/New_York", missed: "catch-up-one" };
  expect(await stage.request("api.schedule", { name: "leap", action: "set", schedule })).toMatchObject({ ok: true });
  await stage.request("api.schedule", { name: "digest", action: "disable" });
  const before = await stage.request("query.schedules");
  const next = Object.fromEntries((before as readonly ShownSchedule[]).map(({ name, nextAt }) => [name, nextAt]));
  expect(next["leap"]).toMatch(/^20\d\d-02-29T12:30:00\.000Z$/);

  await stage.scheduler.kill();
  await stage.startScheduler();
  expect(await stage.request("query.schedules")).toEqual(before);
  // Also by a command through the intake, and while it is disabled.
  const sequence = await stage.publish("command.schedule", { name: "digest", action: "trigger" });
  await stage.untilEnded(2);
  const fired = watch.ofType("ScheduleFired").map(({ fact }) => fact);
  expect(fired).toMatchObject([
    { schedule: "digest", submits: id, triggered: true, nextAt: expect.stringMatching(/-02-28T23:00:00\.000Z$/) },
    { schedule: "digest", triggered: true, nextAt: null },
  ]);
  const runs = await runsOf(stage);
  expect(runs).toEqual(fired.map(({ submits }) => submits));
  expect(new Set(runs).size).toBe(2);
  expect(sequence).toBe(1);
  // The file and the ledger agree, so nothing was said about them again.
  expect(watch.ofType("ScheduleSet").map(({ fact }) => `${fact.schedule} by ${fact.source}`)).toEqual([
    "digest by configuration",
    "leap by command",
  ]);
});

test("given commands on schedules that cannot be, when they come through the intake, then each is refused on record, and the scheduler goes on, also after a restart", async () => {
  const stage = await openStage();
  const set = (schedule: object) => stage.publish("command.schedule", { name: "s", action: "set", schedule });
  await set({ template: "nightly", cron: "*/99 * * * *" });
  await set({ template: "nightly", cron: `0 0 * * ${"1,".repeat(200_000)}1` });
  await set({ template: "nightly", cron: "* * * * *", timezone: "Mars/Base" });
  await set({ template: "weekly", cron: "* * * * *" });
  await stage.publish("command.schedule", "no JSON");
  await stage.publish("command.schedule", { name: "s", action: "start" });
  await stage.publish("command.schedule", { name: "nobody", action: "trigger" });
  const refused = () => stage.watch.ofType("CommandRefused").map(({ fact }) => fact.reason);
  await stage.watch.until("all are refused", () => refused().length === 7);
  await stage.scheduler.kill();
  await stage.startScheduler();
  expect(await stage.request("api.schedule", { name: "digest", action: "trigger" })).toMatchObject({ ok: true });
  expect(refused()).toEqual([
    expect.stringContaining('schedule.cron: "*/99" is not valid as minute'),
    expect.stringContaining("schedule.cron: must not be longer than 500 characters"),
    expect.stringContaining("schedule.timezone: is not a known time zone"),
    'template: "weekly" is unknown; configured templates: nightly',
    expect.stringContaining("the message is not JSON"),
    expect.stringContaining("action: must be set, enable, disable, trigger or rm"),
    "there is no schedule nobody; schedules are digest",
  ]);
});
