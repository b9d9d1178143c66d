/** The auditor's account of each job: its state, its live grant, its attempts, moved on by the facts about it. */
import type { Raw, Report } from "./auditor-world.js";

export interface AuditedJob {
  readonly id: string;
  readonly type: string;
  readonly resources: Readonly<Record<string, number>>;
  readonly createdAt: string;
  readonly maxAttempts: number;
  priority: number;
  place: number;
  state: string;
  /** The live grant; null if there is none. */
  grant: number | null;
  worker: string | null;
  attempts: number;
  overtaken: number;
  dueAt: string | null;
  /** The entry in which it came to wait, and whether a denial was recorded since. */
  queuedAt: number;
  deniedSince: boolean;
  /** All grants that it ever had. */
  readonly grants: number[];
}

/** What became of a job. */
export type JobAccount = Readonly<Pick<AuditedJob, "id" | "type" | "state" | "attempts" | "grants">>;

const ENDS = new Set(["completed", "skipped", "failed", "cancelled", "rejected"]);
const HOLDS = new Set(["granted", "running", "cancelling"]);

export class AuditedJobs {
  readonly #all = new Map<string, AuditedJob>();
  readonly #waiting = new Set<AuditedJob>();
  readonly #holding = new Set<AuditedJob>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** An account of its own, to go on from here in another way. */
  copy(report: Report): AuditedJobs {
    const copy = new AuditedJobs(report);
    for (const job of this.#all.values()) {
      const own = { ...job, grants: [...job.grants] };
      copy.#all.set(own.id, own);
      if (this.#waiting.has(job)) copy.#waiting.add(own);
      if (this.#holding.has(job)) copy.#holding.add(own);
    }
    return copy;
  }

  get(id: string): AuditedJob | undefined {
    return this.#all.get(id);
  }

  waiting(): IterableIterator<AuditedJob> {
    return this.#waiting.values();
  }

  holding(): IterableIterator<AuditedJob> {
    return this.#holding.values();
  }

  accounts(): ReadonlyMap<string, JobAccount> {
    return this.#all;
  }

  grant(
    job: AuditedJob,
    fact: Raw,
    position: number,
    address: string,
    overtook: ReadonlySet<string>,
    overtakesMax: number,
  ): void {
    if (fact["attempt"] !== job.attempts + 1)
      this.#report("attempts", address, `${job.id}: attempt ${String(fact["attempt"])} follows ${job.attempts}`);
    if (job.attempts >= job.maxAttempts)
      this.#report("attempts", address, `${job.id} has had all its ${job.maxAttempts} attempts`);
    job.attempts += 1;
    job.grant = position;
    job.grants.push(position);
    job.worker = String(fact["worker"]);
    this.#move(job, "granted", position);
    for (const id of overtook) {
      const passed = this.#all.get(id);
      if (passed === undefined) continue;
      passed.overtaken += 1;
      if (passed.overtaken > overtakesMax)
        this.#report("order", address, `${id} was overtaken ${passed.overtaken} times, ${overtakesMax} are allowed`);
    }
  }

  /** Any fact of a job but a grant. */
  fact(fact: Raw, address: string, position: number, at: string): void {
    const id = String(fact["job"]);
    if (fact["type"] === "JobSubmitted" || fact["type"] === "JobRejected")
      return this.#create(fact, id, address, position);
    const job = this.#all.get(id);
    if (job === undefined)
      return this.#report("life", address, `${String(fact["type"])} about ${id}, which is unknown`);
    if (ENDS.has(job.state))
      return this.#report("terminal", address, `${String(fact["type"])} about ${id}, which is ${job.state} already`);
    if ("grant" in fact && fact["grant"] !== job.grant)
      return this.#report("live-grant", address, `${id}: grant ${String(fact["grant"])} speaks, ${job.grant} is live`);
    this.#change(job, fact, address, position, at);
  }

  #create(fact: Raw, id: string, address: string, position: number): void {
    if (this.#all.has(id)) return this.#report("life", address, `${id} is there already`);
    const spec = (fact["spec"] ?? {}) as Raw;
    const job: AuditedJob = {
      id,
      type: String(spec["type"] ?? fact["jobType"]),
      resources: (spec["resources"] ?? {}) as Readonly<Record<string, number>>,
      createdAt: String(fact["createdAt"]),
      maxAttempts: Number(spec["maxAttempts"] ?? 0),
      priority: Number(spec["priority"] ?? 0),
      place: Number(fact["position"] ?? 0),
      state: "new",
      grant: null,
      worker: null,
      attempts: 0,
      overtaken: 0,
      dueAt: (fact["runAt"] ?? null) as string | null,
      queuedAt: position,
      deniedSince: false,
      grants: [],
    };
    this.#all.set(id, job);
    this.#move(
      job,
      fact["type"] === "JobRejected" ? "rejected" : job.dueAt === null ? "queued" : "scheduled",
      position,
    );
  }

  #change(job: AuditedJob, fact: Raw, address: string, position: number, at: string): void {
    const type = String(fact["type"]);
    const from = (...states: readonly string[]): boolean => {
      if (states.includes(job.state)) return true;
      this.#report("life", address, `${type} about ${job.id}, which is ${job.state}`);
      return false;
    };
    switch (type) {
      case "JobDue":
        if (!from("scheduled", "retrying")) return;
        if (job.dueAt === null || at < job.dueAt)
          this.#report("early", address, `${job.id} is due at ${job.dueAt}, not ${at}`);
        return this.#move(job, "queued", position);
      case "JobAmended":
      case "JobMoved":
        if (job.attempts > 0 && type === "JobAmended")
          this.#report("fixed", address, `${job.id} was granted a start and is fixed`);
        if (fact["priority"] !== undefined) job.priority = Number(fact["priority"]);
        if (fact["position"] !== undefined) job.place = Number(fact["position"]);
        return void from("queued", "scheduled");
      case "StartDenied":
        job.deniedSince = true;
        return void from("queued");
      case "RunStarted":
        if (from("granted", "cancelling") && job.state === "granted") this.#move(job, "running", position);
        return;
      case "CancelRequested":
        if (from("granted", "running")) this.#move(job, "cancelling", position);
        return;
      case "JobCancelled":
        return this.#move(job, "cancelled", position);
      case "RunCompleted":
      case "RunSkipped":
        if (from("running", "cancelling")) this.#move(job, type === "RunSkipped" ? "skipped" : "completed", position);
        return;
      case "RunFailed":
      case "RunTimedOut":
      case "LeaseExpired":
        if (from("granted", "running", "cancelling"))
          this.#fail(job, fact["retryAt"] as string | null, address, position);
        return;
      default:
        this.#report("life", address, `${type} is not a fact that this auditor knows`);
    }
  }

  #fail(job: AuditedJob, retryAt: string | null, address: string, position: number): void {
    job.dueAt = retryAt;
    if (retryAt === null) return this.#move(job, job.state === "cancelling" ? "cancelled" : "failed", position);
    if (job.state === "cancelling")
      this.#report("attempts", address, `${job.id} was cancelled and is to be tried again`);
    if (job.attempts >= job.maxAttempts)
      this.#report(
        "attempts",
        address,
        `${job.id} has had all its ${job.maxAttempts} attempts and is to be tried again`,
      );
    this.#move(job, "retrying", position);
  }

  #move(job: AuditedJob, to: string, position: number): void {
    job.state = to;
    if (!HOLDS.has(to)) job.grant = null;
    this.#waiting.delete(job);
    this.#holding.delete(job);
    if (HOLDS.has(to)) this.#holding.add(job);
    if (to !== "queued") return;
    job.queuedAt = position;
    job.deniedSince = false;
    job.overtaken = 0;
    this.#waiting.add(job);
  }
}
