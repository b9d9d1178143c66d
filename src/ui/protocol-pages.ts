/** Questions and their answers, page by page, and what may be done: a part of the protocol. */
import type { Fact } from "../../events/facts.js";
import type { Limits } from "../../events/limits.js";
import type { EntryId, Epoch, FactAddress, JobId, PoolName, Position } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import type { Explanation } from "../../projections/explain/explain.js";
import type { AsOf, JobListItem, JobView } from "../../projections/views/views.js";

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
  /** Spans before this are not complete: older ones were forgotten, or are not read yet. Null: all are there. */
  readonly completeFrom: AsOf | null;
  /** What becomes of the past that is not read yet. Null: all was read; what is missing was forgotten. */
  readonly olderPast: OlderPastTold | null;
  /** In the order of their grants. Empty where `coarse` says more. */
  readonly spans: readonly SlotSpan[];
  /** Too many spans for a page: units used over equal stretches of time instead. Null: the spans are all there. */
  readonly coarse: { readonly spans: number; readonly stepMs: number; readonly pools: readonly CoarseUse[] } | null;
  /** The pools' capacities at `from`, and each change of limits or pauses up to `to`. */
  readonly capacities: readonly CapacityChange[];
}

/** The recording began at a checkpoint, and what is before that is read from the first entry on. */
export type OlderPastTold =
  /** How much of the ledger is read by now, from 0 to 1. */
  | { readonly kind: "reading"; readonly share: number }
  /** It cannot be read, and what is known already is all that will be known. */
  | { readonly kind: "unreadable"; readonly reason: string };

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
