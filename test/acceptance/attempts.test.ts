/** Attempts from their start to their end, in real processes: timeouts, what runners say, and cancels in every state (DEC-007). */
import { randomUUID } from "node:crypto";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NotRetryable, startSignalbox } from "../../src/index.js";
import { eventually } from "../embedded/folders.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { isAlive, RunBook } from "../support/run-book.js";
import { Stage } from "../support/stage.js";

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const backoff = { base: "100ms", cap: "10s" };

/** A stage whose only type runs a shell script; the folder's name is the script's first argument. */
async function openStage(script: string, type: object, more: object = {}): Promise<Stage> {
  const file = "work.sh";
  const stage = await Stage.open(server.url, (folder) => ({
    limits: { global: 1 },
    types: { work: { runner: "command", argv: [join(folder, file), folder], backoff, ...type } },
    ...more,
  }));
  await writeFile(join(stage.folder, file), `#!/bin/sh\n${script}\n`);
  await chmod(join(stage.folder, file), 0o755);
  return stage;
}

/** A namespace and a state folder of its own for a scheduler inside this process. */
const home = () => ({ nats: server.url, namespace: `box-${randomUUID().slice(0, 8)}`, logLevel: "silent" as const });

const factsOf = ({ watch }: Stage, job: string): readonly string[] => watch.ofJob(job).map(({ fact }) => fact.type);

describe("timeouts", () => {
  test("given a program that ignores SIGTERM, when its time is over, then it is killed after the grace, recorded as timed out, and tried again by the rules", async () => {
    let book = new RunBook("");
    const stage = await Stage.open(server.url, (folder) => {
      book = new RunBook(folder);
      const work = {
        runner: "command",
        argv: book.argv,
        timeout: "300ms",
        killGrace: "100ms",
        maxAttempts: 2,
        backoff,
      };
      return { types: { work } };
    });
    await book.prepare({ ignoresTerm: true });
    await stage.submit("work", { id: "slow" });
    await stage.watch.until("its attempts are spent", (watch) => watch.ofType("RunTimedOut").length === 2);
    const [first, second] = stage.watch.ofType("RunTimedOut");
    expect(first?.fact).toMatchObject({ job: "slow", error: { code: "timed-out" }, retryAt: expect.any(String) });
    expect(second?.fact).toMatchObject({ job: "slow", retryAt: null });
    for (const { pid } of (await book.lines()).filter(({ job }) => job === "slow"))
      expect(await isAlive(pid), `process ${pid}`).toBe(false);
    await book.openGate();
    await stage.submit("work", { id: "next" });
    await stage.untilEnded(2);
    const { jobs } = await stage.audit();
    expect(jobs.get("slow")).toMatchObject({ state: "failed", attempts: 2 });
    expect(jobs.get("next")).toMatchObject({ state: "completed" });
    expect(await stage.request("query.job", { id: "slow" })).toMatchObject({
      state: "failed",
      attempts: [{ outcome: "timed-out" }, { outcome: "timed-out" }],
    });
  });
});

describe("cancels", () => {
  test("given jobs that are scheduled, queued, running and retrying, when each is cancelled, then each ends cancelled, and the slot is given back once nothing runs", async () => {
    const script = 'case "$SIGNALBOX_JOB_ID" in fails) exit 1;; esac\nexec sleep 60';
    const stage = await openStage(script, {}, { limits: { global: 1 } });
    const { watch } = stage;
    await stage.submit("work", { id: "fails", delay: "0s" });
    await watch.until("it retries", () => watch.ofType("RunFailed").length === 1);
    await stage.request("api.cancel", { id: "fails" });
    await stage.submit("work", { id: "runs" });
    await watch.until("it runs", () => watch.ofJob("runs").some(({ fact }) => fact.type === "RunStarted"));
    await stage.submit("work", { id: "later", delay: "1h" });
    await stage.submit("work", { id: "waits" });
    await watch.until("it waits", () => watch.ofJob("waits").some(({ fact }) => fact.type === "StartDenied"));
    for (const id of ["later", "waits", "runs"]) await stage.request("api.cancel", { id, reason: `not ${id}` });
    await stage.untilEnded(4);
    const ends = ["fails", "runs", "later", "waits"].map((id) => factsOf(stage, id).slice(-2));
    expect(ends).toEqual([
      ["RunFailed", "JobCancelled"],
      ["CancelRequested", "RunFailed"],
      ["JobSubmitted", "JobCancelled"],
      ["StartDenied", "JobCancelled"],
    ]);
    const { jobs } = await stage.audit();
    expect([...jobs.values()].map(({ state }) => state)).toEqual(["cancelled", "cancelled", "cancelled", "cancelled"]);
    expect(await stage.request("query.job", { id: "runs" })).toMatchObject({
      reason: "not runs",
      attempts: [{ outcome: "cancelled" }],
    });
    expect(await stage.request("query.slots")).toMatchObject({ pools: [{ used: 0 }] });
  });

  test("given a run that completes although it was asked to stop, when its end is recorded first, then it has completed", async () => {
    await using box = await startSignalbox({
      types: {
        deaf: async (_params, run) => {
          await new Promise((resolve) => run.signal.addEventListener("abort", resolve, { once: true }));
          return "done all the same";
        },
      },
      ...home(),
    });
    const { id, ended } = await box.submit("deaf");
    await eventually("it runs", async () => {
      const running = await box.query("jobs", { states: ["running"] });
      return running.length === 1 ? true : null;
    });
    await box.command("cancel", { id });
    const { state, result, history } = await ended;
    expect([state, result]).toEqual(["completed", "done all the same"]);
    expect(history.slice(-2).map(({ fact }) => fact)).toEqual(["CancelRequested", "RunCompleted"]);
    await expect(box.command("cancel", { id })).rejects.toMatchObject({ code: "refused" });
  });
});

describe("what runners say (DEC-007)", () => {
  test("given functions that return each outcome, when their jobs have ended, then the ledger has each as it was said", async () => {
    await using box = await startSignalbox({
      types: {
        completes: () => ({ words: 3 }),
        skips: () => ({ outcome: "skipped", reason: "nothing to do" }),
        cancels: () => ({ outcome: "cancelled", reason: "the book was withdrawn" }),
        gives: () => {
          throw new NotRetryable("no such model");
        },
        waits: {
          backoff: { base: "10ms" },
          run: (_params, { attempt }) =>
            attempt > 1
              ? null
              : { outcome: "failed", error: { code: "busy", message: "busy" }, retryable: true, retryAfterMs: 700 },
        },
        says: () => ({ outcome: "failed", retryable: "maybe" }),
      },
      limits: {},
      ...home(),
    });
    const types = ["completes", "skips", "cancels", "gives", "waits", "says"] as const;
    const jobs = await Promise.all(types.map(async (type) => (await box.submit(type)).ended));
    const shown = jobs.map(({ type, state, attempt, reason }) => [type, state, attempt, reason]);
    expect(shown).toEqual([
      ["completes", "completed", 1, null],
      ["skips", "skipped", 1, "nothing to do"],
      ["cancels", "cancelled", 1, "the book was withdrawn"],
      ["gives", "failed", 1, "no such model"],
      ["waits", "completed", 2, null],
      ["says", "failed", 1, expect.stringContaining("the returned value says outcome")],
    ]);
    expect(jobs[2]?.history.at(-1)).toMatchObject({ fact: "RunCancelled", from: "running", to: "cancelled" });
    expect(jobs[2]?.attempts).toMatchObject([{ outcome: "cancelled" }]);
    const [failed, due] = ["RunFailed", "JobDue"].map((fact) => jobs[4]?.history.find((one) => one.fact === fact));
    expect(Date.parse(due?.at ?? "") - Date.parse(failed?.at ?? "")).toBeGreaterThanOrEqual(690);
  });
});
