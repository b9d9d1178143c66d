/** Groups as they are shown: how one stands, and its members. */
import type { GroupStatus } from "../../events/facts.js";
import type { GroupId, JobId } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import type { Fold } from "../fold.js";
import { type Group, sizeOf, statusOf } from "../groups.js";
import { type JobListItem, jobListItem } from "./view-jobs.js";

export interface GroupListItem {
  readonly id: GroupId;
  /** Decided for good only when every member has ended (INV-006). */
  readonly status: GroupStatus;
  readonly sequential: boolean;
  /** How many members there are, also those that the index has forgotten. */
  readonly total: number;
  /** How many of them have ended. */
  readonly ended: number;
  /** How many members are in each state that has some. */
  readonly counts: Readonly<Partial<Record<JobState, number>>>;
  /** In a sequential group, the member whose turn it is. */
  readonly turn: JobId | null;
  /** Why the members that are left are cancelled; null: they are not. */
  readonly reason: string | null;
}

export interface GroupView extends GroupListItem {
  /** In the order in which they run, or were submitted; a page of those that the index still knows. */
  readonly jobs: readonly JobListItem[];
}

export function groupsView(fold: Fold): GroupListItem[] {
  return [...fold.groups.all.values()].map(groupListItem);
}

/** Null if there is no such group. */
export function groupView(
  fold: Fold,
  id: string,
  { limit, offset }: { limit: number; offset: number },
): GroupView | null {
  const group = fold.groups.all.get(id as GroupId);
  if (group === undefined) return null;
  const order = (row: { spec: { group?: { order: number } } | null }): number => row.spec?.group?.order ?? 0;
  const members = group.sequential ? [...group.members].sort((a, b) => order(a) - order(b)) : [...group.members];
  const jobs = members.slice(offset, offset + limit).map((row) => jobListItem(row, fold));
  return { ...groupListItem(group), jobs };
}

export function groupListItem(group: Group): GroupListItem {
  const { id, sequential, live, turn, stopReason } = group;
  const total = sizeOf(group);
  const counts: Partial<Record<JobState, number>> = Object.fromEntries(
    Object.entries(group.counts).filter(([, count]) => count > 0),
  );
  return {
    ...{ id, status: statusOf(group), sequential, total, ended: total - live.size, counts },
    ...{ turn: turn?.id ?? null, reason: stopReason },
  };
}
