/** One endpoint's consumer, on a ledger in memory and with a real HTTP server at the other end. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fact } from "../../events/facts.js";
import { position } from "../../events/names.js";
import type { Fold } from "../../projections/fold.js";
import { historyOf, type JobView, jobView } from "../../projections/views/views.js";
import { systemClock } from "../../src/clock.js";
import type { WebhookOptions } from "../../src/config/index.js";
import type { MemoryLog } from "../../src/log/memory.js";
import { createLogger } from "../../src/logger.js";
import { Consumer, DELIVERIES_MAX } from "../../src/webhooks/consumer.js";
import { endpointOf } from "../../src/webhooks/endpoint.js";
import { Entries } from "../../src/webhooks/entries.js";
import { eventually } from "../embedded/folders.js";
import { HookServer } from "../support/hook-server.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { logOf } from "./builder-log.js";

let hooks: HookServer;
const endings: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  hooks = await HookServer.start();
});
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
  await hooks[Symbol.asyncDispose]();
});

interface Started {
  readonly settled: () => number;
  readonly recorded: readonly Fact[];
  /** Settles when the consumer has ended; with its error if it has failed. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

/** Follows the ledger beside a leader whose fold is that of the builder. */
function start(
  book: LedgerBuilder,
  log: MemoryLog,
  more: {
    readonly isLeading?: boolean;
    readonly options?: Partial<WebhookOptions>;
    /** The projection that it is shown, and at that moment the leader is deposed. */
    readonly deposedWith?: Fold;
  } = {},
): Started {
  const { isLeading = true, options, deposedWith } = more;
  const stopping = new AbortController();
  const abort = new AbortController();
  const recorded: Fact[] = [];
  let settled = 0;
  const consumer = new Consumer({
    endpoint: endpointOf(
      "done",
      {
        url: hooks.url("/done"),
        secret: null,
        states: ["completed", "skipped", "failed", "cancelled", "rejected"],
        types: null,
        timeoutMs: 10_000,
        ...options,
      },
      {},
    ),
    settled: position(0),
    onSettled: (at) => {
      expect(at).toBeGreaterThanOrEqual(settled);
      settled = at;
    },
    ledger: log,
    entries: new Entries(log),
    leader: {
      query: async (ask) => {
        if (deposedWith !== undefined) stopping.abort();
        return ask(deposedWith ?? book.fold);
      },
      record: async (facts) => {
        recorded.push(...facts);
        return isLeading;
      },
    },
    waitsMs: [1, 1, 1],
    clock: systemClock,
    log: createLogger("silent"),
    stopping: stopping.signal,
    abort: abort.signal,
  });
  const ended = consumer.run().catch((error: unknown) => error);
  const stop = async () => {
    stopping.abort();
    abort.abort();
    await ended;
  };
  endings.push(stop);
  return { settled: () => settled, recorded, ended, stop };
}

const jobsTold = (): readonly JobView[] =>
  // What the consumer has sent: the contract's Job.
  hooks.calls.map(({ body }) => (JSON.parse(body) as { job: JobView }).job);
const asJson = (job: JobView): unknown => JSON.parse(JSON.stringify(job));
const shown = (book: LedgerBuilder, id: string) =>
  asJson(jobView(book.row(id), book.fold, historyOf(book.factsOf(id))));
const scheduler = () => ledger().elected().worker("w1").limits({ global: 100 });

/** A job that has come to its end, in entries of its own. */
const completed = (book: LedgerBuilder, id: string) =>
  book
    .submitted(id, { params: { of: id } })
    .granted(id)
    .started(id)
    .completed(id, { from: id });

describe("a consumer", () => {
  test("given a ledger, when it is followed, then all that has ended is told, and everything is settled up to its end", async () => {
    const book = scheduler();
    for (const id of ["a", "b", "c"]) completed(book, id);
    book.rejected("d", "no such type").submitted("e").cancelled("e").submitted("waits");
    const { settled, recorded } = start(book, await logOf(book));
    await eventually("it is settled", () => (settled() === book.fold.head.position ? true : null));
    const jobs = [...jobsTold()].sort((x, y) => (x.id < y.id ? -1 : 1));
    expect(jobs).toEqual(["a", "b", "c", "d", "e"].map((id) => shown(book, id)));
    expect(recorded).toEqual([]);
  });

  test("given an endpoint that does not answer, when many have ended, then so many are under way and no more, and nothing is settled", async () => {
    hooks.held.add("/done");
    const book = scheduler().submitted("first");
    const before = book.fold.head.position;
    book.cancelled("first");
    for (let n = 1; n <= 20; n += 1) completed(book, `job-${n}`);
    const { settled } = start(book, await logOf(book));
    await hooks.until("/done", DELIVERIES_MAX);
    expect(settled()).toBe(before);
    hooks.release();
    await hooks.until("/done", 21);
    await eventually("it is settled", () => (settled() === book.fold.head.position ? true : null));
    expect(new Set(jobsTold().map(({ id }) => id)).size).toBe(21);
  });

  test("given one entry in which many end, when one of them is not settled, then the entry is not", async () => {
    hooks.held.add("/done");
    const book = scheduler();
    const ids = Array.from({ length: 120 }, (_, n) => `job-${n}`);
    for (const id of ids) book.submitted(id);
    const before = book.fold.head.position;
    book.together((together) => {
      for (const id of ids) together.cancelled(id);
    });
    const { settled } = start(book, await logOf(book));
    await hooks.until("/done", DELIVERIES_MAX);
    expect(settled()).toBe(before);
    hooks.release();
    await eventually("it is settled", () => (settled() === before + 1 ? true : null));
    expect(
      jobsTold()
        .map(({ id }) => String(id))
        .sort(),
    ).toEqual([...ids].sort());
  });

  test("given an endpoint that refuses, when all attempts are made, then that is recorded, and settled only if it is", async () => {
    hooks.statuses.set("/done", 503);
    const book = completed(scheduler(), "a");
    const log = await logOf(book);
    const leading = start(book, log);
    await eventually("it is settled", () => (leading.settled() === book.fold.head.position ? true : null));
    expect(leading.recorded).toEqual([
      {
        type: "WebhookFailed",
        job: "a",
        webhook: "done",
        url: hooks.url("/done"),
        address: `${book.fold.head.position}.0`,
        attempts: 4,
        error: { code: "http-status", message: `${hooks.url("/done")} answered 503 Service Unavailable` },
      },
    ]);
    await leading.stop();
    const deposed = start(book, log, { isLeading: false });
    await eventually("it was to be recorded", () => (deposed.recorded.length === 1 ? true : null));
    await deposed.stop();
    expect(deposed.settled()).toBe(book.fold.head.position - 1);
  });

  test("given the leader is deposed amid its question, when the answer is of entries that were never stored, then nothing of it counts", async () => {
    const begun = () => scheduler().submitted("a").submitted("other").granted("a").started("a");
    // A rival's entry is stored, by which the job fails; ours was refused, by which it would have been cancelled.
    const stored = begun().moved("other", 7).failed("a");
    const refused = begun().cancelRequested("a").failed("a");
    expect(refused.row("a").addresses.slice(-2)).toEqual(stored.row("a").addresses.slice(-2));
    const { settled, ended } = start(stored, await logOf(stored), {
      options: { states: ["failed"] },
      deposedWith: refused.fold,
    });
    expect(await ended).toBeUndefined();
    expect(settled()).toBe(stored.fold.head.position - 1);
    expect(hooks.calls).toEqual([]);
  });
});

describe("jobs that the leader's index has forgotten", () => {
  test("given an index that keeps one finished job, when the endpoint is far behind, then each job is told as it was, from the ledger", async () => {
    const book = scheduler();
    const ids = Array.from({ length: 12 }, (_, n) => `job-${n}`);
    const views = new Map<string, unknown>();
    for (const id of ids.slice(0, 6)) views.set(id, shown(completed(book, id), id));
    book.fact({ type: "RetentionChanged", finishedJobsMax: 1 });
    // Three end in one entry, of which the index keeps one.
    const together = ids.slice(6, 9);
    for (const id of together) book.submitted(id);
    book.together((one) => {
      for (const id of together) {
        one.cancelled(id, `because of ${id}`);
        views.set(id, null);
      }
    });
    for (const id of ids.slice(9)) views.set(id, shown(completed(book, id), id));
    expect(book.fold.jobs.size).toBe(1);
    const { settled } = start(book, await logOf(book));
    await eventually("it is settled", () => (settled() === book.fold.head.position ? true : null));
    const jobs = jobsTold();
    expect(jobs.map(({ id }) => String(id)).sort()).toEqual([...ids].sort());
    for (const job of jobs) {
      if (views.get(job.id) !== null) expect(job).toEqual(views.get(job.id));
      else
        expect(job).toMatchObject({
          state: "cancelled",
          reason: `because of ${job.id}`,
          history: [{}, { to: "cancelled" }],
        });
    }
  });

  test("given an id that was used again, when its first job's end is told, then it is the first job, and the second when that ends", async () => {
    const book = scheduler().fact({ type: "RetentionChanged", finishedJobsMax: 1 });
    const first = shown(completed(book, "twice"), "twice");
    completed(book, "other");
    book.submitted("twice", { params: { of: "the second" } }).granted("twice");
    const { settled } = start(book, await logOf(book), { options: { states: ["completed"] } });
    await eventually("it is settled", () => (settled() === book.fold.head.position ? true : null));
    expect(jobsTold().filter(({ id }) => id === "twice")).toEqual([first]);
  });

  test("given forgotten jobs of several types, when an endpoint wants one, then the others are not told", async () => {
    const book = scheduler().fact({ type: "RetentionChanged", finishedJobsMax: 1 });
    for (const [id, type] of [
      ["a", "story"],
      ["b", "thumbs"],
      ["c", "story"],
      ["d", "thumbs"],
    ] as const)
      book.submitted(id, { type }).cancelled(id);
    const { settled } = start(book, await logOf(book), { options: { types: ["story"] } });
    await eventually("it is settled", () => (settled() === book.fold.head.position ? true : null));
    expect(
      jobsTold()
        .map(({ id }) => String(id))
        .sort(),
    ).toEqual(["a", "c"]);
  });
});

describe("a ledger that cannot be read on", () => {
  test("given an entry that is none, when it is come to, then the consumer ends with its address, and what was before is told", async () => {
    const book = completed(scheduler(), "a");
    const log = await logOf(book);
    await log.append({ subject: "test.ledger", data: Buffer.from("rubbish") });
    const { settled, ended } = start(book, log);
    const { position: last } = book.fold.head;
    expect(await ended).toMatchObject({ code: "ledger-corrupt", address: String(last + 1) });
    expect(settled()).toBe(last);
    expect(jobsTold().map(({ id }) => String(id))).toEqual(["a"]);
  });

  test("given a job's facts that are another job's, when it is to be told, then the consumer ends with their address, and nothing is settled", async () => {
    const book = completed(completed(scheduler(), "a"), "b");
    const [position = 0, index = 0] = book.row("b").addresses;
    book.row("a").addresses.splice(2, 2, position, index);
    const { settled, ended } = start(book, await logOf(book), { options: { types: ["story"] } });
    expect(await ended).toMatchObject({ code: "ledger-corrupt", address: `${position}.${index}` });
    expect(settled()).toBeLessThan(book.row("a").addresses.at(-2) ?? 0);
  });
});
