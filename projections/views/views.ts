/** What people and programs are shown of the projection (contract, section 4). Pure: a view is the fold at one position. */
export { gistOf } from "./view-gist.js";
export { type GroupListItem, type GroupView, groupListItem, groupsView, groupView } from "./view-groups.js";
export { type AddressedFact, type HistoryItem, historyOf } from "./view-history.js";
export {
  type AttemptView,
  compareNewestFact,
  endedLast,
  type JobListItem,
  type JobView,
  jobListItem,
  jobsPage,
  jobsView,
  jobView,
} from "./view-jobs.js";
export { type QueueItem, queueView } from "./view-queue.js";
export { type ReservationView, reservationsView, reservationView } from "./view-reservations.js";
export { type ScheduleView, schedulesView } from "./view-schedules.js";
export {
  type AsOf,
  type HealthView,
  type HolderView,
  healthView,
  type LimitsView,
  limitsView,
  type PoolView,
  type SlotsView,
  slotsView,
  type WorkersView,
  type WorkerView,
  workersView,
} from "./view-slots.js";
