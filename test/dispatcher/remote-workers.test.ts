/** The leader's side of workers in processes of their own: what they are told, and what becomes of what they say. */
import { describe, expect, test } from "vitest";
import type { Fact } from "../../events/facts.js";
import type { JobId, Position, WorkerId } from "../../events/names.js";
import { systemClock } from "../../src/clock.js";
import type { Dispatcher } from "../../src/dispatcher/dispatcher.js";
import type { DispatcherOptions } from "../../src/dispatcher/options.js";
import { ownProcess } from "../../src/dispatcher/process-identity.js";
import type { RemoteWorkers, WorkerLink } from "../../src/dispatcher/remote-workers.js";
import type { MemoryLog } from "../../src/log/memory.js";
import type { AbortOrder, Hello, Obeyed, StartOrder } from "../../src/worker/protocol.js";
import { eventually } from "../embedded/folders.js";
import { factsOf, ledgerUntil, linesOf, memoryLog, startDispatcher, submit } from "../log/dispatcher-stage.js";
import { audit, describeViolation } from "../support/auditor.js";
import { VirtualClock } from "../support/virtual-clock.js";

const LEASE_MS = 60_000;
const W1 = "w1" as WorkerId;
const LEDGER = "ledger";

/** The worker's end of the wire; it answers what the test has set. */
class Wire implements WorkerLink {
  readonly orders: StartOrder[] = [];
  readonly aborts: AbortOrder[] = [];
  answer: (order: StartOrder) => Obeyed | null = () => ({ accepted: true });

  /** True: nothing that is sent is answered, or given up, from now on. */
  hangs = false;

  async start(_worker: WorkerId, order: StartOrder): Promise<Obeyed | null> {
    this.orders.push(order);
    return this.hangs ? new Promise(() => {}) : this.answer(order);
  }

  async abort(_worker: WorkerId, order: AbortOrder): Promise<Obeyed | null> {
    this.aborts.push(order);
    return { accepted: true };
  }
}

interface Scene {
  readonly ledger: MemoryLog;
  readonly intake: MemoryLog;
  readonly wire: Wire;
  readonly dispatcher: Dispatcher;
  /** Asks the leader as a worker does. */
  ask<T>(act: (workers: RemoteWorkers) => T | Promise<T>): Promise<T>;
  until(...types: Fact["type"][]): Promise<readonly Fact[]>;
}

/** A leader without a runner for `task`, so that every job of it goes to a worker that joins. */
async function lead({
  ledger = memoryLog(LEDGER, true),
  intake = memoryLog("intake", false),
  clock = systemClock,
}: Partial<Pick<DispatcherOptions, "clock"> & { ledger: MemoryLog; intake: MemoryLog }> = {}): Promise<Scene> {
  const wire = new Wire();
  const more = { leaseMs: LEASE_MS, workerTypes: [], workerLink: wire, clock };
  const { dispatcher } = startDispatcher(ledger, intake, () => {}, { global: 10 }, more);
  await eventually("it leads", () => (dispatcher.leads ? true : null));
  return {
    ...{ ledger, intake, wire, dispatcher },
    ask: async (act) => {
      const asked = await dispatcher.inReign(({ remote }) => ({ told: act(remote) }));
      if (asked === null) throw new Error("it does not lead");
      return asked.told;
    },
    until: async (...types) => {
      const entries = await ledgerUntil(ledger, (all) => {
        const seen = factsOf(all).map(({ type }) => type);
        return types.every((type) => seen.includes(type));
      });
      return factsOf(entries);
    },
  };
}

const hello = (more: Partial<Hello> = {}): Hello => ({ worker: W1, types: ["task"], capacity: 1, ...more });
const ended = { outcome: "completed", result: "done", exitCode: 0 } as const;

/** A worker has joined and was told to start a job. */
async function withOrder(scene: Scene): Promise<{ job: JobId; grant: Position }> {
  await scene.ask((workers) => workers.join(hello()));
  await submit(scene.intake, 1);
  const [order] = await eventually("it is told to start", () =>
    scene.wire.orders.length > 0 ? scene.wire.orders : null,
  );
  if (order === undefined) throw new Error("there is no order");
  return { job: order.job, grant: order.grant };
}

async function expectSound({ ledger }: Scene): Promise<void> {
  expect(audit(await linesOf(ledger)).violations.map(describeViolation)).toEqual([]);
}

describe("joining", () => {
  test("given a worker says hello twice because the answer was lost, then it has joined once, and has its lease both times", async () => {
    const scene = await lead();
    const lease = { epoch: 1, ledger: LEDGER, leaseMs: LEASE_MS, renewMs: LEASE_MS / 3, abort: [] };
    expect(await scene.ask((workers) => workers.join(hello()))).toEqual({ value: lease });
    expect(await scene.ask((workers) => workers.join(hello()))).toEqual({ value: lease });
    const joined = (await scene.until("WorkerJoined")).filter((fact) => fact.type === "WorkerJoined" && fact.remote);
    expect(joined).toEqual([expect.objectContaining({ worker: W1, capacity: 1, types: ["task"] })]);
  });

  test("given an id that another worker has, when somebody joins under it, then it is refused and told to take a new one", async () => {
    const scene = await lead();
    await scene.ask((workers) => workers.join(hello()));
    expect(await scene.ask((workers) => workers.join(hello({ capacity: 2 })))).toMatchObject({
      refused: "conflict",
      reason: expect.stringContaining("a new id"),
    });
  });

  test("given a type that is not configured, when a worker joins for it, then it is refused with the types that are", async () => {
    const scene = await lead();
    expect(await scene.ask((workers) => workers.join(hello({ types: ["task", "tusk"] })))).toEqual({
      refused: "invalid",
      reason: "types: tusk unknown; configured types: task",
    });
  });

  test("given it has left, when somebody joins under its id, then that is as good as any", async () => {
    const scene = await lead();
    await scene.ask((workers) => workers.join(hello()));
    await scene.ask((workers) => workers.leave({ worker: W1, reason: "enough" }));
    expect(await scene.ask((workers) => workers.join(hello({ capacity: 3 })))).toMatchObject({ value: { epoch: 1 } });
    await expectSound(scene);
  });
});

describe("orders", () => {
  test("given the worker does not answer at first, when it does, then the order was repeated until then and not after", async () => {
    const scene = await lead();
    let tries = 0;
    scene.wire.answer = () => {
      tries += 1;
      return tries < 3 ? null : { accepted: true };
    };
    const { job, grant } = await withOrder(scene);
    await eventually("it has answered", () => (tries === 3 ? true : null));
    expect(scene.wire.orders).toHaveLength(3);
    expect(new Set(scene.wire.orders.map((order) => `${order.job}@${order.grant}`))).toEqual(
      new Set([`${job}@${grant}`]),
    );
  });

  test("given an order is being repeated, when a renewal does not name its job, then no second repetition begins beside it", async () => {
    const clock = new VirtualClock();
    const scene = await lead({ clock });
    scene.wire.hangs = true;
    await withOrder(scene);
    for (let n = 0; n < 3; n += 1) {
      clock.sleep(5_000);
      await scene.ask((workers) => workers.renew({ worker: W1, running: [] }));
    }
    expect(scene.wire.orders).toHaveLength(1);
  });

  test("given the worker refuses, then the attempt is lost with its reason, and tried again", async () => {
    const scene = await lead();
    scene.wire.answer = ({ attempt }) => (attempt === 1 ? { accepted: false, reason: "too hot" } : { accepted: true });
    await withOrder(scene);
    const facts = await scene.until("LeaseExpired");
    expect(facts.find(({ type }) => type === "LeaseExpired")).toMatchObject({
      error: { code: "refused", message: "worker w1 refused it: too hot" },
      retryAt: expect.any(String),
    });
    await eventually("it is ordered again", () => (scene.wire.orders.length === 2 ? true : null));
    await expectSound(scene);
  });

  test("given an accepted order that the worker has forgotten, when its renewals do not name the job, then it is ordered again", async () => {
    const scene = await lead();
    const { job } = await withOrder(scene);
    await eventually("it is ordered again", async () => {
      await scene.ask((workers) => workers.renew({ worker: W1, running: [] }));
      return scene.wire.orders.length === 2 ? true : null;
    });
    expect(scene.wire.orders.map((order) => order.job)).toEqual([job, job]);
  });
});

describe("renewals", () => {
  test("given a worker whose lease is over, when it renews before that is on record, then it is not known any more, and gets no order", async () => {
    const scene = await lead();
    const { job } = await withOrder(scene);
    const renewed = await scene.ask((workers) => {
      workers.lost(new Set([W1]));
      return workers.renew({ worker: W1, running: [] });
    });
    expect(renewed).toMatchObject({ refused: "not-found" });
    expect(scene.wire.orders.map((order) => order.job)).toEqual([job]);
  });

  test("given a worker that has not joined, when it renews, then it is not known", async () => {
    const scene = await lead();
    expect(await scene.ask((workers) => workers.renew({ worker: W1, running: [] }))).toMatchObject({
      refused: "not-found",
    });
  });

  test("given a job is cancelled and another is none of its own, when it names both, then it is told to abort both, and why", async () => {
    const scene = await lead();
    const run = await withOrder(scene);
    await scene.dispatcher.request({ verb: "cancel", content: { value: { id: run.job } } });
    expect(scene.wire.aborts).toMatchObject([{ ...run, cause: "cancel", epoch: 1 }]);
    const stranger = { job: "stranger" as JobId, grant: 1 as Position };
    const renewed = await scene.ask((workers) => workers.renew({ worker: W1, running: [run, stranger] }));
    expect(renewed).toMatchObject({
      value: {
        abort: [
          { ...run, cause: "cancel" },
          { ...stranger, cause: "lease" },
        ],
      },
    });
  });
});

describe("reports", () => {
  test("given the start was not heard, when the end is told with it, then both are on record, in their order", async () => {
    const scene = await lead();
    const run = await withOrder(scene);
    const started = "2026-01-01T00:00:00.000Z";
    expect(await scene.ask((workers) => workers.report({ worker: W1, ...run, started, ended }))).toEqual({
      value: { ok: true },
    });
    const facts = await scene.until("RunCompleted");
    expect(facts.slice(-2)).toMatchObject([
      { type: "RunStarted", startedAt: started },
      { type: "RunCompleted", result: { inline: "done" }, exitCode: 0 },
    ]);
    await expectSound(scene);
  });

  test.each([
    ["the same word again", {}],
    ["a word of an older attempt", { grant: 1 as Position }],
    ["a word about a job that is not there", { job: "nobody" as JobId }],
    ["a word of a worker that does not have it", { worker: "w2" as WorkerId }],
  ])("given the end is on record, when %s comes, then it is settled, and nothing changes", async (_what, change) => {
    const scene = await lead();
    const run = await withOrder(scene);
    await scene.ask((workers) => workers.report({ worker: W1, ...run, ended }));
    const { last } = await scene.ledger.state();
    const late = await scene.ask((workers) => workers.report({ worker: W1, ...run, ended, ...change }));
    expect(late).toEqual({ value: { ok: true } });
    expect((await scene.ledger.state()).last).toBe(last);
  });

  test("given another worker speaks of a live attempt, then it is not believed", async () => {
    const scene = await lead();
    const run = await withOrder(scene);
    await scene.ask((workers) => workers.report({ worker: "w2" as WorkerId, ...run, ended }));
    expect(factsOf(await ledgerUntil(scene.ledger, () => true)).map(({ type }) => type)).not.toContain("RunCompleted");
  });
});

describe("whom a leader speaks for", () => {
  test.each([
    ["a newer reign", { epoch: 2 }, "unavailable"],
    ["another ledger", { ledger: "another" }, "not-found"],
  ])("given a worker that has heard of %s, then this leader has no answer for it", async (_what, heard, refused) => {
    const scene = await lead();
    expect(await scene.ask(async (workers) => workers.misfit(heard))).toMatchObject({ refused });
  });

  test("given a worker that has heard of this reign or an older one, then this leader answers", async () => {
    const scene = await lead();
    expect(await scene.ask(async (workers) => workers.misfit({ epoch: 1, ledger: LEDGER }))).toBeNull();
    expect(await scene.ask(async (workers) => workers.misfit({}))).toBeNull();
  });
});

test("given a worker on this machine ended while nobody led, when a reign begins, then it is dismissed before anything is granted to it", async () => {
  const first = await lead();
  const gone = { ...ownProcess(), startedAt: "another time" };
  await first.ask((workers) => workers.join(hello({ process: gone, capacity: 5 })));
  first.dispatcher.stop();
  await first.until("WorkerLeft");
  await submit(first.intake, 3);
  const second = await lead({ ledger: first.ledger, intake: first.intake });
  const facts = await second.until("StartDenied");
  expect(facts.filter(({ type }) => type === "StartGranted")).toEqual([]);
  await expectSound(second);
});
