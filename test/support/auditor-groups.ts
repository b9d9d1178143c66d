/**
 * The auditor's account of groups: how each stands (INV-006), whose turn it is in a sequential one and what becomes of the rest
 * when a member finally fails (DEC-012), and that nobody starts in a group that was stopped.
 */
import type { AuditedJob } from "./auditor-jobs.js";
import { isEnd } from "./auditor-life.js";
import type { Raw, Report } from "./auditor-world.js";

export interface Membership {
  readonly id: string;
  readonly order: number;
  readonly sequential: boolean;
}

interface AuditedGroup {
  readonly id: string;
  readonly sequential: boolean;
  /** The members that have not ended. */
  readonly live: Set<AuditedJob>;
  readonly ends: { done: number; failed: number; cancelled: number };
  members: number;
  /** Members that are not forgotten. */
  known: number;
  turn: AuditedJob | null;
  stop: { readonly reason: string; saidSo: boolean; saidOther: boolean } | null;
  /** True while its end stands on record. */
  isRecorded: boolean;
}

const PREDECESSOR_FAILED = "predecessor failed";
/** What a cancel by hand says, where whoever asked gave no reason of their own. */
const ON_REQUEST = "cancelled on request";

export class AuditedGroups {
  readonly #all = new Map<string, AuditedGroup>();
  /** Groups about which something was said since they were last in order. */
  readonly #touched = new Set<AuditedGroup>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** An account of its own, of the jobs that `copyOf` makes of these. */
  copy(report: Report, copyOf: (job: AuditedJob) => AuditedJob): AuditedGroups {
    const copy = new AuditedGroups(report);
    for (const [id, group] of this.#all) {
      const { live, ends, turn, stop } = group;
      const own: AuditedGroup = {
        ...group,
        live: new Set([...live].map(copyOf)),
        ends: { ...ends },
        turn: turn === null ? null : copyOf(turn),
        stop: stop === null ? null : { ...stop },
      };
      copy.#all.set(id, own);
      if (this.#touched.has(group)) copy.#touched.add(own);
    }
    return copy;
  }

  /** Those that are not forgotten. */
  ids(): Iterable<string> {
    return this.#all.keys();
  }

  /** A new job in `state`; nothing happens if it belongs to no group. */
  join(job: AuditedJob, state: string, address: string): void {
    if (job.group === null) return;
    const { id, sequential } = job.group;
    const group = this.#all.get(id) ?? this.#found(id, sequential);
    if (group.sequential !== sequential)
      this.#wrong(address, `the members of ${id} do not agree on its being sequential`);
    group.members += 1;
    group.known += 1;
    group.live.add(job);
    group.isRecorded = false;
    const { turn } = group;
    const isNext = turn === null || (turn.state === "scheduled" && orderOf(job) < orderOf(turn));
    if (group.sequential && group.stop === null && isNext) group.turn = job;
    if (state !== "scheduled") this.#mayGo(group, job, address);
    this.#touched.add(group);
  }

  /** True for a member of a sequential group whose turn it is not. */
  isHeld(job: AuditedJob): boolean {
    const group = this.#of(job);
    return group?.sequential === true && group.turn !== job;
  }

  mayBeDue(job: AuditedJob, address: string): void {
    const group = this.#of(job);
    if (group !== null) this.#mayGo(group, job, address);
  }

  mayStart(job: AuditedJob, address: string): void {
    const reason = this.#of(job)?.stop?.reason;
    if (reason !== undefined) this.#wrong(address, `${job.id} is started, and its group was stopped: ${reason}`);
  }

  /** A cancel was asked for or carried out, with this reason. */
  cancelled(job: AuditedJob, reason: string): void {
    const stop = this.#of(job)?.stop ?? null;
    if (stop?.reason === reason) stop.saidSo = true;
    else if (stop !== null && reason !== ON_REQUEST) stop.saidOther = true;
  }

  ended(job: AuditedJob): void {
    const group = this.#of(job);
    if (group === null) return;
    group.live.delete(job);
    if (job.state === "failed") group.ends.failed += 1;
    else if (job.state === "cancelled") group.ends.cancelled += 1;
    else group.ends.done += 1;
    if (group.sequential && job.state === "failed") group.stop ??= stopped(PREDECESSOR_FAILED);
    if (group.turn === job) group.turn = group.stop === null ? next(group) : null;
    this.#touched.add(group);
  }

  /** A fact about a group as a whole. */
  fact(fact: Raw, address: string): void {
    const id = String(fact["group"]);
    const group = this.#all.get(id);
    if (group === undefined) return this.#wrong(address, `there is no group ${id}`);
    this.#touched.add(group);
    if (fact["type"] === "GroupCancelRequested") {
      if (group.live.size === 0) this.#wrong(address, `${id} is to be cancelled and has ended already`);
      group.stop = stopped(String(fact["reason"]));
      return;
    }
    if (group.isRecorded) this.#wrong(address, `the end of ${id} is on record already`);
    const status = statusOf(group);
    if (group.live.size > 0)
      this.#wrong(address, `${id} is said to have ended, and ${group.live.size} members have not`);
    if (fact["status"] !== status)
      this.#wrong(address, `${id} is said to be ${String(fact["status"])} and is ${status}`);
    if (fact["members"] !== group.members)
      this.#wrong(address, `${id} is said to have ${String(fact["members"])} members and has ${group.members}`);
    group.isRecorded = true;
  }

  /** What must be so at the end of an entry that is not full. */
  check(address: string): void {
    for (const group of this.#touched) {
      const { id, live, stop } = group;
      if (live.size === 0 && !group.isRecorded) this.#wrong(address, `${id} has ended and that is not on record`);
      if (stop === null) continue;
      const left = [...live].find(({ state }) => state !== "cancelling");
      if (left !== undefined) this.#wrong(address, `${id} was stopped and ${left.id} is not cancelled: ${stop.reason}`);
      // One may have been cancelled by hand at the same moment, for a reason of its own; but not all of them.
      if (stop.saidOther && !stop.saidSo) this.#wrong(address, `nobody in ${id} was cancelled for "${stop.reason}"`);
      stop.saidSo = false;
      stop.saidOther = false;
    }
    this.#touched.clear();
  }

  forget(job: AuditedJob): void {
    const group = this.#of(job);
    if (group === null) return;
    group.known -= 1;
    if (group.known === 0 && group.isRecorded) this.#all.delete(group.id);
  }

  /** In a sequential group only one member at a time is beyond `scheduled`, in the order of the members. */
  #mayGo(group: AuditedGroup, job: AuditedJob, address: string): void {
    if (!group.sequential) return;
    if (group.turn !== job) this.#wrong(address, `it is not the turn of ${job.id} in ${group.id}`);
    const other = [...group.live].find((one) => one !== job && one.state !== "scheduled" && !isEnd(one.state));
    if (other !== undefined) this.#wrong(address, `${other.id} of ${group.id} is ${other.state} beside ${job.id}`);
  }

  #found(id: string, sequential: boolean): AuditedGroup {
    const group: AuditedGroup = {
      ...{ id, sequential, live: new Set(), ends: { done: 0, failed: 0, cancelled: 0 } },
      ...{ members: 0, known: 0, turn: null, stop: null, isRecorded: false },
    };
    this.#all.set(id, group);
    return group;
  }

  #of(job: AuditedJob): AuditedGroup | null {
    return job.group === null ? null : (this.#all.get(job.group.id) ?? null);
  }

  #wrong(address: string, text: string): void {
    this.#report("group", address, text);
  }
}

const stopped = (reason: string) => ({ reason, saidSo: false, saidOther: false });

const orderOf = (job: AuditedJob): number => job.group?.order ?? 0;

/** By their order, then as they were submitted. */
function next({ live }: AuditedGroup): AuditedJob | null {
  return [...live].sort((a, b) => orderOf(a) - orderOf(b) || a.number - b.number)[0] ?? null;
}

function statusOf({ live, ends }: AuditedGroup): string {
  if (live.size > 0) return "running";
  const { done, failed, cancelled } = ends;
  if (failed + cancelled === 0) return "completed";
  return done + failed === 0 ? "cancelled" : "partial";
}
