/** The auditor's own picture of the world: workers, pools, jobs, moved on by each fact as it is read. */

import type { Rule } from "./auditor.js";
import { type AuditedJob, AuditedJobs } from "./auditor-jobs.js";
import { demandUnder, grantedOutOfOrder, poolsOf, startableNow } from "./auditor-rules.js";

export type { JobAccount } from "./auditor-jobs.js";

/** JSON as it was read; nothing about it is believed beforehand. */
export type Raw = Readonly<Record<string, unknown>>;
export type Report = (rule: Rule, address: string, text: string) => void;

export interface AuditedWorker {
  readonly capacity: number;
  readonly types: readonly string[] | null;
  leaving: boolean;
}

/** So many denials in one entry are its bound: the others follow with the next one. */
const DENIALS_PER_ENTRY_MAX = 500;

export class AuditedWorld {
  readonly jobs: AuditedJobs;
  readonly peaks = new Map<string, number>();
  readonly decided = new Map<string, string[]>();
  readonly workers = new Map<string, AuditedWorker>();
  readonly paused = new Set<string>();
  limits: Raw = { global: 1 };
  #capacities = poolsOf(this.limits);
  #epoch = 0;
  readonly #report: Report;
  /** Jobs that could have started at the end of an entry; forgiven if the reign ends by a drain (CON-003). */
  #idle: { address: string; text: string }[] = [];
  /** The entries after which not every denial can be asked for: those with the most they may hold. */
  #lastFullOfDenials = 0;
  #reignBegan = 0;

  constructor(report: Report, from?: AuditedWorld) {
    this.#report = report;
    this.jobs = from?.jobs.copy(report) ?? new AuditedJobs(report);
  }

  /** A picture of its own, to go on from here in another way: what breaks a rule there is told to `report`. */
  copy(report: Report): AuditedWorld {
    const copy = new AuditedWorld(report, this);
    for (const [pool, peak] of this.peaks) copy.peaks.set(pool, peak);
    for (const [point, facts] of this.decided) copy.decided.set(point, [...facts]);
    for (const [id, worker] of this.workers) copy.workers.set(id, { ...worker });
    for (const pool of this.paused) copy.paused.add(pool);
    copy.limits = this.limits;
    copy.#capacities = this.#capacities;
    copy.#epoch = this.#epoch;
    copy.#idle = [...this.#idle];
    copy.#lastFullOfDenials = this.#lastFullOfDenials;
    copy.#reignBegan = this.#reignBegan;
    return copy;
  }

  get capacities(): ReadonlyMap<string, number> {
    return this.#capacities;
  }

  entry(position: number, entry: Raw): void {
    const facts = entry["facts"] as readonly Raw[];
    const at = String(entry["at"]);
    this.#checkEpoch(position, Number(entry["epoch"]), facts[0] ?? {});
    for (const [index, fact] of facts.entries()) this.#fact(fact, `${position}.${index}`, position, at);
    if (facts.filter(({ type }) => type === "StartDenied").length >= DENIALS_PER_ENTRY_MAX)
      this.#lastFullOfDenials = position;
    for (const job of startableNow(this))
      this.#idle.push({ address: String(position), text: `${job.id} could start and does not` });
  }

  end(position: number): void {
    this.#settleIdle(false);
    for (const job of this.jobs.waiting()) this.#checkDenied(job, position + 1, String(position));
  }

  #checkEpoch(position: number, epoch: number, first: Raw): void {
    const elected = first["type"] === "DispatcherElected";
    if (elected) {
      if (Number(first["epoch"]) !== this.#epoch + 1 || epoch !== this.#epoch + 1)
        this.#report("epoch", String(position), `epoch ${epoch} does not follow ${this.#epoch}`);
      this.#settleIdle(false);
      this.#reignBegan = position;
      this.#epoch = epoch;
    } else if (epoch !== this.#epoch || epoch === 0) {
      this.#report("epoch", String(position), `epoch ${epoch} was not elected; ${this.#epoch} reigns`);
    }
  }

  #settleIdle(forgiven: boolean): void {
    if (!forgiven) for (const { address, text } of this.#idle) this.#report("idle", address, text);
    this.#idle = [];
  }

  #fact(fact: Raw, address: string, position: number, at: string): void {
    this.#noteIntake(fact);
    switch (fact["type"]) {
      case "DispatcherElected":
      case "CommandRefused":
      case "IntakeOpened":
      case "RetentionChanged":
      case "SubmissionDuplicated":
        return;
      case "WorkerJoined":
        return this.#join(fact, address);
      case "WorkerLeft": {
        const worker = this.workers.get(String(fact["worker"]));
        if (worker === undefined || worker.leaving) this.#report("seats", address, "a worker left that was not there");
        else worker.leaving = true;
        if (fact["reason"] === "shutdown") this.#settleIdle(true);
        return;
      }
      case "LimitsChanged":
        this.limits = fact["limits"] as Raw;
        this.#capacities = poolsOf(this.limits);
        for (const pool of [...this.paused]) if (!this.#capacities.has(pool)) this.paused.delete(pool);
        return this.#notePeaks();
      case "PoolPaused":
        this.paused.add(String(fact["pool"]));
        return;
      case "PoolResumed":
        this.paused.delete(String(fact["pool"]));
        return;
      case "StartGranted":
        return this.#grant(fact, address, position);
      default:
        this.jobs.fact(fact, address, position, at);
    }
  }

  #grant(fact: Raw, address: string, position: number): void {
    const job = this.jobs.get(String(fact["job"]));
    if (job === undefined || job.state !== "queued") {
      this.#report(
        job?.grant == null ? "life" : "live-grant",
        address,
        `${String(fact["job"])} is ${job?.state ?? "unknown"} and was granted a start`,
      );
      return;
    }
    this.#checkDenied(job, position, address);
    const demand = demandUnder(job, this.#capacities);
    const claimed = fact["demand"] as Readonly<Record<string, number>>;
    const isSame =
      Object.keys(claimed).length === demand.size && [...demand].every(([pool, units]) => claimed[pool] === units);
    if (!isSame)
      this.#report(
        "demand",
        address,
        `${job.id} was granted ${JSON.stringify(claimed)} and demands ${JSON.stringify([...demand])}`,
      );
    for (const [pool, units] of demand) {
      const used = this.used(pool);
      const capacity = this.#capacities.get(pool) ?? 0;
      if (used + units > capacity)
        this.#report("capacity", address, `${pool}: ${used} of ${capacity} in use, ${job.id} takes ${units}`);
      if (this.paused.has(pool)) this.#report("capacity", address, `${pool} is paused and ${job.id} was started`);
    }
    this.#checkSeat(job, String(fact["worker"]), address);
    const overtook = new Set((fact["overtook"] ?? []) as readonly string[]);
    const passed = grantedOutOfOrder(this, job, demand, overtook);
    if (passed !== null) this.#report("order", address, passed);
    this.jobs.grant(job, fact, position, address, overtook, Number(this.limits["maxOvertakes"] ?? 0));
    this.#notePeaks();
  }

  used(pool: string): number {
    let used = 0;
    for (const job of this.jobs.holding()) used += demandUnder(job, this.#capacities).get(pool) ?? 0;
    return used;
  }

  #checkSeat(job: AuditedJob, name: string, address: string): void {
    const worker = this.workers.get(name);
    if (worker === undefined || worker.leaving)
      return this.#report("seats", address, `${name} has not joined, or has left`);
    if (worker.types !== null && !worker.types.includes(job.type))
      this.#report("seats", address, `${name} does not run ${job.type}`);
    const busy = [...this.jobs.holding()].filter((other) => other.worker === name).length;
    if (busy >= worker.capacity) this.#report("seats", address, `${name} runs ${busy} of ${worker.capacity} already`);
  }

  #join(fact: Raw, address: string): void {
    const name = String(fact["worker"]);
    if (this.workers.has(name)) this.#report("seats", address, `${name} has joined before`);
    const types = fact["types"] === null ? null : (fact["types"] as readonly string[]);
    this.workers.set(name, { capacity: Number(fact["capacity"]), types, leaving: false });
  }

  /** Whoever still waits after the turn in which it came has a denial on record, unless a bound or a new reign came between. */
  #checkDenied(job: AuditedJob, position: number, address: string): void {
    if (job.deniedSince || job.queuedAt >= position) return;
    if (job.queuedAt <= this.#lastFullOfDenials || job.queuedAt < this.#reignBegan) return;
    this.#report("denial", address, `${job.id} has waited since ${job.queuedAt} and no denial is on record`);
  }

  #noteIntake(fact: Raw): void {
    const intake = fact["intake"] as { sequence: number; index: number | null } | null | undefined;
    if (intake == null) return;
    const point = intake.index === null ? String(intake.sequence) : `${intake.sequence}-${intake.index}`;
    const known = this.decided.get(point);
    if (known === undefined) this.decided.set(point, [String(fact["type"])]);
    else known.push(String(fact["type"]));
  }

  #notePeaks(): void {
    for (const pool of this.#capacities.keys())
      this.peaks.set(pool, Math.max(this.peaks.get(pool) ?? 0, this.used(pool)));
  }
}
