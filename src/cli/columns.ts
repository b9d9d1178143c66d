/** The columns of a csv, for each thing that is listed. All that an item has: the compiler says so when it gets more. */
import type {
  GroupListItem,
  JobListItem,
  PoolView,
  QueueItem,
  ReservationView,
  ScheduleView,
  WorkersView,
} from "../../projections/views/views.js";
import type { Columns } from "./printing.js";

function allOf<T>(fields: Record<keyof Required<T> & string, true>): Columns<T> {
  // The keys of the record are the item's.
  return Object.keys(fields) as (keyof T & string)[];
}

export const JOB_COLUMNS = allOf<JobListItem>({
  ...{ id: true, type: true, state: true, priority: true, position: true, createdAt: true, demand: true },
  ...{ labels: true, attempt: true, maxAttempts: true, attempts: true, reason: true, retryOf: true, group: true },
});

export const QUEUE_COLUMNS = allOf<QueueItem>({
  ...{ place: true, job: true, type: true, priority: true, position: true, createdAt: true, attempt: true },
  ...{ demand: true, blockedBy: true, forecast: true },
});

export const POOL_COLUMNS = allOf<PoolView>({
  ...{ name: true, capacity: true, used: true, free: true, paused: true, waiting: true },
  ...{ waitingReservations: true, holders: true },
});

export const WORKER_COLUMNS = allOf<WorkersView["workers"][number]>({
  ...{ id: true, host: true, pid: true, joinedAt: true, capacity: true, used: true, free: true },
  ...{ types: true, remote: true, leaving: true, jobs: true },
});

export const GROUP_COLUMNS = allOf<GroupListItem>({
  ...{ id: true, status: true, sequential: true, total: true, ended: true, counts: true, turn: true, reason: true },
});

export const SCHEDULE_COLUMNS = allOf<ScheduleView>({
  ...{ name: true, template: true, cron: true, timezone: true, enabled: true, nextAt: true, lastAt: true },
  ...{ lastJob: true, fired: true, missed: true, missedCount: true, source: true },
});

export const RESERVATION_COLUMNS = allOf<ReservationView>({
  ...{ id: true, state: true, place: true, holder: true, leaseMs: true, requestedAt: true, demand: true },
  ...{ grant: true, since: true, blockedBy: true },
});
