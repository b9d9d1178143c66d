/** What can be asked about a namespace, and what is answered, whoever answers: the scheduler, or a ledger that is read. */

import type { Explanation } from "../../projections/explain/explain.js";
import type { PoolExplanation } from "../../projections/explain/explain-pool.js";
import type {
  GroupListItem,
  GroupView,
  HealthView,
  JobListItem,
  JobView,
  LimitsView,
  QueueItem,
  ReservationView,
  ScheduleView,
  SlotsView,
  WorkersView,
} from "../../projections/views/views.js";
import type { QueryName } from "../api/queries.js";
import type { Log } from "../log/log.js";
import type { Readable } from "./reader.js";

export interface Answers {
  readonly slots: SlotsView;
  readonly jobs: readonly JobListItem[];
  readonly job: JobView;
  readonly queue: readonly QueueItem[];
  readonly limits: LimitsView;
  readonly explain: Explanation;
  readonly "explain-pool": PoolExplanation;
  readonly workers: WorkersView;
  readonly health: HealthAnswer;
  readonly group: GroupView;
  readonly groups: readonly GroupListItem[];
  readonly schedules: readonly ScheduleView[];
  readonly reservations: readonly ReservationView[];
}

export interface HealthAnswer extends HealthView {
  /** Who answered: `reader` means that no scheduler did. */
  readonly role: "leader" | "standby" | "reader";
  readonly state: string;
  readonly dispatcher: string;
  readonly version: string;
}

export interface Questions {
  /** The namespace that is asked about; for an exported log, the one that it was exported from. */
  readonly namespace: string;
  /** Throws `ClientFailure`: `not-found`, or `refused` with the reason. */
  query<Name extends QueryName>(name: Name, args?: object): Promise<Answers[Name]>;
  /** The ledger itself, for reading. */
  ledger(): Promise<Log>;
  /** The ledger, and what shortens the folding of it. */
  readable(): Promise<Readable>;
  close(): Promise<void>;
}
