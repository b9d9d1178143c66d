/**
 * What the visualizer's page and its server say to each other: types only, for both sides. Everything is JSON over HTTP.
 *
 *     GET  /                        the page; /assets/… its bundle
 *     GET  /api/meta                Meta
 *     GET  /api/machines            MachinesAnswer
 *     GET  /api/stream              StreamEvents, as server-sent events
 *     GET  /api/board?at=           Board
 *     GET  /api/jobs?…              JobsAnswer      (JobsQuery)
 *     GET  /api/jobs/<id>?at=       JobAnswer
 *     GET  /api/facts?…             FactsAnswer     (FactsQuery)
 *     GET  /api/facts/<address>     FactAnswer
 *     GET  /api/slots/history?…     SlotHistory     (HistoryQuery)
 *     POST /api/whatif              WhatIfAnswer    (WhatIfQuestion)
 *     POST /api/actions/<verb>      ActionAnswer    (ActionRequest)
 *
 * The page is built to `dist/page/`: `index.html` with one module script and its style sheets in `assets/` (hashes in their names, no
 * other chunks: `ui --export` puts them into one file), and perhaps an icon beside it.
 *
 * `at`, `from`, `to`: a position (`812`) or an ISO 8601 time; absent is now, or the end. Lists in a query are repeated
 * (`state=queued&state=running`). Whatever is not answered with 2xx has a `Refusal` as its body.
 *
 * The token stands in the fragment of the URL that is printed: `http://127.0.0.1:8000/#token=…`. The page sends it in the header
 * `Signalbox-Token`: with every action; and with everything below /api if `Meta.needsToken` or a 401 says so. EventSource
 * cannot send headers, so the page reads the stream with `fetch`.
 *
 * Ids of jobs are keys of records here, and `constructor` is one that somebody may choose: look keys up with `Object.hasOwn`.
 */
import type { Fact } from "../../events/facts.js";
import type { Limits } from "../../events/limits.js";
import type { EntryId, Epoch, FactAddress, JobId, PoolName, Position } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import type { Diagram } from "../../machines/drawing.js";
import type { Explanation } from "../../projections/explain.js";
import type {
  AsOf,
  GroupListItem,
  HealthView,
  HolderView,
  JobListItem,
  JobView,
  PoolView,
  QueueItem,
  ReservationView,
  ScheduleView,
  WorkerView,
} from "../../projections/views.js";

// What is looked at

export interface Meta {
  readonly version: string;
  readonly namespace: string;
  /** `live`: a ledger that goes on. `capsule`: an exported one, which does not. */
  readonly source: "live" | "capsule";
  /** Whether actions are allowed at all. */
  readonly isActing: boolean;
  /** Whether reading needs the token too: the server listens to other machines. */
  readonly needsToken: boolean;
  /** Whether `whatif` is answered. */
  readonly hasWhatIf: boolean;
  /** The first and the last entry of the ledger; null while it is empty. */
  readonly first: AsOf | null;
  readonly head: AsOf | null;
}

/** The machines as they are in the code that runs, in the order in which they are told about. */
export interface MachinesAnswer {
  readonly machines: readonly Diagram[];
}

// The board

/** The first of a list, in its order, and how many there are in all. */
export interface FirstIds<Id extends string = JobId> {
  readonly total: number;
  readonly ids: readonly Id[];
}

/** The same with what is listed, by its id. */
export interface Listed<Id extends string, Item> extends FirstIds<Id> {
  readonly byId: Readonly<Record<Id, Item>>;
}

/**
 * Everything that is shown of one moment, bounded in size. A pure function of the fold at `position`; the numbers are those that
 * `signalbox slots`, `jobs`, `queue` give with `--at` there. Lists are `FirstIds`; the jobs in them stand once, in `jobs`.
 */
export interface Board extends AsOf {
  readonly epoch: Epoch;
  readonly leader: HealthView["leader"];
  /** How many jobs of the index are in each state. */
  readonly counts: Readonly<Record<JobState, number>>;
  readonly limits: Limits;
  /** True while nobody has set limits, so that the default holds. */
  readonly isDefaultLimits: boolean;
  readonly pools: Listed<PoolName, BoardPool>;
  /** Queued jobs in the order of granting, over all pools. */
  readonly waiting: FirstIds;
  /** Scheduled and retrying jobs, next first. Members of a sequential group whose turn it is not are counted, not listed. */
  readonly due: FirstIds;
  /** Jobs that have ended, newest first. */
  readonly ended: FirstIds;
  /** Each job that is named in a list here. */
  readonly jobs: Readonly<Record<JobId, BoardJob>>;
  readonly workers: Listed<string, WorkerView>;
  readonly schedules: Listed<string, ScheduleView>;
  /** The groups of the jobs that are named here; `total` counts all groups. */
  readonly groups: Listed<string, GroupListItem>;
  readonly reservations: Listed<string, ReservationView>;
}

/** A pool as `slots` shows it, its holders and its line bounded. `waiting` is the length of the whole line. */
export interface BoardPool extends Omit<PoolView, "holders"> {
  /** Jobs by their ids and reservations as `direct:<id>`, oldest grant first. */
  readonly holders: Listed<string, BoardHolder>;
  /** The first of those that wait for units of this pool, in the order of granting. Why each waits: `jobs[id].blockedBy`. */
  readonly line: readonly JobId[];
}

export interface BoardHolder extends HolderView {
  /** The length of its lease. It is renewed while the worker lives, which the ledger does not record: so its end is not known here. */
  readonly leaseMs: number;
}

export interface BoardJob {
  readonly id: JobId;
  readonly type: string | null;
  readonly state: JobState;
  readonly priority: number;
  readonly createdAt: string;
  /** The number of the latest attempt; 0 before the first grant. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Pool → units, under the limits in force. */
  readonly demand: Readonly<Record<string, number>>;
  readonly group: string | null;
  /** Of the latest attempt; null before the first. */
  readonly worker: string | null;
  readonly grantedAt: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** When a scheduled or retrying job is due. */
  readonly dueAt: string | null;
  /** Why it was rejected, skipped or cancelled, or what its last attempt died of. */
  readonly reason: string | null;
  /** Of a waiting job: what keeps it from starting now; empty if nothing does. Else null. */
  readonly blockedBy: QueueItem["blockedBy"] | null;
}

// The stream

/** A change of the board, as immer writes it. `src/ui/patches.ts` applies them. */
export interface Patch {
  readonly op: "add" | "remove" | "replace";
  readonly path: readonly (string | number)[];
  readonly value?: unknown;
}

/**
 * Server-sent events: the name is the key here, the data its JSON. The first is always `board`, after each reconnect too; every
 * `batch` follows on what came before it, in the same connection. `id` is the position of the board after the event.
 */
export interface StreamEvents {
  readonly board: Board;
  readonly batch: Batch;
  readonly progress: ProgressBatch;
  /** The server of the ledger is out of reach; what is shown is what was known. */
  readonly gone: { readonly reason: string };
  readonly back: Record<string, never>;
  /** The ledger cannot be followed any more: corrupt, or another one in its place. Nothing comes after this. */
  readonly broken: { readonly reason: string };
}
export type StreamEvent = {
  readonly [Name in keyof StreamEvents]: { name: Name; data: StreamEvents[Name] };
}[keyof StreamEvents];

/** What has happened since the event before: some entries, at least `BATCH_EVERY_MS` apart. */
export interface Batch extends AsOf {
  readonly patches: readonly Patch[];
  /** The newest of the facts, oldest first. */
  readonly facts: readonly FactLine[];
  /** So many older ones of the same batch are left out; `/api/facts` has them. */
  readonly left: number;
  /** Every transition that a job has made, counted: also those whose facts are left out. */
  readonly moves: readonly Move[];
}

/** An edge of the job machine, and how many jobs have taken it. */
export interface Move {
  /** Null: the job was new. */
  readonly from: JobState | null;
  readonly to: JobState;
  readonly fact: Fact["type"];
  readonly count: number;
}

/** What running jobs say meanwhile. Tokens of a model that came in a row are joined. */
export interface ProgressBatch {
  readonly items: readonly { readonly job: JobId; readonly progress: Progress }[];
  /** So many were left out, because too much came at once. */
  readonly left: number;
}
export type Progress =
  | { readonly kind: "tokens"; readonly text: string }
  /** Anything else that a runner told, as JSON text, cut where it is long. */
  | { readonly kind: "other"; readonly json: string };

// Jobs

export interface JobsQuery {
  readonly at?: string;
  readonly state?: readonly JobState[];
  readonly type?: string;
  /** Only jobs whose id, type, reason, group or a label has this text, in any case. */
  readonly text?: string;
  readonly offset?: number;
  readonly limit?: number;
}

/** In the order of `signalbox jobs`. */
export interface JobsAnswer extends AsOf {
  readonly jobs: readonly JobListItem[];
  /** How many match in all. */
  readonly total: number;
  readonly offset: number;
}

export interface JobAnswer extends AsOf {
  readonly job: JobView;
  readonly explanation: Explanation;
}

// Facts

/** A fact in one line. */
export interface FactLine {
  readonly address: FactAddress;
  readonly at: string;
  readonly type: Fact["type"];
  /** The job that it is about; else null. */
  readonly job: JobId | null;
  /** What matters about it, in a few words. */
  readonly gist: string;
  /** The job's state before and after, where the fact was seen while following; absent in pages of the log. */
  readonly from?: JobState | null;
  readonly to?: JobState;
}

export interface FactsQuery {
  /** Facts before this address or position, newest last. Absent, as `after` is: the last ones. */
  readonly before?: string;
  /** Facts after this address or position (not of the entry itself). */
  readonly after?: string;
  readonly limit?: number;
  /** Only facts whose line or JSON has this text, in any case. */
  readonly text?: string;
  readonly type?: readonly Fact["type"][];
  readonly job?: string;
}

export interface FactsAnswer {
  /** Oldest first, whichever way was asked. */
  readonly facts: readonly FactLine[];
  /** Ask with `before` this for what lies before; null: there is nothing. A search may give an empty page and go on. */
  readonly before: string | null;
  /** Ask with `after` this for what lies behind; null: that was the end. */
  readonly after: string | null;
}

/** One fact whole, with its entry. */
export interface FactAnswer {
  readonly line: FactLine;
  readonly fact: Fact;
  readonly entry: {
    readonly position: Position;
    readonly id: EntryId;
    readonly prev: EntryId | null;
    readonly epoch: Epoch;
    readonly at: string;
    /** When the server stored it. */
    readonly storedAt: string;
    readonly intake: { readonly sequence: number; readonly taken: number };
    /** How many facts it has. */
    readonly facts: number;
  };
  /** Where the fact itself says what it came from; null if it does not. */
  readonly cause: Cause | null;
}

export type Cause =
  /** A message of the intake, and the item if it was a batch. */
  | { readonly kind: "intake"; readonly sequence: number; readonly index: number | null }
  /** The grant of the attempt that it is about. */
  | { readonly kind: "grant"; readonly position: Position }
  /** Another job: the one that it is a retry of. */
  | { readonly kind: "job"; readonly job: JobId };

// The slots over time

export interface HistoryQuery {
  readonly from?: string;
  readonly to?: string;
  /** Only these pools. */
  readonly pool?: readonly string[];
}

export interface SlotHistory {
  readonly from: AsOf;
  readonly to: AsOf;
  /** Spans before this are not complete any more: older ones were forgotten. Null: all are there. */
  readonly completeFrom: AsOf | null;
  /** In the order of their grants. Empty where `coarse` says more. */
  readonly spans: readonly SlotSpan[];
  /** Too many spans for a page: units used over equal stretches of time instead. Null: the spans are all there. */
  readonly coarse: { readonly spans: number; readonly stepMs: number; readonly pools: readonly CoarseUse[] } | null;
  /** The pools' capacities at `from`, and each change of limits or pauses up to `to`. */
  readonly capacities: readonly CapacityChange[];
}

/** Units of one pool that one job or reservation held. */
export interface SlotSpan {
  readonly pool: PoolName;
  readonly units: number;
  /** The job, or the reservation. */
  readonly holder: string;
  readonly isReservation: boolean;
  readonly type: string | null;
  readonly attempt: number;
  readonly worker: string;
  readonly grant: Position;
  readonly from: string;
  /** Null: it holds them still. */
  readonly to: string | null;
  /** The fact that ended it. */
  readonly end: Fact["type"] | null;
}

export interface CoarseUse {
  readonly pool: PoolName;
  /** For each step from `from` on: the mean of the units in use, and how many grants began in it. */
  readonly used: readonly number[];
  readonly grants: readonly number[];
}

export interface CapacityChange extends AsOf {
  readonly pools: readonly { readonly name: PoolName; readonly capacity: number; readonly paused: boolean }[];
}

// What if

export interface WhatIfQuestion {
  readonly limits: Limits;
  readonly from?: string;
  readonly to?: string;
}

/** As `signalbox whatif -o json` gives it. */
export interface WhatIfAnswer {
  readonly report: unknown;
}

// Actions

/** As the command of the same name takes it (contract, section 1). */
export interface Actions {
  readonly cancel: { readonly id: string; readonly reason?: string };
  readonly retry: { readonly id: string };
  readonly move:
    | { readonly id: string; readonly first: true }
    | { readonly id: string; readonly last: true }
    | { readonly id: string; readonly before: string }
    | { readonly id: string; readonly after: string };
  readonly pause: { readonly pool: string };
  readonly resume: { readonly pool: string };
  /** `null` removes a limit. */
  readonly limits: {
    readonly set: {
      readonly global?: number | null;
      readonly types?: Readonly<Record<string, number | null>>;
      readonly resources?: Readonly<Record<string, number | null>>;
      readonly maxOvertakes?: number | null;
    };
  };
}
export type ActionVerb = keyof Actions;
export type ActionRequest<Verb extends ActionVerb> = Actions[Verb];

export interface ActionAnswer {
  readonly ok: true;
  /** The address of the first fact; null if everything was so already, and nothing was recorded. */
  readonly position: string | null;
  /** What was made: the new job of a retry. */
  readonly id?: string;
}

// Refusals

export type RefusalCode =
  /** The request itself is wrong. */
  | "invalid"
  /** There is no such job, fact, moment, path. */
  | "not-found"
  /** The token is missing or wrong. */
  | "token"
  /** Not from this page, not to this host, or no action is allowed. */
  | "forbidden"
  /** The scheduler refused; the message has its reason. */
  | "refused"
  /** Too much at once: too large, too long, too many streams. */
  | "too-much"
  /** The server of the ledger does not answer, or no scheduler does. */
  | "unavailable"
  /** A mistake of ours. */
  | "failed";

export interface Refusal {
  readonly error: { readonly code: RefusalCode; readonly message: string; readonly hint?: string };
}

// Where the page gets all this from

/**
 * What the page reads and does, whatever stands behind it: the server, or the capsule that is in the page itself. A method
 * rejects with `SourceFailure`-like errors that carry a `Refusal`'s code and message; it gives up when `signal` aborts.
 */
export interface Source {
  meta(): Promise<Meta>;
  machines(): Promise<MachinesAnswer>;
  board(at: string | undefined, signal: AbortSignal): Promise<Board>;
  jobs(query: JobsQuery, signal: AbortSignal): Promise<JobsAnswer>;
  job(id: string, at: string | undefined, signal: AbortSignal): Promise<JobAnswer>;
  facts(query: FactsQuery, signal: AbortSignal): Promise<FactsAnswer>;
  fact(address: string, signal: AbortSignal): Promise<FactAnswer>;
  history(query: HistoryQuery, signal: AbortSignal): Promise<SlotHistory>;
  whatif(question: WhatIfQuestion, signal: AbortSignal): Promise<WhatIfAnswer>;
  act<Verb extends ActionVerb>(verb: Verb, request: ActionRequest<Verb>): Promise<ActionAnswer>;
  /** Tells the events as they come, reconnecting for ever, until the returned function is called. */
  follow(listener: (event: StreamEvent) => void): () => void;
}

/**
 * A whole recording inside one page (`ui --export`): `<script type="application/json" id="capsule">`, `<` written as `\u003c`.
 * Boards stand at a bounded number of positions; between them the page shows the one before. A `Source` over it answers `jobs` and
 * `job` from `jobs`, whatever `at` is, and says so; `whatif` and `act` are refused.
 */
export interface Capsule {
  readonly version: 1;
  /** When the page was written. */
  readonly exportedAt: string;
  readonly meta: Meta;
  readonly machines: MachinesAnswer;
  /** In order; the first is a key frame. The board at a frame is the key frame at or before it with all patches since. */
  readonly frames: readonly Frame[];
  /** The last facts, oldest first, and how many older ones are left out. */
  readonly facts: readonly FactLine[];
  readonly factsLeft: number;
  /** Jobs at the end, in the order of `signalbox jobs`, and how many are left out. */
  readonly jobs: readonly JobAnswer[];
  readonly jobsLeft: number;
  readonly history: SlotHistory;
}

export type Frame =
  | { readonly kind: "key"; readonly board: Board }
  | { readonly kind: "delta"; readonly position: Position; readonly at: string; readonly patches: readonly Patch[] };
