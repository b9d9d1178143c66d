/** What came of a world: what it broke, and what it amounted to. */
import type { Rule } from "../support/auditor.js";
import type { RunFigures, RunRule } from "../support/auditor-runs.js";
import type { Tally } from "./tally.js";
import type { Trace } from "./trace.js";

/** Beside the auditor's: what only a world can see. */
export type WorldRule =
  /** A scheduler stopped by itself. */
  | "halted"
  /** After everything was healed, nobody leads, or more than one scheduler believes that it does. */
  | "no-leader"
  | "two-leaders"
  /** After everything was healed and one leads, another one takes over from it. */
  | "needless-election"
  /** A job that could end has not ended in time. */
  | "stuck"
  /** Everything has ended, and slots are still taken. */
  | "slot-leak"
  /** A scheduler that was told to stop does not. */
  | "no-end"
  /** Somebody was told that it is done, and the ledger does not have it. */
  | "false-answer"
  /** What the leader believes is not what its ledger says. */
  | "astray"
  /** Told that a message is stored, and it is not there. */
  | "lost-message"
  /** Two are at work in one slot, and somebody could have ended the one that has no right to it. */
  | "slot-twice"
  /** A lease is said to be over, and the run, whose worker could, was not told to end before (D8). */
  | "untold"
  /** A run begins when its grant is over. */
  | "late-start"
  /** It goes on and on. */
  | "runaway";

export interface Broken {
  readonly rule: Rule | RunRule | WorldRule;
  readonly atMs: number;
  /** Where in the ledger, if it is there; else empty. */
  readonly address: string;
  readonly text: string;
}

export interface Verdict {
  readonly broken: readonly Broken[];
  readonly tally: Tally;
  readonly trace: Trace;
  readonly lines: readonly string[];
  readonly figures: Figures;
}

export interface Figures {
  /** Jobs that have come to an end. */
  readonly jobs: number;
  readonly entries: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly epochs: number;
  readonly runs: RunFigures;
}

export const describeBroken = ({ rule, atMs, address, text }: Broken): string =>
  `${rule}${address === "" ? "" : ` at ${address}`}, after ${(atMs / 1_000).toFixed(3)} s: ${text}`;
