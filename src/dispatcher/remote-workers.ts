/**
 * Workers in processes of their own, as the leader sees them: they join, renew their leases, and report; they are told what to
 * start and what to abort. What is said may be lost at any point: so an order is repeated until it is answered, and each renewal
 * is compared with the grants.
 */
import type { Fact } from "../../events/facts.js";
import type { Epoch, JobId, Position, WorkerId } from "../../events/names.js";
import type { Fold } from "../../projections/fold.js";
import { liveAttempt, stateOf } from "../../projections/jobs.js";
import type { Ending, Report } from "../../projections/reports.js";
import type { Holding, Worker } from "../../projections/slots.js";
import type { Clock } from "../clock.js";
import { type Assignment, assignmentOf } from "../worker/assignment.js";
import type {
  AbortOrder,
  EndedWord,
  Farewell,
  Heard,
  Hello,
  Lease,
  Obeyed,
  Renewal,
  StartOrder,
  Word,
} from "../worker/protocol.js";
import type { ResultStore } from "../worker/results.js";
import type { LeaseWatch } from "./lease-watch.js";
import type { Settled } from "./messages.js";

/** How the leader reaches a worker; null: it did not answer. */
export interface WorkerLink {
  start(worker: WorkerId, order: StartOrder): Promise<Obeyed | null>;
  abort(worker: WorkerId, order: AbortOrder): Promise<Obeyed | null>;
}

/** What workers are answered: a value, or why not. */
export type DeskAnswer<T> =
  | { readonly value: T }
  | { readonly refused: "not-found" | "conflict" | "invalid" | "unavailable"; readonly reason: string };

/** Nothing is wrong with what was asked: whoever leads is to be asked the same again. */
export const LEADS_NOT = { refused: "unavailable", reason: "this scheduler does not lead; ask again" } as const;

/** An order without an answer is given again after this. */
const ORDER_AGAIN_MS = 1_000;
/** A renewal that does not name a run which was ordered so recently may have crossed the order on its way. */
const ORDER_SETTLES_MS = 2_000;
const RENEWALS_PER_LEASE = 3;

export interface RemoteWorkersOptions {
  readonly fold: Fold;
  readonly epoch: Epoch;
  /** The ledger's identity. */
  readonly ledger: string;
  readonly leaseMs: number;
  readonly types: () => Iterable<string>;
  readonly link: WorkerLink;
  readonly leases: LeaseWatch;
  readonly results: ResultStore;
  readonly clock: Clock;
  readonly own: (facts: (fold: Fold) => readonly Fact[], settled: Settled) => void;
  readonly report: (report: Report, settled: Settled) => void;
}

export class RemoteWorkers {
  readonly #of: RemoteWorkersOptions;
  /** When each live grant was last ordered. */
  readonly #orderedMs = new Map<string, number>();
  /** The grants whose order is being repeated. */
  readonly #ordering = new Set<string>();
  /** The grants that a worker has refused: that is the end of the attempt, also while it waits to be recorded. */
  readonly #refused = new Set<string>();
  /** Who has been silent for a whole lease: what they hold is being given up, and cannot be taken up again by a late renewal. */
  readonly #lost = new Set<WorkerId>();
  #isOver = false;

  constructor(of: RemoteWorkersOptions) {
    this.#of = of;
  }

  /** The reign is over: no order is given again. */
  end(): void {
    this.#isOver = true;
  }

  // What workers ask

  /** Why this leader is the wrong one for whoever has heard so much; null if it is the right one. */
  misfit({ epoch, ledger }: Heard): DeskAnswer<never> | null {
    if (ledger !== undefined && ledger !== this.#of.ledger)
      return { refused: "not-found", reason: `this is another ledger, ${this.#of.ledger}; join again` };
    return (epoch ?? 0) > this.#of.epoch ? LEADS_NOT : null;
  }

  async join(hello: Hello): Promise<DeskAnswer<Lease>> {
    const { worker, types, capacity, process = UNKNOWN_PROCESS } = hello;
    const known = new Set(this.#of.types());
    const unknown = types.filter((type) => !known.has(type));
    if (unknown.length > 0) {
      const reason = `types: ${unknown.join(", ")} unknown; configured types: ${[...known].sort().join(", ") || "none"}`;
      return { refused: "invalid", reason };
    }
    this.#of.leases.heard(worker);
    let conflict: string | null = null;
    const outcome = await this.#record((fold) => {
      const there: Worker | undefined = fold.slots.workers[worker];
      if (there === undefined)
        return [{ type: "WorkerJoined", worker, process, capacity, types: [...types], remote: true }];
      // The same hello again: its answer was lost.
      if (!there.remote || there.leaving || there.capacity !== capacity)
        conflict = `a worker ${worker} is there already; join under a new id`;
      return [];
    });
    if (outcome === "dropped") return LEADS_NOT;
    if (conflict !== null) return { refused: "conflict", reason: conflict };
    // Without it large results fail, and each says why; small ones do not need it.
    await this.#of.results.prepare?.().catch(() => {});
    return { value: this.#lease([]) };
  }

  /** Only to be asked when no entry is in flight. Renews a lease, and sets right what got lost: runs that are none any more are aborted, and those not begun ordered again. */
  renew({ worker, running }: Renewal): DeskAnswer<Lease> {
    const { fold, leases, clock } = this.#of;
    if (fold.slots.workers[worker]?.remote !== true || this.#lost.has(worker))
      return { refused: "not-found", reason: `worker ${worker} has not joined, or its lease has expired; join again` };
    leases.heard(worker);
    const named = new Set(running.map(({ job, grant }) => keyOf(job, grant)));
    for (const { job, grant } of this.#holdingsOf(worker)) {
      const key = keyOf(job, grant);
      const sinceMs = clock.elapsedMs() - (this.#orderedMs.get(key) ?? Number.NEGATIVE_INFINITY);
      const row = fold.jobs.get(job);
      if (row !== undefined && !named.has(key) && sinceMs >= ORDER_SETTLES_MS) this.start(assignmentOf(row));
    }
    const abort = running.flatMap(({ job, grant }): Lease["abort"] => {
      const row = fold.jobs.get(job);
      if (row === undefined || liveAttempt(row)?.grant !== grant) return [{ job, grant, cause: "lease" }];
      return stateOf(row) === "cancelling" ? [{ job, grant, cause: "cancel" }] : [];
    });
    return { value: this.#lease(abort) };
  }

  /** Answers once the word is on record; a worker repeats it until then. A late word is answered too: it is settled. */
  async report({ worker, job, grant, started, ended }: Word): Promise<DeskAnswer<{ readonly ok: true }>> {
    const { leases, results, report } = this.#of;
    leases.heard(worker);
    const about = { job, grant, by: worker };
    const say = (said: Report["said"]) =>
      new Promise<"recorded" | "dropped">((settled) => report({ ...about, said }, settled));
    let outcome: "recorded" | "dropped" = "dropped";
    if (started !== undefined) {
      const recorded = say({ started });
      // Of one that has ended already, the same entry records both.
      if (ended === undefined) outcome = await recorded;
    }
    if (ended !== undefined) outcome = await say({ ended: await endingOf(ended, { job, grant }, results) });
    return outcome === "recorded" ? { value: { ok: true } } : LEADS_NOT;
  }

  async leave({ worker, reason }: Farewell): Promise<DeskAnswer<{ readonly ok: true }>> {
    const outcome = await this.#record((fold) => {
      const there: Worker | undefined = fold.slots.workers[worker];
      return there?.remote === true && !there.leaving ? [{ type: "WorkerLeft", worker, reason }] : [];
    });
    return outcome === "recorded" ? { value: { ok: true } } : LEADS_NOT;
  }

  // What workers are told

  /** Orders a start until the worker has answered, or the attempt has ended otherwise. A refusal is the end of the attempt. */
  start(assignment: Assignment): void {
    const { job, grant, worker, ...rest } = assignment;
    const order: StartOrder = { ...rest, job, grant, epoch: this.#of.epoch };
    const key = keyOf(job, grant);
    if (this.#ordering.has(key) || this.#refused.has(key)) return;
    this.#ordering.add(key);
    void this.#until(job, grant, async () => {
      this.#orderedMs.set(key, this.#of.clock.elapsedMs());
      const obeyed = await this.#of.link.start(worker, order);
      if (obeyed !== null && !obeyed.accepted) {
        this.#refused.add(key);
        const message = `worker ${worker} refused it: ${obeyed.reason ?? "no reason given"}`;
        const said = { ended: { outcome: "lost", error: { code: "refused", message } } } as const;
        this.#of.report({ job, grant, said }, () => {});
      }
      return obeyed !== null;
    }).finally(() => this.#ordering.delete(key));
  }

  abort(job: JobId, grant: Position): void {
    const { holdings, workers } = this.#of.fold.slots;
    const worker = holdings[job]?.worker;
    if (worker === undefined || workers[worker]?.remote !== true) return;
    const order: AbortOrder = { epoch: this.#of.epoch, job, grant, cause: "cancel" };
    void this.#until(job, grant, async () => (await this.#of.link.abort(worker, order)) !== null);
  }

  /** Their leases are over; that it is on record takes a while. */
  lost(workers: ReadonlySet<WorkerId>): void {
    for (const worker of workers) this.#lost.add(worker);
  }

  /** Grants that are over need no memory of their orders, and workers that are gone none of their loss. */
  forgetOrders(): void {
    const { holdings, workers } = this.#of.fold.slots;
    for (const worker of [...this.#lost]) if (!(worker in workers)) this.#lost.delete(worker);
    const live = new Set(Object.values<Holding>(holdings).map(({ job, grant }) => keyOf(job, grant)));
    for (const key of [...this.#orderedMs.keys()]) if (!live.has(key)) this.#orderedMs.delete(key);
    for (const key of [...this.#refused]) if (!live.has(key)) this.#refused.delete(key);
  }

  async #until(job: JobId, grant: Position, act: () => Promise<boolean>): Promise<void> {
    const { clock, fold } = this.#of;
    while (!this.#isOver && fold.slots.holdings[job]?.grant === grant) {
      if (await act()) return;
      await new Promise<void>((resolve) => clock.after(ORDER_AGAIN_MS, resolve));
    }
  }

  #record(facts: (fold: Fold) => readonly Fact[]): Promise<"recorded" | "dropped"> {
    return new Promise((settled) => this.#of.own(facts, settled));
  }

  #lease(abort: Lease["abort"]): Lease {
    const { epoch, ledger, leaseMs } = this.#of;
    return { epoch, ledger, leaseMs, renewMs: Math.floor(leaseMs / RENEWALS_PER_LEASE), abort };
  }

  #holdingsOf(worker: WorkerId): Holding[] {
    return Object.values<Holding>(this.#of.fold.slots.holdings).filter((holding) => holding.worker === worker);
  }
}

const UNKNOWN_PROCESS = { host: "", pid: 0, startedAt: "" };

const keyOf = (job: JobId, grant: Position): string => `${job} ${grant}`;

/** Large results are kept where all of them are; a worker in another language need not know where. */
async function endingOf(
  word: EndedWord,
  about: { readonly job: JobId; readonly grant: Position },
  results: ResultStore,
): Promise<Ending> {
  if (word.outcome !== "completed") return word;
  const { result, stored, exitCode } = word;
  const kept = stored === undefined ? await results.keep(result, about) : { stored };
  return { outcome: "completed", result: kept, exitCode };
}
