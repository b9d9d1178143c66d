/** Explanations in words: one or two sentences, as a person would write them. */
import { formatDuration } from "../../events/duration.js";
import type { Limits } from "../../events/limits.js";
import type { AttemptOutcome, JobState, SlotHoldingState, TerminalState } from "../../events/states.js";
import { demandOf } from "../demand.js";
import type { Explanation } from "../explain/explain.js";
import { listed, quoted } from "../explain/phrases.js";
import { reasonOf, type Telling } from "../explain/reasons.js";
import { waitedSentence } from "../explain/wait-sentences.js";
import type { WaitsTold } from "../explain/waits.js";
import type { Attempt, JobRow } from "../jobs.js";
import type { AddressedFact } from "./view-history.js";

/** What a sentence is made from. */
export interface Matter
  extends Pick<Explanation, "verdict" | "blockedBy" | "next">,
    Pick<Telling, "row" | "asOf" | "sinceOf"> {
  readonly state: JobState;
  /** The job's facts as far as the asker has them, oldest first. */
  readonly facts: readonly AddressedFact[];
  /** In a sequential group, the member whose turn it is, if that is another one. */
  readonly turn: string | null;
  readonly limits: Limits;
  readonly told: WaitsTold;
}

export function sentenceOf(matter: Matter): string {
  const { row, state, verdict, turn } = matter;
  const { id, dueAt } = row;
  switch (state) {
    case "scheduled":
      if (turn !== null)
        return `${id} waits for its turn in the sequential group ${row.spec?.group?.id}: now it is ${turn}'s.`;
      return `${id} is due at ${dueAt}; it takes its place in the order then.`;
    case "retrying":
      return `${id} waits for its next attempt: ${attemptFailed(row)}; next attempt at ${dueAt}.`;
    case "queued":
      if (verdict === "startable") return `${id} can start: there is room for everything that it demands.`;
      return waitingSentence(matter);
    case "granted":
    case "running":
    case "cancelling":
      return `${grantedSentence(matter, state)}${waited(matter)}`;
    default:
      return `${endedSentence(matter, state)}${waited(matter)}`;
  }
}

/** What is stuck is told alone: the full pools that may come with it are not what has to change. */
function waitingSentence(matter: Matter): string {
  const { row, verdict, blockedBy, next } = matter;
  const stuck = blockedBy.filter(({ cause }) => cause !== "full");
  const telling = { ...matter, isPast: false };
  const reasons = (stuck.length > 0 ? stuck : blockedBy).map((block) => reasonOf(block, telling));
  if (stuck.length === 0) return `${row.id} waits for ${reasons.join("; and for ")}. ${next}`;
  return `${row.id} ${verdict === "never" ? "can never start as it is" : "waits"}: ${reasons.join("; and ")}. ${next}`;
}

function grantedSentence({ row, limits }: Matter, state: SlotHoldingState): string {
  const live = row.attempts[row.attempts.length - 1];
  if (row.spec === null || live === undefined) throw new Error(`${row.id} is ${state} without an attempt`);
  const { number, grant, grantedAt, startedAt, worker } = live;
  const taken = [...demandOf(row.spec, limits)].map(([pool, units]) => `${units} of ${pool}`);
  const holds = taken.length === 0 ? "" : `, holds ${listed(taken)}`;
  const progress = {
    granted: `has not started on ${worker} yet`,
    running: `runs on ${worker} since ${startedAt ?? grantedAt}`,
    cancelling: `was asked to stop on ${worker} (${quoted(row.reason)})`,
  }[state];
  const attempt = number === 1 ? "" : ` for attempt ${number} of ${row.spec.maxAttempts}`;
  return `${row.id} was granted at ${grant} (${grantedAt})${attempt}${holds} and ${progress}.`;
}

/** What it had waited for before its last attempt; told from the last denial on record where the intervals are not remembered. */
function waited(matter: Matter): string {
  const { row, told, facts } = matter;
  const last = row.attempts.at(-1);
  if (last === undefined) return "";
  const sentence = waitedSentence(row, told);
  if (sentence !== null) return ` ${sentence}`;
  const upToGrant = facts.slice(0, facts.findLastIndex(({ fact }) => fact.type === "StartGranted") + 1);
  const since = upToGrant.findLastIndex(({ fact }) => fact.type === "JobSubmitted" || fact.type === "JobDue");
  const denial = upToGrant.slice(since).findLast(({ fact }) => fact.type === "StartDenied");
  const queued = upToGrant[since];
  if (queued === undefined || denial?.fact.type !== "StartDenied") return "";
  const telling = { ...matter, isPast: true, sinceOf: () => null };
  const reasons = denial.fact.blockedBy.map((block) => reasonOf(block, telling));
  const long = formatDuration(Date.parse(last.grantedAt) - Date.parse(queued.at));
  const hint = `ask --at ${last.grant} for all of them`;
  return ` It waited ${long}; the last reason on record, at ${denial.position}: ${reasons.join("; and ")} (${hint}).`;
}

function endedSentence(matter: Matter, state: TerminalState): string {
  const { row } = matter;
  const last = row.attempts[row.attempts.length - 1];
  const when = `at ${endedAt(matter, last)}`;
  switch (state) {
    case "completed":
      return `${row.id} completed ${when}${last === undefined ? "" : `, in ${attemptOf(row, last)} on ${last.worker}`}.`;
    case "failed":
      return `${row.id} failed ${when}: ${attemptFailed(row)}.`;
    case "skipped":
    case "cancelled":
    case "rejected":
      return `${row.id} was ${state} ${when}: ${quoted(row.reason)}.`;
    default:
      return state satisfies never;
  }
}

/** The time of its end; where the index does not have it (no attempt ended with the job), its address in the ledger. */
function endedAt({ row, state, facts }: Matter, last: Attempt | undefined): string {
  const told = facts[facts.length - 1]?.at;
  if (told !== undefined) return told;
  const endedWithAttempt = last !== undefined && (state !== "cancelled" || last.outcome === "cancelled");
  return (endedWithAttempt ? last.finishedAt : null) ?? row.addresses.slice(-2).join(".");
}

const FAILED: Readonly<Record<AttemptOutcome, string>> = {
  completed: "completed",
  skipped: "was skipped",
  failed: "failed",
  "timed-out": "timed out",
  cancelled: "was cancelled",
  lost: "was lost",
};

function attemptFailed(row: JobRow): string {
  const last = row.attempts[row.attempts.length - 1];
  if (last === undefined) return quoted(row.reason);
  return `${attemptOf(row, last)} ${FAILED[last.outcome ?? "failed"]} (${quoted(last.error)})`;
}

const attemptOf = (row: JobRow, { number }: Attempt): string =>
  `attempt ${number} of ${row.spec?.maxAttempts ?? number}`;
