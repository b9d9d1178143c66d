/** The auditor's own picture of the world: pools, workers, jobs and all that takes slots, moved on by each fact as it is read. */

import type { Rule } from "./auditor.js";
import { type Demander, demandUnder, poolsOf } from "./auditor-demand.js";
import { type AuditedJob, AuditedJobs } from "./auditor-jobs.js";
import { AuditedReservations } from "./auditor-reservations.js";
import { grantedOutOfOrder, reservedOutOfOrder, startableNow } from "./auditor-rules.js";
import { AuditedSchedules } from "./auditor-schedules.js";
import { AuditedWorkers } from "./auditor-workers.js";

export type { JobAccount } from "./auditor-jobs.js";

/** JSON as it was read; nothing about it is believed beforehand. */
export type Raw = Readonly<Record<string, unknown>>;
export type Report = (rule: Rule, address: string, text: string) => void;
/** Where and when a fact stands. */
export interface Place {
  readonly address: string;
  readonly position: number;
  readonly at: string;
}

/** Bounds of an entry. One that comes to a bound may leave the rest to the next. */
const DENIALS_MAX = 500;
const STARTS_MAX = 500;
const ENTRY_BYTES = 900 * 1024;
const INPUT_FACTS_MAX = 2_000;
const INPUT_BYTES_MAX = 256 * 1024;

export class AuditedWorld {
  readonly jobs: AuditedJobs;
  readonly workers: AuditedWorkers;
  readonly reservations: AuditedReservations;
  readonly schedules: AuditedSchedules;
  readonly peaks = new Map<string, number>();
  readonly decided = new Map<string, string[]>();
  readonly paused = new Set<string>();
  limits: Raw = { global: 1 };
  #capacities = poolsOf(this.limits);
  #epoch = 0;
  readonly #report: Report;
  /** Who could have started at the end of an entry; forgiven if the reign ends by a drain (CON-003). */
  #idle: { address: string; text: string }[] = [];
  /** The worker inside has left: until the next reign nothing is started any more. */
  #isDrained = false;
  /** The last entry that came to a bound: not every denial can be asked for after it. */
  #lastCutShort = 0;
  #reignBegan = 0;
  #leader = "";
  readonly #toldToStop = new Set<string>();
  /** Entries of a leader since it was told to stop. */
  #sinceStop = 0;

  constructor(report: Report, from?: AuditedWorld) {
    this.#report = report;
    this.jobs = from?.jobs.copy(report) ?? new AuditedJobs(report);
    this.workers = from?.workers.copy(this.jobs, report) ?? new AuditedWorkers(this.jobs, report);
    this.reservations = from?.reservations.copy(report) ?? new AuditedReservations(report);
    this.schedules = from?.schedules.copy(report) ?? new AuditedSchedules(report);
  }

  /** A picture of its own, to go on from here in another way: what breaks a rule there is told to `report`. */
  copy(report: Report): AuditedWorld {
    const copy = new AuditedWorld(report, this);
    for (const [pool, peak] of this.peaks) copy.peaks.set(pool, peak);
    for (const [point, facts] of this.decided) copy.decided.set(point, [...facts]);
    for (const pool of this.paused) copy.paused.add(pool);
    copy.limits = this.limits;
    copy.#capacities = this.#capacities;
    copy.#epoch = this.#epoch;
    copy.#idle = [...this.#idle];
    copy.#isDrained = this.#isDrained;
    copy.#lastCutShort = this.#lastCutShort;
    copy.#reignBegan = this.#reignBegan;
    return copy;
  }

  /** The dispatcher that was elected last. */
  get leader(): string {
    return this.#leader;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get capacities(): ReadonlyMap<string, number> {
    return this.#capacities;
  }

  /** `bytes`: the length of the entry as it is stored. */
  entry(position: number, entry: Raw, bytes: number): void {
    const facts = entry["facts"] as readonly Raw[];
    const at = String(entry["at"]);
    this.#checkStopping(position, facts);
    this.#checkEpoch(position, Number(entry["epoch"]), facts[0] ?? {});
    for (const [index, fact] of facts.entries())
      this.#fact(fact, { address: `${position}.${index}`, position, at }, facts);
    const count = (type: string) => facts.filter((fact) => fact["type"] === type).length;
    const isFull = bytes >= ENTRY_BYTES;
    const mayHaveLeftStarts = isFull || count("StartGranted") >= STARTS_MAX;
    if (mayHaveLeftStarts || count("StartDenied") >= DENIALS_MAX) this.#lastCutShort = position;
    if (!this.#isDrained && !mayHaveLeftStarts)
      for (const id of startableNow(this))
        this.#idle.push({ address: String(position), text: `${id} could start and does not` });
    if (!isFull) this.jobs.groups.check(String(position));
    if (facts.length < INPUT_FACTS_MAX && bytes < INPUT_BYTES_MAX) this.#checkTimes(String(position), at);
    this.jobs.forget();
  }

  end(position: number): void {
    this.#settleIdle(this.#isStopping);
    if (this.#isDrained) return;
    for (const job of this.jobs.waiting()) this.#checkDenied(job, position + 1, String(position));
  }

  /** Somebody has told this dispatcher to stop: from now on it starts nothing (CON-003). For auditors who see that. */
  toldToStop(dispatcher: string): void {
    if (dispatcher === this.#leader && !this.#isStopping) {
      this.#settleIdle(false);
      this.#sinceStop = 0;
    }
    this.#toldToStop.add(dispatcher);
  }

  get #isStopping(): boolean {
    return this.#toldToStop.has(this.#leader);
  }

  /** One entry may have been on its way when it was told. */
  #checkStopping(position: number, facts: readonly Raw[]): void {
    if (!this.#isStopping || facts[0]?.["type"] === "DispatcherElected") return;
    this.#sinceStop += 1;
    const index = facts.findIndex(({ type }) => type === "StartGranted" || type === "ReservationGranted");
    if (this.#sinceStop > 1 && index >= 0)
      this.#report(
        "stopping",
        `${position}.${index}`,
        "something is granted by a dispatcher that was told to stop before",
      );
  }

  /** Units of a pool that jobs and reservations hold. */
  used(pool: string): number {
    let used = 0;
    for (const job of this.jobs.holding()) used += demandUnder(job, this.#capacities).get(pool) ?? 0;
    for (const one of this.reservations.active()) used += demandUnder(one, this.#capacities).get(pool) ?? 0;
    return used;
  }

  #checkEpoch(position: number, epoch: number, first: Raw): void {
    const elected = first["type"] === "DispatcherElected";
    if (elected) {
      if (Number(first["epoch"]) !== this.#epoch + 1 || epoch !== this.#epoch + 1)
        this.#report("epoch", String(position), `epoch ${epoch} does not follow ${this.#epoch}`);
      this.#settleIdle(this.#isStopping);
      this.#isDrained = false;
      this.#leader = String(first["dispatcher"]);
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

  /** What has come to its time is on record in the same entry. */
  #checkTimes(address: string, at: string): void {
    for (const name of this.schedules.due(at)) this.#report("late", address, `${name} is due and has not fired`);
    for (const { id, dueAt } of this.jobs.due(at)) this.#report("late", address, `${id} was due at ${dueAt}`);
  }

  #fact(fact: Raw, place: Place, entry: readonly Raw[]): void {
    const { address } = place;
    this.#noteIntake(fact);
    switch (fact["type"]) {
      case "DispatcherElected":
      case "CommandRefused":
      case "IntakeOpened":
      case "IntakeReplaced":
        return;
      case "RetentionChanged":
        this.jobs.finishedKept = Number(fact["finishedJobsMax"]);
        return;
      case "WebhookFailed":
        return;
      case "WorkerJoined":
        return this.workers.join(fact, address);
      case "WorkerLeft":
        if (!this.workers.leave(fact, address)) return;
        this.#isDrained = true;
        return this.#settleIdle(true);
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
      case "GroupCancelRequested":
      case "GroupEnded":
        return this.jobs.groups.fact(fact, address);
      case "ReservationGranted":
        return this.#grantReservation(fact, address);
      case "ReservationRequested":
      case "ReservationReleased":
      case "ReservationExpired":
        return this.reservations.fact(fact, address);
      case "ScheduleSet":
      case "ScheduleRemoved":
      case "ScheduleEnabled":
      case "ScheduleDisabled":
      case "ScheduleFired":
      case "ScheduleMissed":
        return this.schedules.fact(fact, place, entry);
      case "StartGranted":
        return this.#grant(fact, place);
      default:
        this.jobs.fact(fact, place);
    }
  }

  #grant(fact: Raw, place: Place): void {
    const { address, position } = place;
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
    this.#checkSlots(job, fact, address);
    this.workers.checkSeat(job, String(fact["worker"]), address);
    const passed = grantedOutOfOrder(this, job, new Set((fact["overtook"] ?? []) as readonly string[]));
    if (passed !== null) this.#report("order", address, passed);
    this.jobs.grant(job, fact, place, Number(this.limits["maxOvertakes"] ?? 0));
    this.#notePeaks();
  }

  #grantReservation(fact: Raw, address: string): void {
    const reservation = this.reservations.granting(fact, this.#capacities, address);
    if (reservation === undefined) return;
    this.#checkSlots(reservation, fact, address);
    const passed = reservedOutOfOrder(this, reservation);
    if (passed !== null) this.#report("order", address, passed);
    reservation.isActive = true;
    this.#notePeaks();
  }

  /** What is granted is what is demanded, and there is room for it (INV-003). */
  #checkSlots(taker: Demander, fact: Raw, address: string): void {
    const demand = demandUnder(taker, this.#capacities);
    const claimed = fact["demand"] as Readonly<Record<string, number>>;
    const isSame =
      Object.keys(claimed).length === demand.size && [...demand].every(([pool, units]) => claimed[pool] === units);
    if (!isSame)
      this.#report(
        "demand",
        address,
        `${taker.id} was granted ${JSON.stringify(claimed)} and demands ${JSON.stringify([...demand])}`,
      );
    for (const [pool, units] of demand) {
      const used = this.used(pool);
      const capacity = this.#capacities.get(pool) ?? 0;
      if (used + units > capacity)
        this.#report("capacity", address, `${pool}: ${used} of ${capacity} in use, ${taker.id} takes ${units}`);
      if (this.paused.has(pool)) this.#report("capacity", address, `${pool} is paused and ${taker.id} takes of it`);
    }
  }

  /** Whoever still waits after the turn in which it came has a denial on record, unless a bound or a new reign came between. */
  #checkDenied(job: AuditedJob, position: number, address: string): void {
    if (job.deniedSince || job.queuedAt >= position) return;
    if (job.queuedAt <= this.#lastCutShort || job.queuedAt < this.#reignBegan) return;
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
