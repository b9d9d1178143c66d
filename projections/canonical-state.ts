/**
 * All that a fold believes, as lines of canonical JSON: equal lines are equal states, byte for byte (INV-009). For comparing states:
 * a golden ledger's with the one written down, a checkpoint's with the ledger's. One line for each thing, because a state may be
 * too large to be held as one text.
 *
 * Whatever a later decision may depend on is here, also the order in which things stand. What only repeats the rest is not.
 */
import { canonicalJson } from "../events/json.js";
import { type JobNode, jobContext } from "../machines/job.js";
import { demandKey } from "./demand.js";
import type { Fold } from "./fold.js";
import type { Group } from "./groups.js";
import { type Attempt, compareText, type JobRow, type RowSpec, stateOf } from "./jobs.js";

/** The form of these lines. Raised when the same state is written otherwise, so that old hashes are not taken for other states. */
export const STATE_FORM = 1;

/** The lines of a fold in which no entry is open. */
export function* stateLines(fold: Fold): IterableIterator<string> {
  const { head, leader, settings, slots, schedules, nextPlace } = fold;
  yield canonicalJson({ form: STATE_FORM, head, leader, settings, nextPlace, limits: slots.limits });
  for (const record of [slots.pools, slots.workers, slots.holdings, slots.reservations, schedules])
    yield canonicalJson(Object.values<unknown>(record));
  for (const group of fold.groups.all.values()) yield canonicalJson(groupState(group));
  for (const row of fold.jobs.values()) yield rowLine(row);
  const lines = [...fold.waiting.lines()].map((line) => [demandKey(line), idsOf(line.rows)] as const);
  // Which line was there first decides nothing.
  for (const line of lines.sort(([a], [b]) => compareText(a, b))) yield canonicalJson(line);
  yield canonicalJson({
    undenied: idsOf(fold.waiting.undenied),
    due: idsOf(fold.due),
    finished: [...fold.finished],
    unsettled: idsOf(fold.groups.unsettled),
  });
}

/** Members are told in full where the jobs are. */
function groupState({ members, live, turn, ...rest }: Group): object {
  return { ...rest, members: idsOf(members), live: idsOf(live), turn: turn?.id ?? null };
}

/**
 * A row without its line, which is told where the lines are; and what its node says of it. Written out member by member, in the order
 * of their names: there are 100,000 of them, and the general way takes ten times as long.
 */
function rowLine(row: JobRow): string {
  const { addresses, askedType, attempts, createdAt, deniedBy, dueAt, id, line: _line, node, ...others } = row;
  const { overtaken, position, reason, retryOf, spec, ...rest } = others;
  // A new member of a row must have its place below.
  rest satisfies Record<string, never>;
  return (
    `{"addresses":[${addresses.join(",")}],"askedType":${text(askedType)},"attempts":[${attempts.map(attemptText).join(",")}],` +
    `"context":${contextText(node)},"createdAt":"${createdAt}","deniedBy":${text(deniedBy)},"dueAt":${text(dueAt)},"id":"${id}",` +
    `"overtaken":${overtaken},"position":${position},"reason":${text(reason)},"retryOf":${text(retryOf)},` +
    `"spec":${spec === null ? "null" : specText(spec)},"state":"${stateOf(row)}"}`
  );
}

function attemptText(attempt: Attempt): string {
  const { error, exitCode, finishedAt, grant, grantedAt, leaseMs, number, outcome, startedAt, worker, ...rest } =
    attempt;
  rest satisfies Record<string, never>;
  return (
    `{"error":${text(error)},"exitCode":${exitCode},"finishedAt":${text(finishedAt)},"grant":${grant},"grantedAt":"${grantedAt}",` +
    `"leaseMs":${leaseMs},"number":${number},"outcome":${text(outcome)},"startedAt":${text(startedAt)},"worker":${text(worker)}}`
  );
}

/** Ids and times, which need no escaping, are written as they are. */
const text = (value: string | null): string => (value === null ? "null" : JSON.stringify(value));

const specTexts = new WeakMap<RowSpec, string>();
const contextTexts = new WeakMap<JobNode, string>();

/** Rows share specs and nodes, so most texts are made once. */
const specText = (spec: RowSpec): string => known(specTexts, spec, () => canonicalJson(spec));
const contextText = (node: JobNode): string => known(contextTexts, node, () => canonicalJson(jobContext(node)));

function known<K extends object>(texts: WeakMap<K, string>, of: K, make: () => string): string {
  const found = texts.get(of);
  if (found !== undefined) return found;
  const made = make();
  texts.set(of, made);
  return made;
}

const idsOf = (things: Iterable<{ readonly id: string }>): readonly string[] => [...things].map(({ id }) => id);
