/**
 * The day that the golden ledgers tell: every fact of the catalogue happens in it at least once, as the dispatcher decides it, at
 * times that stand still. A new fact gets its place here; the ledgers that are written already stay as they are.
 */
import type { RunError } from "../../events/facts.js";
import { factAddress, jobId, position, workerId } from "../../events/names.js";
import type { Fold } from "../../projections/fold.js";
import { dismissWorkers, expireReservations } from "../../projections/recovery.js";
import type { Ending } from "../../projections/reports.js";
import { TurnBook } from "../support/turn-book.js";

const MINUTE_MS = 60_000;
const error = (code: string, message: string): RunError => ({ code, message });
const done = (inline: string): Ending => ({ outcome: "completed", result: { inline }, exitCode: 0 });
const broken = (retryable: boolean, retryAfterMs: number | null = null): Ending => {
  return { outcome: "failed", error: error("broken", "it broke"), retryable, exitCode: 3, retryAfterMs };
};
const settings = (fold: Fold) =>
  fold.settings.limitsKnown
    ? []
    : ([
        {
          type: "LimitsChanged",
          limits: { global: 3, types: { story: 2 }, resources: { gpu: 2, cpu: 4 }, maxOvertakes: 1 },
          source: "configuration",
        },
        { type: "RetentionChanged", finishedJobsMax: 5_000 },
      ] as const);

export function goldenDay(): TurnBook {
  const types = { story: { resources: { gpu: 1 } }, thumbs: { resources: { cpu: 2 }, labels: { of: "pictures" } } };
  const templates = { nightly: { type: "story", params: { tone: "dark" }, maxAttempts: 2, timeoutMs: 600_000 } };
  const book = new TurnBook({ types, templates, settings, retryMs: 10_000 });
  book.lead().decide();
  for (const part of [jobs, attempts, groups, reservations, schedules, pools, workers]) {
    part(book);
    book.later(MINUTE_MS).decide();
  }
  book.lead().later(MINUTE_MS).decide();
  leftOpen(book);
  return book;
}

/** Submitted, refused, doubled; amended, moved, cancelled while they wait; one overtakes another. */
function jobs(book: TurnBook): void {
  book.submit("story", { id: "one", params: { prompt: "Stellwerk bei Nacht 🚂" }, labels: { book: "9" } });
  book.submit(null, [{ id: "two", type: "story", priority: 5 }, { type: "thumbs" }, { type: "nobody" }]).decide();
  book.submit("story", { id: "one" });
  book.submit("story", { id: "wide", resources: { gpu: 2, cpu: 3 } });
  book.submit("thumbs", { id: "small" }).submit("story", { id: "tall" });
  book.submit("story", { id: "later", delay: "30s", template: "nightly" }).decide();
  book.started("two").later(1_000).decide();
  book.end("two", done("once upon a time")).decide();
  book.command("amend", { id: "later", params: { prompt: "shorter" }, priority: -1 });
  book.command("move", { id: "tall", before: "wide" });
  book.command("cancel", { id: "wide", reason: "too wide" });
  book.command("amend", { id: "one", priority: 3 }).decide();
  book.end("one", { outcome: "skipped", reason: "nothing to do" });
  for (const id of ["j2-1", "small"]) book.started(id).end(id, done("a picture"));
  book.decide();
  endAll(book);
}

/** Every way in which an attempt ends, tried again or for good, and a retry by hand. */
function attempts(book: TurnBook): void {
  const stored = { stored: { bucket: "SIGNALBOX_RESULTS", digest: "SHA-256=abc", bytes: 70_000 } };
  book.end("later", { outcome: "completed", result: stored, exitCode: null });
  for (const id of ["tries", "hangs", "lost", "stops", "aborted"]) {
    book.submit("thumbs", { id, maxAttempts: 2 }).decide();
    book.started(id).decide();
    if (id === "tries") {
      book.end(id, broken(true, 5_000)).decide();
      book.later(5_000).decide();
      book.end(id, broken(false));
    }
    if (id === "hangs") book.end(id, { outcome: "timed-out", error: error("timed-out", "it took too long") });
    if (id === "lost") book.end(id, { outcome: "lost", error: error("worker-lost", "its worker is gone") });
    if (id === "stops") book.end(id, { outcome: "cancelled", reason: "not worth it" });
    if (id === "aborted") book.command("cancel", { id });
    book.decide();
  }
  const call = { webhook: "done", url: "https://example.com/hook", address: factAddress(position(1), 0), attempts: 4 };
  book.own(() => [{ type: "WebhookFailed", job: jobId("stops"), ...call, error: error("status", "answered 503") }]);
  book.end("aborted", broken(true)).command("retry", { id: "tries" }).later(10_000).decide();
  endAll(book);
}

/** A crowd that is cancelled; a line that goes on, and one that stops at a failure and is joined late. */
function groups(book: TurnBook): void {
  const line = (id: string, order: number) => ({ id: `${id}-${order}`, group: { id, order, sequential: true } });
  for (const [id, order] of [
    ["book-1", 2],
    ["book-1", 1],
    ["book-2", 1],
    ["book-2", 2],
  ] as const)
    book.submit("story", line(id, order));
  for (const id of ["crowd-1", "crowd-2"]) book.submit("thumbs", { id, group: { id: "crowd" } });
  book.decide();
  book.command("cancel", { group: "crowd", reason: "not needed" }).decide();
  book.end("crowd-1", { outcome: "lost", error: error("aborted", "it was aborted") });
  book.end("book-1-1", done("the first")).end("book-2-1", broken(false)).decide();
  book.end("book-1-2", done("the second")).submit("story", line("book-2", 3)).decide();
}

/** Granted at once, waiting, given back, expired. */
function reservations(book: TurnBook): void {
  for (const id of ["console-1", "console-2", "console-3"])
    book.request("reserve", { id, resources: { gpu: 2 }, holder: `somebody at ${id}` });
  book.submit("story", { id: "behind" }).decide();
  book.request("release", { id: "console-1", reason: "done" });
  book.decide();
  book.own((fold) => expireReservations(fold, ({ id }) => id === "console-2", "its holder is gone")).decide();
  book.request("release", { id: "console-3" });
  book.decide();
  book.end("behind", done("its turn")).decide();
}

/** Set, fired, triggered, missed, disabled, enabled, removed. */
function schedules(book: TurnBook): void {
  const schedule = { template: "nightly", cron: "*/5 * * * *", missed: "catch-up-one" };
  book
    .command("schedule", { name: "digest", action: "set", schedule })
    .later(5 * MINUTE_MS)
    .decide();
  book.command("schedule", { name: "digest", action: "trigger" }).decide();
  endAll(book);
  book.later(60 * MINUTE_MS).decide();
  endAll(book);
  for (const action of ["disable", "enable", "rm", "rm"]) book.command("schedule", { name: "digest", action });
  book.decide();
}

/** A pool is paused, the limits change, and whoever waits is told so. */
function pools(book: TurnBook): void {
  book.command("pause", { pool: "gpu" }).submit("story", { id: "paused" }).decide();
  book
    .command("limits", { set: { global: 2, "resources.gpu": 1 } })
    .command("resume", { pool: "resource:gpu" })
    .decide();
  endAll(book);
}

/** A worker of its own joins, is granted a job, and falls silent; another leaves. */
function workers(book: TurnBook): void {
  const process = { host: "elsewhere", pid: 42, startedAt: "2026-01-01T00:00:00.000Z" };
  for (const name of ["worker-1", "worker-2"]) {
    const joined = { worker: workerId(name), process, capacity: 200, types: ["thumbs"], remote: true };
    book.own(() => [{ type: "WorkerJoined", ...joined }]);
  }
  book.submit("thumbs", { id: "far" }).decide();
  book.own((fold) =>
    dismissWorkers(
      fold,
      ({ id }) => id === "worker-1",
      "nothing was heard of it",
      () => book.now,
    ),
  );
  book.own(() => [{ type: "WorkerLeft", worker: workerId("worker-2"), reason: "stopped" }]).decide();
}

/** What is not at its end when the day is: so that the state holds something of everything. */
function leftOpen(book: TurnBook): void {
  const schedule = { template: "nightly", cron: "0 6 * * *", timezone: "Europe/Berlin" };
  book.command("schedule", { name: "morning", action: "set", schedule });
  for (const id of ["console-4", "console-5"])
    book.request("reserve", { id, resources: { cpu: 3 }, holder: "somebody" });
  for (const order of [1, 2, 3]) book.submit("story", { group: { id: "book-3", order, sequential: true } });
  book.submit("story", { id: "someday", runAt: "2026-12-01T08:00:00.000Z", priority: 7 });
  book.submit("thumbs", { id: "queued", resources: { cpu: 1 } }).decide();
  book.own(() => [{ type: "IntakeReplaced", stream: "intake-2", reason: "the ledger was imported" }]);
  book.command("cancel", { id: "far" }).command("pause", { pool: "cpu" }).submit("thumbs", { id: "stuck" }).decide();
}

/** Whatever runs completes, until nothing does. */
function endAll(book: TurnBook): void {
  const running = () =>
    [...book.fold.jobs.values()].filter(({ attempts: tried }) => tried[tried.length - 1]?.outcome === null);
  for (let live = running(); live.length > 0; live = running()) {
    for (const { id } of live) book.end(id, done("ended"));
    book.decide();
  }
}
