/**
 * A worker under one id: from asking to be taken in until it has left, or is not known any more. What exists only for so long: its
 * lease, the attempts that it holds, its reports. It is to a worker's process what a reign is to a scheduler.
 */
import type { JobId, Position, WorkerId } from "../../events/names.js";
import type { Clock } from "../clock.js";
import type { Logger } from "../logger.js";
import type { Runner } from "../runners/index.js";
import { untilAborted } from "../until-aborted.js";
import { aborted } from "./ending.js";
import type { Fence } from "./fence.js";
import type { LeaderLink } from "./leader-link.js";
import type { Hands, OrderDesk } from "./order-desk.js";
import type { AbortOrder, Farewell, Hello, Lease, Obeyed, RunningAnswer, StartOrder } from "./protocol.js";
import { Reports } from "./reports.js";
import { JoinRefused, Tenure } from "./tenure.js";
import { Worker, type WorkerPorts } from "./worker.js";

const FAREWELL_AGAIN_MS = 500;
/** After an abort at shutdown, runs have this long to settle before they are handed back as they are. */
const ABORTED_SETTLE_MS = 6_000;
/** How long the last words wait to be recorded; then the lease tells. */
const LAST_WORDS_MS = 5_000;

export interface MembershipOptions extends Pick<WorkerPorts, "progress" | "results"> {
  readonly hello: Hello;
  readonly runners: ReadonlyMap<string, Runner>;
  readonly leader: LeaderLink;
  readonly orders: OrderDesk;
  readonly fence: Fence;
  readonly graceMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Nobody has answered the question to be taken in; told once. */
  readonly waits: () => void;
  readonly joined: (worker: WorkerId, lease: Lease) => void;
}

/** How it ended. */
export type Parting =
  /** The scheduler does not know it any more: it may join anew. */
  | { readonly kind: "unknown" }
  /** Somebody else has this id. */
  | { readonly kind: "taken" }
  /** It was asked to stop. `unreported`: attempts whose end is not on record; `isTold`: the scheduler knows that it has left. */
  | { readonly kind: "left"; readonly unreported: number; readonly isTold: boolean };

export class Membership implements Hands {
  readonly #of: MembershipOptions;
  readonly #id: WorkerId;
  readonly #worker: Worker;
  readonly #reports: Reports;
  readonly #tenure: Tenure;
  /** The attempts whose end is not on record yet. */
  readonly #held = new Map<JobId, Position>();
  readonly #watchers = new Set<() => void>();
  /** Why nothing is taken any more. */
  #refusal: string | null = null;
  /** The scheduler knows that it leaves. */
  #isTold = false;
  #isOver = false;
  #hasEntered = false;
  #enter: () => void = () => {};
  /** Orders may overtake the answer to the question whether it is taken in: they wait for it. */
  readonly #entered = new Promise<void>((resolve) => {
    this.#enter = resolve;
  });
  #fail: (error: Error) => void = () => {};

  constructor(of: MembershipOptions) {
    this.#of = of;
    const { hello, runners, leader, fence, clock, log, progress, results, waits } = of;
    this.#id = hello.worker;
    this.#reports = new Reports({
      ...{ worker: this.#id, clock, log },
      say: (word) => leader.report(word),
      heard: () => fence.heard,
      settled: (job, grant) => this.#settle(job, grant),
    });
    const report = this.#reports.say.bind(this.#reports);
    this.#worker = new Worker(this.#id, runners, {
      report,
      progress,
      results,
      clock,
      mayRun: () => !this.#tenure.isNearEnd,
    });
    this.#tenure = new Tenure({
      ...{ hello, leader, fence, clock, log, waits },
      running: () => this.#running(),
      abort: (job, grant, cause) => this.#worker.abort(job, grant, cause),
      nearEnd: () => this.#nearEnd(),
    });
  }

  /** Settles when this membership is over. Throws `JoinRefused`. */
  async run(stop: AbortSignal): Promise<Parting> {
    const stopped = untilAborted(stop);
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    // Before it joins: it may be given something at once.
    const close = this.#of.orders.serve(this.#id, this);
    try {
      return await Promise.race([this.#live(stop, stopped), failed]);
    } finally {
      this.#isOver = true;
      this.#enter();
      this.#tenure.end();
      this.#reports.stop();
      close();
    }
  }

  async #live(stop: AbortSignal, stopped: Promise<void>): Promise<Parting> {
    // 1. It is taken in.
    const lease = await this.#tenure.begin(stop, stopped);
    if (lease === "taken") return { kind: "taken" };
    if (lease === "unheard") await this.#of.leader.leave(this.#farewell());
    if (lease === "unheard" || lease === "stopped") return { kind: "left", unreported: 0, isTold: true };
    this.#hasEntered = true;
    this.#enter();
    this.#of.joined(this.#id, lease);
    // 2. It renews its lease, and obeys; until it is not known any more, or is to stop.
    const forgotten = this.#tenure.keep().then(() => this.#worker.abortAll("lease"));
    await Promise.race([forgotten, stopped]);
    if (!stop.aborted) {
      // 3. If it is not known, what it held is lost, and lives elsewhere by now: all of that ends before it takes anything more.
      this.#refusal = "it is not a member any more";
      await Promise.race([this.#until(() => this.#held.size === 0), stopped]);
    }
    if (!stop.aborted) return { kind: "unknown" };
    // 4. If it is to stop, it says so first, so that nothing more is granted to it.
    return this.#leave();
  }

  // What it is told

  async start(order: StartOrder): Promise<Obeyed | null> {
    const isEarly = !this.#hasEntered;
    await this.#entered;
    if (this.#isOver) return null;
    // Whoever had to ask again may have been taken in before, given up, and taken in anew: what came before the answer may be of then,
    // and its grant long over. If it is not, the order comes again.
    if (isEarly && this.#tenure.asks > 1) return null;
    const refusal = this.#accept(order);
    if (refusal === null) return { accepted: true };
    this.#of.log.warn({ job: order.job, grant: order.grant, reason: refusal }, "refused an order");
    return { accepted: false, reason: refusal };
  }

  async abort({ epoch, job, grant, cause }: AbortOrder): Promise<Obeyed | null> {
    await this.#entered;
    if (this.#isOver) return null;
    if (!this.#of.fence.hears(epoch)) return { accepted: false, reason: `reign ${epoch} is over` };
    this.#worker.abort(job, grant, cause);
    return { accepted: true };
  }

  runs(): RunningAnswer {
    return { worker: this.#id, running: this.#running() };
  }

  deaf(reason: string): void {
    this.#fail(new JoinRefused(reason));
  }

  /** Begins the attempt unless it is begun already; or says why not. */
  #accept(order: StartOrder): string | null {
    const { fence, hello, runners, log } = this.#of;
    const { job, grant, type, attempt } = order;
    const before = this.#held.get(job) ?? null;
    const { executing } = this.#worker;
    const verdict = fence.judge(order, { grant: before, executing, capacity: hello.capacity });
    if (verdict === "again") return null;
    if (verdict !== "run") return verdict.refused;
    if (this.#refusal !== null) return this.#refusal;
    if (this.#tenure.isNearEnd) return "its lease could not be renewed";
    if (!hello.types.includes(type) || !runners.has(type)) return `it does not run ${type}`;
    if (before !== null && this.#worker.executes(job)) {
      this.#worker.abort(job, before, "lease");
      return `attempt ${before} of the job has not ended here yet`;
    }
    this.#held.set(job, grant);
    log.debug({ job, grant, attempt }, "starts");
    this.#worker.start({ ...order, worker: this.#id });
    return null;
  }

  #running(): RunningAnswer["running"] {
    return [...this.#held].map(([job, grant]) => ({ job, grant }));
  }

  #nearEnd(): void {
    const { executing } = this.#worker;
    if (executing > 0) this.#of.log.error({ running: executing }, "the lease nears its end: aborting runs");
    this.#worker.abortAll("lease");
  }

  #settle(job: JobId, grant: Position): void {
    this.#worker.recorded(job, grant);
    this.#of.fence.ended(job, grant);
    if (this.#held.get(job) === grant) this.#held.delete(job);
    this.#tell();
  }

  // Leaving

  async #leave(): Promise<Parting> {
    const { clock, graceMs, log } = this.#of;
    const worker = this.#worker;
    log.info({ running: worker.executing, graceMs }, "stopping: running jobs have the grace to end");
    void this.#sayFarewell();
    // Where nobody leads, nobody can be told; and nothing can be granted either.
    let isPatient = true;
    clock.after(LAST_WORDS_MS, () => {
      isPatient = false;
      this.#tell();
    });
    const isDone = () => this.#held.size === 0 && (this.#isTold || !isPatient);
    await this.#until(isDone, graceMs);
    this.#refusal ??= "it is stopping";
    if (worker.executing > 0) {
      log.warn({ running: worker.executing }, "the grace is over: aborting what still runs");
      worker.abortAll("shutdown");
      await this.#until(() => this.#held.size === 0, ABORTED_SETTLE_MS);
    }
    for (const assignment of worker.abandonAll()) {
      const { job, grant } = assignment;
      this.#reports.say({ job, grant, said: { ended: aborted("shutdown", assignment) } });
    }
    await this.#until(isDone, LAST_WORDS_MS);
    return { kind: "left", unreported: this.#held.size, isTold: this.#isTold };
  }

  /** What was granted before it is on record is still taken: to refuse that would cost the job an attempt. */
  async #sayFarewell(): Promise<void> {
    const { leader, clock } = this.#of;
    while (!this.#isOver && !this.#isTold) {
      const answer = await leader.leave(this.#farewell());
      if (answer === null) await new Promise<void>((resolve) => clock.after(FAREWELL_AGAIN_MS, resolve));
      else this.#isTold = true;
    }
    this.#refusal ??= "it has left";
    this.#tell();
  }

  #farewell(): Farewell {
    return { worker: this.#id, reason: "it was stopped", ...this.#of.fence.heard };
  }

  // Waiting

  /** Settles when it holds, or after `msMax`. */
  #until(holds: () => boolean, msMax: number | null = null): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#watchers.delete(look);
        resolve();
      };
      const look = () => {
        if (holds()) end();
      };
      const cancel = msMax === null ? () => {} : this.#of.clock.after(msMax, end);
      this.#watchers.add(look);
      look();
    });
  }

  #tell(): void {
    for (const look of [...this.#watchers]) look();
  }
}
