/** Explanations in words: one or two sentences, as a person would write them. */
import { formatDuration } from "../events/duration.js";
import type { Block } from "../events/facts.js";
import type { Limits } from "../events/limits.js";
import type { AttemptOutcome, JobState, SlotHoldingState, TerminalState } from "../events/states.js";
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
  /** In a sequential group, the member whose turn it is, if that is another one. */
  readonly turn: string | null;
  readonly limits: Limits;
}

/** Holders and jobs ahead are listed up to this many per pool, so that an answer fits into a message. */
export const NAMED_MAX = 1_000;
/** A sentence names no more jobs than this; the others are counted. */
const NAMES_IN_TEXT_MAX = 3;
/** Words of others (reasons, error messages) are cut to this many characters. */
const QUOTE_CHARS_MAX = 200;

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
      return `${grantedSentence(matter, state)}${waitedSentence(matter)}`;
    default:
      return endedSentence(matter, state);
  }
}

/** What is stuck is told alone: the full pools that may come with it are not what has to change. */
function waitingSentence({ row, verdict, blockedBy }: Matter): string {
  const stuck = blockedBy.filter(({ cause }) => cause !== "full");
  const reasons = (stuck.length > 0 ? stuck : blockedBy).map((block) => reasonOf(block, row, NOW));
  if (stuck.length === 0) return `${row.id} waits for ${reasons.join("; and for ")}.`;
  return `${row.id} ${verdict === "never" ? "cannot start" : "waits"}: ${reasons.join("; and ")}.`;
}

const NOW = { is: "is", are: "are", runs: "runs", demands: "demands", needs: "needs" };
const THEN: typeof NOW = { is: "was", are: "were", runs: "ran", demands: "demanded", needs: "needed" };

function reasonOf(block: Block, row: JobRow, verb: typeof NOW): string {
  const { pool, capacity, needs, cause } = block;
  switch (cause) {
    case "full":
      return fullPool(block, verb);
    case "paused":
      return `pool ${pool} ${verb.is} paused`;
    case "over-capacity":
      return `it ${verb.demands} ${needs} of ${pool}, whose capacity ${verb.is} ${capacity} since the limits changed`;
    case "no-worker":
      return `no worker ${verb.runs} type ${row.askedType}`;
    default:
      return cause satisfies never;
  }
}

function fullPool({ pool, capacity, used, needs, holders, ahead }: Block, verb: typeof NOW): string {
  const what = pool === "workers" ? "a worker's seat" : pool;
  const usage = `${used} of ${capacity} used${holders.length === 0 ? "" : ` by ${names(holders)}`}`;
  const need = needs === 1 ? "" : `, it ${verb.needs} ${needs}`;
  const isRoomLeft = capacity - used >= needs;
  if (ahead.length === 0) return `${what}: ${usage}${need}${isRoomLeft ? `, but it ${verb.is} not its turn yet` : ""}`;
  const rivals = `${names(ahead)} ${ahead.length === 1 ? verb.is : verb.are} ahead of it`;
  return `${what}: ${usage}${need}${isRoomLeft ? ", but the rest is kept for others: " : "; "}${rivals}`;
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

/** What it had waited for, by the last denial between its coming to wait and the grant. Only the ledger knows. */
function waitedSentence({ row, facts }: Matter): string {
  const upToGrant = facts.slice(0, facts.findLastIndex(({ fact }) => fact.type === "StartGranted") + 1);
  const granted = upToGrant[upToGrant.length - 1];
  const since = upToGrant.findLastIndex(({ fact }) => fact.type === "JobSubmitted" || fact.type === "JobDue");
  const queued = upToGrant[since];
  if (granted === undefined || queued === undefined) return "";
  const denial = upToGrant.slice(since).findLast(({ fact }) => fact.type === "StartDenied");
  if (denial?.fact.type !== "StartDenied") return " No start was denied to it before.";
  const waited = formatDuration(Date.parse(granted.at) - Date.parse(queued.at));
  const reasons = denial.fact.blockedBy.map((block) => reasonOf(block, row, THEN));
  return ` It had waited ${waited}; the last reason on record, at ${denial.position}: ${reasons.join("; and ")}.`;
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

/** Somebody else's words as a part of a sentence: on one line, cut, without a full stop of their own. */
function quoted(words: string | null): string {
  const line = (words ?? "no reason given").replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length > QUOTE_CHARS_MAX ? `${line.slice(0, QUOTE_CHARS_MAX)}…` : line;
}

function names(ids: readonly string[]): string {
  const more = ids.length - NAMES_IN_TEXT_MAX;
  if (more <= 0) return listed(ids);
  const count = ids.length < NAMED_MAX ? more : `at least ${more}`;
  return `${ids.slice(0, NAMES_IN_TEXT_MAX).join(", ")} and ${count} more`;
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}
