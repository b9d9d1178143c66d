/** Explanations in words: one or two sentences, as a person would write them. */
import { formatDuration } from "../events/duration.js";
import type { Block } from "../events/facts.js";
import type { Limits } from "../events/limits.js";
import type { AttemptOutcome, JobState } from "../events/states.js";
import { demandOf } from "./demand.js";
import type { Explanation } from "./explain.js";
import type { Attempt, JobRow } from "./jobs.js";
import type { AddressedFact } from "./view-history.js";

/** What a sentence is made from. */
export interface Matter extends Pick<Explanation, "verdict" | "blockedBy"> {
  readonly row: JobRow;
  readonly state: JobState;
  /** The job's facts as far as the asker has them, oldest first. */
  readonly facts: readonly AddressedFact[];
  readonly limits: Limits;
}

/** A sentence names no more jobs than this; the others are counted. */
const NAMES_IN_TEXT_MAX = 3;
/** Words of others (reasons, error messages) are cut to this many characters. */
const QUOTE_CHARS_MAX = 200;

export function sentenceOf(matter: Matter): string {
  const { row, state, verdict, blockedBy } = matter;
  const { id, dueAt } = row;
  switch (state) {
    case "scheduled":
      return `${id} is due at ${dueAt}; it takes its place in the order then.`;
    case "retrying":
      return `${id} waits for its next attempt: ${attemptFailed(row)}; next attempt at ${dueAt}.`;
    case "queued":
      if (verdict === "startable") return `${id} can start: there is room for everything that it demands.`;
      return waitingSentence(id, verdict, blockedBy);
    case "granted":
    case "running":
    case "cancelling":
      return `${grantedSentence(matter, state)}${waitedSentence(matter)}`;
    default:
      return endedSentence(matter, state);
  }
}

/** What is stuck is told first and alone: the full pools that come with it are not what has to change. */
function waitingSentence(id: string, verdict: Matter["verdict"], blockedBy: readonly Block[]): string {
  const stuck = blockedBy.filter(({ cause }) => cause !== "full");
  if (stuck.length === 0) return `${id} waits for ${blockedBy.map(fullPool).join("; and for ")}.`;
  return `${id} ${verdict === "never" ? "cannot start" : "waits"}: ${stuck.map(stuckPool).join("; and ")}.`;
}

function stuckPool({ pool, cause, needs, capacity }: Block): string {
  if (cause === "over-capacity")
    return `it demands ${needs} of ${pool}, whose capacity is ${capacity} since the limits changed`;
  return cause === "paused" ? `pool ${pool} is paused` : "no worker runs jobs of its type";
}

function fullPool({ pool, capacity, used, needs, holders, ahead }: Block): string {
  const what = pool === "workers" ? "a worker's seat" : pool;
  const usage = `${used} of ${capacity} used${holders.length === 0 ? "" : ` by ${names(holders)}`}`;
  const need = needs === 1 ? "" : `, it needs ${needs}`;
  const isRoomLeft = capacity - used >= needs;
  if (ahead.length === 0) return `${what}: ${usage}${need}${isRoomLeft ? ", but it is not its turn yet" : ""}`;
  const rivals = `${names(ahead)} ${ahead.length === 1 ? "is" : "are"} ahead of it`;
  return `${what}: ${usage}${need}${isRoomLeft ? ", but the rest is kept for others: " : "; "}${rivals}`;
}

function grantedSentence({ row, limits }: Matter, state: "granted" | "running" | "cancelling"): string {
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

/** What it had waited for, by the last denial between its coming to wait and the grant. Only the ledger knows. */
function waitedSentence({ facts }: Matter): string {
  const upToGrant = facts.slice(0, facts.findLastIndex(({ fact }) => fact.type === "StartGranted") + 1);
  const granted = upToGrant[upToGrant.length - 1];
  const since = upToGrant.findLastIndex(({ fact }) => fact.type === "JobSubmitted" || fact.type === "JobDue");
  const queued = upToGrant[since];
  if (granted === undefined || queued === undefined) return "";
  const denial = upToGrant.slice(since).findLast(({ fact }) => fact.type === "StartDenied");
  if (denial?.fact.type !== "StartDenied") return " It did not have to wait.";
  const waited = formatDuration(Date.parse(granted.at) - Date.parse(queued.at));
  const reasons = denial.fact.blockedBy.map((block) => (block.cause === "full" ? fullBefore(block) : stuckPool(block)));
  return ` It had waited ${waited}; the last reason on record, at ${denial.position}: ${reasons.join("; and ")}.`;
}

function fullBefore(block: Block): string {
  return fullPool(block)
    .replace(" are ahead of it", " were ahead of it")
    .replace(" is ahead of it", " was ahead of it");
}

function endedSentence(
  matter: Matter,
  state: Exclude<JobState, "scheduled" | "retrying" | "queued" | "granted" | "running" | "cancelling">,
): string {
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

/** Somebody else's words as a part of a sentence: on one line, cut, without a full stop of their own. */
function quoted(words: string | null): string {
  const line = (words ?? "no reason given").replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length > QUOTE_CHARS_MAX ? `${line.slice(0, QUOTE_CHARS_MAX)}…` : line;
}

function names(ids: readonly string[]): string {
  const more = ids.length - NAMES_IN_TEXT_MAX;
  return more > 0 ? `${ids.slice(0, NAMES_IN_TEXT_MAX).join(", ")} and ${more} more` : listed(ids);
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}
