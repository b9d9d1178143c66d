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
import type { JobId, Position } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import type { Diagram } from "../../machines/drawing.js";
import type { AsOf } from "../../projections/views/views.js";
import type { Board } from "./protocol-board.js";
import type {
  ActionAnswer,
  ActionRequest,
  ActionVerb,
  FactAnswer,
  FactLine,
  FactsAnswer,
  FactsQuery,
  HistoryQuery,
  JobAnswer,
  JobsAnswer,
  JobsQuery,
  SlotHistory,
  WhatIfAnswer,
  WhatIfQuestion,
} from "./protocol-pages.js";

export type * from "./protocol-board.js";
export type * from "./protocol-pages.js";

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
  readonly leases: LeaseBatch;
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

/**
 * What is left of the leases by which slots are held, about once a second, as the scheduler that leads says: all that it knows, in
 * place of what was told before. Nothing of it is a fact: it stands on no board, and of the past it is not known.
 */
export interface LeaseBatch {
  readonly leases: readonly LeaseLeft[];
}
export interface LeaseLeft {
  /** A worker in a process of its own, or a reservation, by its id. Who works inside a scheduler has no such lease. */
  readonly holder: string;
  readonly kind: "worker" | "reservation";
  readonly leaseMs: number;
  readonly leftMs: number;
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
 * rejects with errors that carry a `Refusal`'s code and message; it gives up when `signal` aborts.
 * @public The page implements it.
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
