/**
 * Small worlds: what there is, what may happen in it, and how often. Everything that is not bounded here happens in every
 * order in which it can happen.
 */
import type { Limits } from "../../events/limits.js";

export interface World {
  readonly name: string;
  /** What it is for, in one line. */
  readonly about: string;
  readonly file: File;
  /** The configuration of every reign after the first, where it has changed. */
  readonly laterFile?: File;
  /** What is submitted, in any order. Jobs are named a, b, c, d as they come, so that equal ones need no telling apart. */
  readonly jobs: readonly Submitted[];
  /** Seats of each reign's worker. */
  readonly seats: number;
  readonly dispatchers: number;
  /** On one host a process that has crashed is provably gone; apart, only its lease tells. */
  readonly isOneHost: boolean;
  /** A wait before the next attempt; without one it is due at once, in the same entry. */
  readonly hasBackoff: boolean;
  /** How a run may end. */
  readonly endings: readonly RunEnding[];
  /** How many inputs one turn takes at most; which, and in which order, is explored. */
  readonly inputsPerTurnMax: number;
  readonly bounds: Bounds;
  /** What is different in the long form, which may take hours. */
  readonly long: Partial<World>;
}

/** As in `signalbox.yaml`. */
export interface File {
  readonly limits: Limits;
  readonly types: Readonly<Record<string, TypeSpec>>;
}

export interface TypeSpec {
  readonly resources?: Readonly<Record<string, number>>;
  readonly maxAttempts: number;
}

export interface Submitted {
  /** One job, or several in one message. */
  readonly submissions: readonly Submission[];
  readonly times: number;
}

export interface Submission {
  readonly type: string;
  readonly priority?: number;
  /** A duration; the clock moves in steps of one second. */
  readonly delay?: string;
}

export type RunEnding = "completed" | "failed" | "broken" | "skipped" | "timed-out";

/** How often each of these may happen in the whole life of the world. */
export interface Bounds {
  readonly crashes?: number;
  /** Takeovers while another one still leads, or believes so. */
  readonly rivals?: number;
  /** Answers to appends that get lost, and appends that get lost on their way. */
  readonly losses?: number;
  /** Appends given up that arrive later. */
  readonly lateAppends?: number;
  /** Second submissions of an id. */
  readonly duplicates?: number;
  /** Graceful stops (CON-003). */
  readonly stops?: number;
  readonly commands?: readonly CommandBound[];
}

export interface CommandBound {
  readonly times: number;
  /** By `<ns>.command.<verb>` through the intake, or by `<ns>.api.<verb>` to whoever answers as the leader. */
  readonly by: "intake" | "api";
  /** `$job` in the content stands for each job that was submitted. */
  readonly choices: readonly { readonly verb: string; readonly content: Readonly<Record<string, unknown>> }[];
}
