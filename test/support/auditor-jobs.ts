/** The auditor's account of each job: its state, its live grant, its attempts, moved on by the facts about it. */
import type { Demander } from "./auditor-demand.js";
import { AuditedGroups, type Membership } from "./auditor-groups.js";
import { holdsSlots, isEnd, isJobFact, isMishap, stateAfter } from "./auditor-life.js";
import type { Place, Raw, Report } from "./auditor-world.js";

export interface AuditedJob extends Demander {
  readonly type: string;
  readonly createdAt: string;
  readonly maxAttempts: number;
  readonly group: Membership | null;
  /** It was the so-many-th to be created. */
  readonly number: number;
  priority: number;
  place: number;
  state: string;
  /** The live grant; null if there is none. */
  grant: number | null;
  worker: string | null;
  attempts: number;
  /** Whether the live attempt is on record as having begun. */
  hasBegun: boolean;
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

/** Finished jobs beyond this many are forgotten, oldest first, unless the ledger says another number. */
const FINISHED_KEPT_DEFAULT = 100_000;

export class AuditedJobs {
  readonly groups: AuditedGroups;
  finishedKept = FINISHED_KEPT_DEFAULT;
  readonly #all = new Map<string, AuditedJob>();
  readonly #waiting = new Set<AuditedJob>();
  readonly #holding = new Set<AuditedJob>();
  /** Those that wait for a time. */
  readonly #timed = new Set<AuditedJob>();
  readonly #open = new Set<AuditedJob>();
  /** Those that have ended and are not forgotten, oldest first. */
  readonly #finished = new Set<AuditedJob>();
  readonly #forgotten = new Set<AuditedJob>();
  #made = 0;
  readonly #report: Report;

  constructor(report: Report, groups = new AuditedGroups(report)) {
    this.#report = report;
    this.groups = groups;
  }

  /** An account of its own, to go on from here in another way. */
  copy(report: Report): AuditedJobs {
    const copies = new Map<AuditedJob, AuditedJob>();
    const copied = (job: AuditedJob): AuditedJob => {
      const own = copies.get(job) ?? { ...job, grants: [...job.grants] };
      copies.set(job, own);
      return own;
    };
    const copy = new AuditedJobs(report, this.groups.copy(report, copied));
    copy.finishedKept = this.finishedKept;
    copy.#made = this.#made;
    for (const [id, job] of this.#all) copy.#all.set(id, copied(job));
    for (const job of this.#waiting) copy.#waiting.add(copied(job));
    for (const job of this.#holding) copy.#holding.add(copied(job));
    for (const job of this.#timed) copy.#timed.add(copied(job));
    for (const job of this.#finished) copy.#finished.add(copied(job));
    for (const job of this.#forgotten) copy.#forgotten.add(copied(job));
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

  /** Those that have not come to an end. */
  open(): ReadonlySet<AuditedJob> {
    return this.#open;
  }

  accounts(): ReadonlyMap<string, JobAccount> {
    return this.#all;
  }

  /** Jobs whose time has come by `at`, and whose turn it is. */
  due(at: string): readonly AuditedJob[] {
    return [...this.#timed].filter((job) => (job.dueAt ?? at) <= at && !this.groups.isHeld(job));
  }

  grant(job: AuditedJob, fact: Raw, { address, position }: Place, overtakesMax: number): void {
    if (fact["attempt"] !== job.attempts + 1)
      this.#report("attempts", address, `${job.id}: attempt ${String(fact["attempt"])} follows ${job.attempts}`);
    if (job.attempts >= job.maxAttempts)
      this.#report("attempts", address, `${job.id} has had all its ${job.maxAttempts} attempts`);
    this.groups.mayStart(job, address);
    job.attempts += 1;
    job.hasBegun = false;
    job.grant = position;
    job.grants.push(position);
    job.worker = String(fact["worker"]);
    this.#move(job, "granted", position);
    for (const id of (fact["overtook"] ?? []) as readonly string[]) {
      const passed = this.#all.get(id);
      if (passed === undefined) continue;
      passed.overtaken += 1;
      if (passed.overtaken > overtakesMax)
        this.#report("order", address, `${id} was overtaken ${passed.overtaken} times, ${overtakesMax} are allowed`);
    }
  }

  /** Any fact of a job but a grant. */
  fact(fact: Raw, place: Place): void {
    const type = String(fact["type"]);
    const id = String(fact["job"]);
    const job = this.#all.get(id);
    const wrong = (text: string) => this.#report("life", place.address, text);
    if (type === "JobSubmitted" || type === "JobRejected") {
      if (job !== undefined && !this.#forgotten.has(job)) return wrong(`${id} is there already`);
      return this.#create(fact, id, place);
    }
    if (job === undefined) return wrong(`${type} about ${id}, which is unknown`);
    if (type === "SubmissionDuplicated")
      return this.#forgotten.has(job) ? wrong(`${id} is forgotten, and its id was free`) : undefined;
    if (!isJobFact(type)) return wrong(`${type} is not a fact that this auditor knows`);
    if (isEnd(job.state))
      return this.#report("terminal", place.address, `${type} about ${id}, which is ${job.state} already`);
    if ("grant" in fact && fact["grant"] !== job.grant)
      return this.#report("live-grant", place.address, `${id}: grant ${fact["grant"]} speaks, ${job.grant} is live`);
    if (type === "JobAmended" && job.attempts > 0)
      this.#report("fixed", place.address, `${id} was granted a start and is fixed`);
    const after = stateAfter(type, job.state);
    if (after === null) return wrong(`${type} about ${id}, which is ${job.state}`);
    this.#change(job, fact, after, place);
  }

  /** At the end of an entry, the oldest finished jobs beyond the number kept are forgotten. */
  forget(): void {
    for (const job of this.#finished) {
      if (this.#finished.size <= this.finishedKept) return;
      this.#finished.delete(job);
      this.#forgotten.add(job);
      this.groups.forget(job);
    }
  }

  #create(fact: Raw, id: string, { address, position }: Place): void {
    const spec = (fact["spec"] ?? {}) as Raw;
    this.#made += 1;
    const job: AuditedJob = {
      id,
      type: String(spec["type"] ?? fact["jobType"]),
      resources: (spec["resources"] ?? {}) as Readonly<Record<string, number>>,
      createdAt: String(fact["createdAt"]),
      maxAttempts: Number(spec["maxAttempts"] ?? 0),
      group: (spec["group"] ?? null) as Membership | null,
      number: this.#made,
      priority: Number(spec["priority"] ?? 0),
      place: Number(fact["position"] ?? 0),
      state: "new",
      grant: null,
      worker: null,
      attempts: 0,
      hasBegun: false,
      overtaken: 0,
      dueAt: (fact["runAt"] ?? null) as string | null,
      queuedAt: position,
      deniedSince: false,
      grants: [],
    };
    const original = fact["retryOf"] == null ? null : this.#all.get(String(fact["retryOf"]));
    if (original !== null && (original === undefined || !isEnd(original.state)))
      this.#report("life", address, `${id} repeats ${String(fact["retryOf"])}, which has not ended`);
    this.#all.set(id, job);
    const isRejected = fact["type"] === "JobRejected";
    const state = isRejected ? "rejected" : job.dueAt === null ? "queued" : "scheduled";
    this.groups.join(job, state, address);
    this.#move(job, state, position);
  }

  #change(job: AuditedJob, fact: Raw, after: string, place: Place): void {
    const { address, at, position } = place;
    switch (fact["type"]) {
      case "JobDue":
        if (job.dueAt === null || at < job.dueAt)
          this.#report("early", address, `${job.id} is due at ${job.dueAt}, not ${at}`);
        this.groups.mayBeDue(job, address);
        break;
      case "JobAmended":
        if (fact["priority"] !== undefined) job.priority = Number(fact["priority"]);
        return;
      case "JobMoved":
        job.place = Number(fact["position"]);
        return;
      case "StartDenied":
        job.deniedSince = true;
        return;
      case "RunStarted":
        if (job.hasBegun) this.#report("attempts", address, `${job.id}: attempt ${job.attempts} has begun twice`);
        job.hasBegun = true;
        break;
      case "RunFailed":
      case "RunTimedOut":
      case "LeaseExpired":
        return this.#fail(job, fact, after, place);
    }
    if (after !== job.state) this.#move(job, after, position);
    if (fact["type"] === "JobCancelled" || fact["type"] === "CancelRequested")
      this.groups.cancelled(job, String(fact["reason"]));
  }

  #fail(job: AuditedJob, fact: Raw, end: string, { address, position }: Place): void {
    const wrong = (text: string) => this.#report("attempts", address, `${job.id} ${text}`);
    const isLast = job.attempts >= job.maxAttempts;
    job.dueAt = fact["retryAt"] as string | null;
    if (job.dueAt === null) {
      if (isMishap(String(fact["type"])) && end === "failed" && !isLast)
        wrong(`is given up after ${job.attempts} of ${job.maxAttempts} attempts`);
      return this.#move(job, end, position);
    }
    if (job.state === "cancelling") wrong("was cancelled and is to be tried again");
    if (isLast) wrong(`has had all its ${job.maxAttempts} attempts and is to be tried again`);
    this.#move(job, "retrying", position);
  }

  #move(job: AuditedJob, to: string, position: number): void {
    job.state = to;
    if (!holdsSlots(to)) job.grant = null;
    for (const list of [this.#waiting, this.#holding, this.#timed, this.#open]) list.delete(job);
    if (!isEnd(to)) this.#open.add(job);
    if (holdsSlots(to)) this.#holding.add(job);
    else if (to === "scheduled" || to === "retrying") this.#timed.add(job);
    else if (isEnd(to)) {
      this.#finished.add(job);
      this.groups.ended(job);
    }
    if (to !== "queued") return;
    job.queuedAt = position;
    job.deniedSince = false;
    job.overtaken = 0;
    this.#waiting.add(job);
  }
}
