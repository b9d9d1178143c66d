/**
 * Groups: jobs that belong together (INV-006). Members of a sequential one run one after the other, in their order, and it stops
 * when one of them finally fails (DEC-012). A plain Map that only the fold touches: a group may have 100,000 members.
 *
 * A member of a sequential group is submitted as scheduled; while it is another one's turn it is held, and is not due. So of those
 * that came together the first in order begins, not the first to come.
 */
import type { GroupStatus, Membership } from "../events/facts.js";
import type { GroupId, JobId } from "../events/names.js";
import { isTerminal, type JobState } from "../events/states.js";
import type { KeptGroup } from "./checkpoint/kept.js";
import { compareText, type JobRow, noJobs, stateOf } from "./jobs.js";
import { SortedList } from "./sorted-list.js";

export interface Group {
  readonly id: GroupId;
  readonly sequential: boolean;
  /** The members that the index still knows, in the order in which they were submitted. */
  readonly members: Set<JobRow>;
  /** The members that have not ended, in the order in which they run. */
  readonly live: SortedList<JobRow>;
  /** How many members there are and were, by their state. */
  readonly counts: Record<JobState, number>;
  /** Whose turn it is in a sequential group; null if nobody's. */
  turn: JobRow | null;
  /** Why the members that have not ended are to be cancelled; null: they are not. */
  stopReason: string | null;
  /** True once somebody has asked to cancel all of it. */
  cancelRequested: boolean;
  /** As recorded, when the last member had ended; null while one has not. */
  ended: Exclude<GroupStatus, "running"> | null;
}

/** The reason with which the rest of a sequential group is cancelled (DEC-012). */
export const PREDECESSOR_FAILED = "predecessor failed";

export class Groups {
  readonly #groups = new Map<GroupId, Group>();
  /** Groups of which something is to be decided: an end to record, or members to cancel. */
  readonly #unsettled = new Set<Group>();

  get all(): ReadonlyMap<GroupId, Group> {
    return this.#groups;
  }

  get unsettled(): ReadonlySet<Group> {
    return this.#unsettled;
  }

  /**
   * Takes in a new member. Returns the one whose turn it was, if it has not begun yet and the new one comes before it. Throws if
   * the new one may not be what it is: only one member of a sequential group has its turn (DEC-012).
   */
  join(row: JobRow, { id, sequential }: Membership): JobRow | null {
    const group = this.#groups.get(id) ?? this.#found(id, sequential);
    if (group.sequential !== sequential) throw new Error(`group ${id} is ${group.sequential ? "" : "not "}sequential`);
    const state = stateOf(row);
    group.members.add(row);
    group.live.add(row);
    group.counts[state] += 1;
    group.ended = null;
    const { turn } = group;
    const isNext = turn === null || (stateOf(turn) === "scheduled" && compareMembers(row, turn) < 0);
    if (sequential && group.stopReason === null && isNext) group.turn = row;
    if (this.isHeld(row) && state !== "scheduled") throw new Error(`${row.id} is ${state} before its turn in ${id}`);
    this.#settle(group);
    return group.turn === turn ? null : turn;
  }

  /** A member has come to another state. Returns the member whose turn it is now, if it has just become so. */
  moved(row: JobRow, before: JobState): JobRow | null {
    const group = this.#groupOf(row);
    if (group === null) return null;
    const state = stateOf(row);
    group.counts[before] -= 1;
    group.counts[state] += 1;
    if (!isTerminal(state)) return null;
    group.live.delete(row);
    if (group.sequential && state === "failed") group.stopReason ??= PREDECESSOR_FAILED;
    this.#settle(group);
    if (group.turn !== row) return null;
    group.turn = group.stopReason === null ? (group.live.first ?? null) : null;
    return group.turn;
  }

  /** True for a member of a sequential group whose turn it is not: its time does not come before. */
  isHeld(row: JobRow): boolean {
    const group = this.#groupOf(row);
    return group?.sequential === true && group.turn !== row;
  }

  requestCancel(id: GroupId, reason: string): void {
    const group = this.#must(id);
    group.stopReason = reason;
    group.cancelRequested = true;
    this.#settle(group);
  }

  end(id: GroupId, status: Exclude<GroupStatus, "running">): void {
    const group = this.#must(id);
    if (statusOf(group) !== status) throw new Error(`group ${id} is ${statusOf(group)} (INV-006)`);
    group.ended = status;
    this.#settle(group);
    this.#forgetEmpty(group);
  }

  /** The index forgets a finished member; a group whose members are all forgotten goes with the last. */
  forget(row: JobRow): void {
    const group = this.#groupOf(row);
    if (group === null) return;
    group.members.delete(row);
    this.#forgetEmpty(group);
  }

  /** The same groups, of the copies that `copyOf` has made of their members. */
  clone(copyOf: (row: JobRow) => JobRow): Groups {
    const copy = new Groups();
    for (const [id, group] of this.#groups) {
      const own: Group = {
        ...group,
        members: new Set([...group.members].map(copyOf)),
        live: group.live.clone(copyOf),
        counts: { ...group.counts },
        turn: group.turn === null ? null : copyOf(group.turn),
      };
      copy.#groups.set(id, own);
    }
    for (const { id } of this.#unsettled) copy.#unsettled.add(copy.#must(id));
    return copy;
  }

  /** Takes over what was kept of other groups, with the rows of their members in the order in which they were submitted. */
  restore(
    groups: readonly KeptGroup[],
    unsettled: readonly GroupId[],
    rows: readonly JobRow[],
    jobs: ReadonlyMap<JobId, JobRow>,
  ): void {
    for (const { turn, ...kept } of groups) {
      const whose = turn === null ? null : (jobs.get(turn) ?? null);
      const own = { members: new Set<JobRow>(), live: new SortedList(compareMembers), turn: whose };
      this.#groups.set(kept.id, { ...kept, ...own });
    }
    for (const row of rows) {
      const group = this.#groupOf(row);
      if (group === null) continue;
      group.members.add(row);
      if (!isTerminal(stateOf(row))) group.live.add(row);
    }
    for (const id of unsettled) this.#unsettled.add(this.#must(id));
  }

  #forgetEmpty(group: Group): void {
    if (group.members.size === 0 && group.ended !== null) this.#groups.delete(group.id);
  }

  #settle(group: Group): void {
    const isOpen = group.live.size > 0 ? group.stopReason !== null : group.ended === null;
    if (isOpen) this.#unsettled.add(group);
    else this.#unsettled.delete(group);
  }

  #found(id: GroupId, sequential: boolean): Group {
    const group: Group = {
      id,
      sequential,
      members: new Set(),
      live: new SortedList(compareMembers),
      counts: noJobs(),
      turn: null,
      stopReason: null,
      cancelRequested: false,
      ended: null,
    };
    this.#groups.set(id, group);
    return group;
  }

  #groupOf(row: JobRow): Group | null {
    const id = row.spec?.group?.id;
    return id === undefined ? null : (this.#groups.get(id) ?? null);
  }

  #must(id: GroupId): Group {
    const group = this.#groups.get(id);
    if (group === undefined) throw new Error(`there is no group ${id}`);
    return group;
  }
}

/** How a group stands (INV-006). A skipped member had nothing to do, and counts as completed. */
export function statusOf({ live, counts }: Group): GroupStatus {
  if (live.size > 0) return "running";
  if (counts.failed + counts.cancelled === 0) return "completed";
  return counts.failed + counts.completed + counts.skipped === 0 ? "cancelled" : "partial";
}

export function sizeOf({ counts }: Group): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** By their order, then as they came. Nothing of it ever changes, unlike the position. */
function compareMembers(a: JobRow, b: JobRow): number {
  return (
    (a.spec?.group?.order ?? 0) - (b.spec?.group?.order ?? 0) ||
    compareAddresses(a.addresses, b.addresses) ||
    compareText(a.id, b.id)
  );
}

function compareAddresses(
  [position = 0, index = 0]: readonly number[],
  [other = 0, at = 0]: readonly number[],
): number {
  return position - other || index - at;
}
