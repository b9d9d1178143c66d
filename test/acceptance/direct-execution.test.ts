/**
 * Direct execution with real processes (DEC-004): a command of a person's own gets the next slot, preempts nobody, goes before the
 * queue; and whatever becomes of whoever holds it, its slot is used by one at a time, and the queue goes on.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../embedded/folders.js";
import { type DirectRun, pidsOf, startRun, TELLS_PIDS, untilDead } from "../support/direct-run.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { isAlive, RunBook } from "../support/run-book.js";
import { Stage } from "../support/stage.js";
import { TcpGate } from "../support/tcp-gate.js";

let server: NatsTestServer;
beforeEach(async () => {
  server = await startNatsServer();
});
afterEach(() => server.stop());

/** A scheduler with one unit of ollama, and jobs that stay at work until the gate of their book is opened. */
async function openStage(): Promise<{ stage: Stage; book: RunBook }> {
  let book = new RunBook("");
  const stage = await Stage.open(server.url, (folder) => {
    book = new RunBook(folder);
    return {
      limits: { resources: { ollama: 1 } },
      types: { story: { runner: "command", argv: book.argv, resources: { ollama: 1 } } },
    };
  });
  await book.prepare();
  return { stage, book };
}

const run = (stage: Stage, args: readonly string[], natsUrl = server.url): DirectRun =>
  startRun(["--resource", "ollama=1", ...args], { natsUrl, namespace: stage.namespace });

/** The reservations in the order in which they were asked for. */
const reservations = ({ watch }: Stage): readonly string[] =>
  watch.ofType("ReservationRequested").map(({ fact }) => fact.reservation);

const requested = (stage: Stage, count: number): Promise<void> =>
  stage.watch.until(`${count} reservations are asked for`, () => reservations(stage).length === count);

/** Who took a slot and who gave it back, in the order of the ledger. */
const uses = ({ watch }: Stage): readonly string[] =>
  watch.facts.flatMap(({ fact }) => {
    if (fact.type === "StartGranted" || fact.type === "ReservationGranted")
      return [`+${"job" in fact ? fact.job : fact.reservation}`];
    if (fact.type === "RunCompleted") return [`-${fact.job}`];
    if (fact.type === "ReservationReleased" || fact.type === "ReservationExpired") return [`-${fact.reservation}`];
    return [];
  });

/** Of one slot: whoever takes it gives it back before the next does. */
function expectOneAtATime(told: readonly string[]): void {
  for (const [index, use] of told.entries()) {
    const who = use.slice(1);
    expect(use, told.join(" ")).toBe(index % 2 === 0 ? `+${who}` : `-${told[index - 1]?.slice(1)}`);
  }
}

describe("the order", () => {
  test("given a running job, two reservations and three queued jobs, when the job ends, then the ledger has running, direct, queue", async () => {
    const { stage, book } = await openStage();
    await stage.submit("story", { id: "running" });
    await stage.watch.until("it runs", ({ facts }) => facts.some(({ fact }) => fact.type === "RunStarted"));
    for (const id of ["q1", "q2", "q3"]) await stage.submit("story", { id, priority: 1_000 });
    const first = run(stage, ["--", "cat"]);
    await requested(stage, 1);
    const second = run(stage, ["--", "cat"]);
    await requested(stage, 2);
    const [direct1 = "", direct2 = ""] = reservations(stage);

    expect(await stage.request("query.slots")).toMatchObject({
      pools: [{ name: "resource:ollama", used: 1, waiting: 3, waitingReservations: 2, holders: [{ job: "running" }] }],
    });
    expect(await stage.request("query.reservations")).toMatchObject([
      {
        id: direct1,
        state: "waiting",
        place: 1,
        blockedBy: [{ pool: "resource:ollama", holders: [{ id: "running" }] }],
      },
      { id: direct2, state: "waiting", place: 2, blockedBy: [{ ahead: [direct1] }] },
    ]);
    expect(await stage.request("query.explain", { id: "q1" })).toMatchObject({
      text: expect.stringContaining(`${direct1} and ${direct2} are ahead of it`),
    });

    await book.openGate();
    await stage.watch.until("the first is granted", (watch) => watch.ofType("ReservationGranted").length === 1);
    expect(await stage.request("query.reservations")).toMatchObject([
      { id: direct1, state: "granted", place: null },
      { id: direct2, state: "waiting", place: 1, blockedBy: [{ holders: [{ id: direct1 }] }] },
    ]);
    await eventually("the second says that the first is next before it", () =>
      second.stderr().includes(`position 1, resource:ollama held by ${direct1}\n`) ? true : null,
    );
    first.stdin.end("one");
    expect(await first.ended).toBe(0);
    await stage.watch.until("the second is granted", (watch) => watch.ofType("ReservationGranted").length === 2);
    second.stdin.end("two");
    expect(await second.ended).toBe(0);
    await stage.untilEnded(4);
    const order = ["running", direct1, direct2, "q1", "q2", "q3"];
    expect(uses(stage)).toEqual(order.flatMap((who) => [`+${who}`, `-${who}`]));
    expect([first, second].map(({ stdout }) => stdout().toString())).toEqual(["one", "two"]);
    expect(second.stderr()).toContain("position 2, resource:ollama held by running\n");
    expect(second.stderr()).toMatch(/granted after \d/);
  });
});

describe("a holder that is gone", () => {
  test("given it was killed with SIGKILL, when its lease has passed, then its reservation expires, its command is dead, and the queue goes on", async () => {
    const { stage, book } = await openStage();
    await book.openGate();
    const holder = run(stage, ["--lease", "2s", "--", "sh", "-c", 'echo "$$ $$"; exec sleep 600']);
    const pids = await pidsOf(holder);
    await stage.submit("story", { id: "q1" });
    await stage.watch.until("the job waits", (watch) => watch.ofType("StartDenied").length === 1);
    holder.signal("SIGKILL");
    expect(await holder.ended).toBeNull();
    await untilDead(pids);
    expect(stage.watch.ofType("ReservationExpired")).toEqual([]);
    await stage.untilEnded(1);
    const [direct = ""] = reservations(stage);
    expect(uses(stage)).toEqual([`+${direct}`, `-${direct}`, "+q1", "-q1"]);
    expect(stage.watch.ofType("ReservationExpired").map(({ fact }) => fact.reason)).toEqual([
      "its holder is gone: nothing was heard of it for a whole lease",
    ]);
  });

  test("given it waited and was killed, when its lease has passed, then its place in the line is free", async () => {
    const { stage, book } = await openStage();
    await stage.submit("story", { id: "running" });
    const gone = run(stage, ["--lease", "2s", "--", "true"]);
    await requested(stage, 1);
    gone.signal("SIGKILL");
    await stage.watch.until("it expires", (watch) => watch.ofType("ReservationExpired").length === 1);
    await book.openGate();
    await stage.submit("story", { id: "q1" });
    await stage.untilEnded(2);
    expect(uses(stage)).toEqual(["+running", `-${reservations(stage)[0]}`, "-running", "+q1", "-q1"]);
  });

  test("given it waits and was stopped beyond its lease, when it goes on, then it stands at the end of the line, and says so", async () => {
    const { stage } = await openStage();
    const holder = run(stage, ["--", "cat"]);
    await stage.watch.until("it is granted", (watch) => watch.ofType("ReservationGranted").length === 1);
    const stopped = run(stage, ["--lease", "1s", "--", "true"]);
    await eventually("it waits", () => (stopped.stderr().includes("position 1") ? true : null));
    stopped.signal("SIGSTOP");
    await stage.watch.until("its place expires", (watch) => watch.ofType("ReservationExpired").length === 1);
    const next = run(stage, ["--", "true"]);
    await requested(stage, 3);
    stopped.signal("SIGCONT");
    await requested(stage, 4);
    const [, first, second, again] = reservations(stage);
    expect(again).toBe(first);
    holder.stdin.end();
    expect(await Promise.all([holder.ended, next.ended, stopped.ended])).toEqual([0, 0, 0]);
    expect(stopped.stderr()).toContain("its place in the line was lost in a long silence; asking anew\n");
    expect(uses(stage).slice(-4)).toEqual([`+${second}`, `-${second}`, `+${again}`, `-${again}`]);
  });

  test("given it was stopped beyond its lease, when it goes on, then the next has its slot, and it ends its command and says so", async () => {
    const { stage } = await openStage();
    const stopped = run(stage, ["--lease", "2s", "--", ...TELLS_PIDS]);
    const pids = await pidsOf(stopped);
    const next = run(stage, ["--", "cat"]);
    await requested(stage, 2);
    stopped.signal("SIGSTOP");
    await stage.watch.until("the next is granted", (watch) => watch.ofType("ReservationGranted").length === 2);
    expect(await Promise.all(pids.map((pid) => isAlive(pid)))).toEqual([true, true]);
    stopped.signal("SIGCONT");
    expect(await stopped.ended).toBe(1);
    expect(stopped.stderr()).toMatch(
      /reservation run-\w+ (could not be renewed for .* and its lease is 2 s|is there no more)/,
    );
    expect(stopped.stderr()).toContain("the command was ended");
    await untilDead(pids);
    next.stdin.end();
    expect(await next.ended).toBe(0);
    expectOneAtATime(uses(stage));
  });

  test("given its command ends while it is stopped beyond its lease, when it goes on, then it does not pass that over", async () => {
    const { stage } = await openStage();
    const stopped = run(stage, ["--lease", "2s", "--", ...TELLS_PIDS]);
    const pids = await pidsOf(stopped);
    stopped.signal("SIGSTOP");
    stopped.stdin.end();
    await untilDead(pids);
    await stage.watch.until("it expires", (watch) => watch.ofType("ReservationExpired").length === 1);
    stopped.signal("SIGCONT");
    expect(await stopped.ended).toBe(1);
    expect(stopped.stderr()).toMatch(/reservation.*(could not be renewed|is there no more|had expired)/);
  });

  test("given it cannot reach the server any more, when its lease nears its end, then it has ended its command before the next has the slot", async () => {
    const { stage } = await openStage();
    const gate = await TcpGate.open(server.port);
    const holder = run(stage, ["--lease", "3s", "--", ...TELLS_PIDS], `nats://127.0.0.1:${gate.port}`);
    const pids = await pidsOf(holder);
    // Nobody lets it in again.
    await gate[Symbol.asyncDispose]();
    const next = run(stage, ["--", "true"]);
    await stage.watch.until("the next is granted", (watch) => watch.ofType("ReservationGranted").length === 2);
    expect(await Promise.all(pids.map((pid) => isAlive(pid)))).toEqual([false, false]);
    expect(await holder.ended).toBe(1);
    expect(holder.stderr()).toMatch(/could not be renewed for 2(\.\d)? s, and its lease is 3 s: the command was ended/);
    expect(await next.ended).toBe(0);
    expectOneAtATime(uses(stage));
  });

  test("given somebody releases it by hand while its command ignores the polite signal, when it hears of it, then all of the command is killed", async () => {
    const { stage } = await openStage();
    const holder = run(stage, [
      "--lease",
      "3s",
      "--",
      "sh",
      "-c",
      'trap "" TERM; sleep 600 & echo "$$ $!"; wait; sleep 600',
    ]);
    const pids = await pidsOf(holder);
    const [id] = reservations(stage);
    expect(await stage.request("api.release", { id, reason: "it is needed elsewhere" })).toMatchObject({ ok: true });
    expect(await holder.ended).toBe(1);
    expect(holder.stderr()).toContain(
      "is there no more: it has expired, or was released by somebody else: the command was ended",
    );
    await untilDead(pids);
  });
});

describe("what else may happen meanwhile", () => {
  test("given the scheduler is killed and started again, when a run holds its slot, then it keeps it, and nothing else starts", async () => {
    const { stage, book } = await openStage();
    await book.openGate();
    const renewals: string[] = [];
    stage.nc.subscribe(`${stage.namespace}.api.renew`, {
      callback: (_error, message) => void renewals.push(message.json<{ id: string }>().id),
    });
    const holder = run(stage, ["--lease", "9s", "--", "cat"]);
    await stage.watch.until("it is granted", (watch) => watch.ofType("ReservationGranted").length === 1);
    await stage.submit("story", { id: "q1" });
    await stage.watch.until("the job waits", (watch) => watch.ofType("StartDenied").length === 1);
    await stage.scheduler.kill();
    await stage.startScheduler();
    const before = renewals.length;
    const [direct = ""] = reservations(stage);
    await expect.poll(() => renewals.slice(before), { timeout: 10_000 }).toContain(direct);
    expect(await stage.request("query.reservations")).toMatchObject([{ id: direct, state: "granted" }]);
    expect(uses(stage)).toEqual([`+${direct}`]);
    holder.stdin.end("still here");
    expect(await holder.ended).toBe(0);
    expect(holder.stdout().toString()).toBe("still here");
    await stage.untilEnded(1);
    expect(uses(stage)).toEqual([`+${direct}`, `-${direct}`, "+q1", "-q1"]);
    expect(stage.watch.ofType("DispatcherElected")).toHaveLength(2);
  });

  test("given the NATS server is killed and started again, when a run holds its slot, then it keeps it and gives it back", async () => {
    const { stage } = await openStage();
    const holder = run(stage, ["--lease", "10s", "--", "cat"]);
    await stage.watch.until("it is granted", (watch) => watch.ofType("ReservationGranted").length === 1);
    await server.kill();
    await server.restart();
    holder.stdin.end("through");
    expect(await holder.ended).toBe(0);
    await stage.watch.until("it is released", (watch) => watch.ofType("ReservationReleased").length === 1);
    expect(holder.stdout().toString()).toBe("through");
    expect(stage.watch.ofType("ReservationExpired")).toEqual([]);
  });

  test("given a job is running and the limit is lowered and raised, when a reservation waits, then it is granted as soon as it fits", async () => {
    const { stage, book } = await openStage();
    await stage.request("api.limits", { set: { "resources.ollama": 2 } });
    await stage.submit("story", { id: "running" });
    await stage.watch.until("it runs", ({ facts }) => facts.some(({ fact }) => fact.type === "RunStarted"));
    const direct = startRun(["--resource", "ollama=2", "--", "true"], {
      natsUrl: server.url,
      namespace: stage.namespace,
    });
    await requested(stage, 1);
    await stage.request("api.limits", { set: { "resources.ollama": 1 } });
    await book.openGate();
    await stage.submit("story", { id: "q1" });
    await stage.untilEnded(2);
    expect(stage.watch.ofType("ReservationGranted")).toEqual([]);
    await stage.request("api.limits", { set: { "resources.ollama": 2 } });
    expect(await direct.ended).toBe(0);
  });
});
