/**
 * Explains one job: why it waits and behind whom, or why it started when it did, or how it ended. What keeps a waiting job from
 * starting is the grant rule's own answer, not a second opinion.
 */
import type { JobId, Position } from "../../events/names.js";
import { isSlotHolding, isTerminal, type JobState } from "../../events/states.js";
import type { Fold } from "../fold.js";
import { askedAt, type Forecast, forecastStarts } from "../forecast/forecast.js";
import { type JobRow, stateOf } from "../jobs.js";
import type { AddressedFact } from "../views/view-history.js";
import { sentenceOf } from "../views/view-sentences.js";
import { type ExplainedBlock, explainWaiting, type WaitingAnswer } from "./blocks.js";
import { causesSince } from "./causes-since.js";
import { nextStep } from "./next-step.js";
import { type Wait, waitsOf } from "./waits.js";

/** `never`: not under the limits in force. `paused`: not until a pool is resumed. `granted`: it holds its slots. */
export type Verdict = WaitingAnswer["verdict"] | "granted" | "terminal";

/** The contract's Explain, with `next`, `waits`, `waitsComplete` and `forecast`, and more about holders and jobs ahead in each block. */
export interface Explanation {
  readonly job: JobId;
  readonly state: JobState;
  /** The position of the ledger as of which this holds. */
  readonly position: Position;
  readonly verdict: Verdict;
  /** The pools for want of which a queued job does not start; `workers` where no worker has a seat for it. */
  readonly blockedBy: readonly ExplainedBlock[];
  /** What has to happen before it starts, as a sentence; null if it does not wait any more. */
  readonly next: string | null;
  /** What it has waited for up to now, or up to its last grant, oldest first; the latest that fit into an answer. */
  readonly waits: readonly Wait[];
  /** False if intervals are missing: they do not fit, or are longer ago than is remembered (asked `--at` its grant, they are told). */
  readonly waitsComplete: boolean;
  /** When it starts, from how long runs took; null for a job that does not wait in the queue. */
  readonly forecast: Forecast | null;
  /** A sentence or two for a person. */
  readonly text: string;
}

/** Intervals in one answer, and names in all of them, so that it fits into a message; the latest are told. */
const WAITS_MAX = 200;
const NAMES_IN_WAITS_MAX = 2_000;

export interface Asked {
  /** The job's facts from the ledger, as far as the asker has them, oldest first. */
  readonly facts?: readonly AddressedFact[];
  /** The time at which it is asked, for the forecast; absent: that of the last entry. */
  readonly now?: string | null;
}

/**
 * Explains a job as of the last folded entry; null if the index does not know it. With its facts from the ledger, the text
 * also tells when exactly it ended, and of a wait that is not remembered the last reason on record.
 */
export function explain(fold: Fold, id: JobId, { facts = [], now = null }: Asked = {}): Explanation | null {
  const row = fold.jobs.get(id);
  if (row === undefined) return null;
  const state = stateOf(row);
  const turn = heldBehind(fold, row);
  const { verdict, blockedBy, next } = answerOf(fold, row, state, turn);
  const told = waitsOf(fold, row);
  const waits = latestOf(told.waits);
  const text = sentenceOf({
    ...{ row, state, verdict, blockedBy, next, facts, turn, told },
    limits: fold.slots.limits,
    asOf: fold.head.at,
    sinceOf: (block) => causesSince(fold.past, block, row.askedType ?? ""),
  });
  return {
    ...{ job: id, state, position: fold.head.position, verdict, blockedBy, next },
    ...{ waits, waitsComplete: told.isComplete && waits.length === told.waits.length },
    forecast: state === "queued" ? (forecastStarts(fold, new Set([id]), askedAt(fold, now)).get(id) ?? null) : null,
    text,
  };
}

function latestOf(waits: readonly Wait[]): readonly Wait[] {
  let names = 0;
  const cut = waits.findLastIndex(({ behind }) => {
    names += behind.length;
    return names > NAMES_IN_WAITS_MAX;
  });
  return waits.slice(Math.max(cut + 1, waits.length - WAITS_MAX));
}

/** The member of its sequential group whose turn it is, where that keeps the row waiting. */
function heldBehind(fold: Fold, { spec, id }: JobRow): JobId | null {
  const group = spec?.group === undefined ? undefined : fold.groups.all.get(spec.group.id);
  return group?.sequential === true && group.turn !== null && group.turn.id !== id ? group.turn.id : null;
}

function answerOf(
  fold: Fold,
  row: JobRow,
  state: JobState,
  turn: JobId | null,
): Pick<Explanation, "verdict" | "blockedBy" | "next"> {
  if (state === "queued") {
    const answer = explainWaiting(fold, row);
    return { ...answer, next: nextStep(answer, row) };
  }
  if (isTerminal(state)) return { verdict: "terminal", blockedBy: [], next: null };
  if (isSlotHolding(state)) return { verdict: "granted", blockedBy: [], next: null };
  // The scheduled and the retrying wait too, but for their time.
  const next = turn === null ? `It is due at ${row.dueAt}.` : `Its turn comes when ${turn} has ended.`;
  return { verdict: "waiting", blockedBy: [], next };
}
