/**
 * All that a fold believes, as lines of canonical JSON: equal lines are equal states, byte for byte (INV-009). For comparing states:
 * a golden ledger's with the one written down, a checkpoint's with the ledger's. One line for each thing, because a state may be
 * too large to be held as one text.
 *
 * Whatever a later decision may depend on is here, also the order in which things stand. What only repeats the rest is not.
 */
import { canonicalJson } from "../events/json.js";
import { demandKey } from "./demand.js";
import type { Fold } from "./fold.js";
import type { Group } from "./groups.js";
import { compareText, type JobRow, stateOf } from "./jobs.js";

/** The form of these lines. Raised when the same state is written otherwise, so that old hashes are not taken for other states. */
export const STATE_FORM = 1;

/** The lines of a fold in which no entry is open. */
export function* stateLines(fold: Fold): IterableIterator<string> {
  const { head, leader, settings, slots, schedules, nextPlace } = fold;
  yield canonicalJson({ form: STATE_FORM, head, leader, settings, nextPlace, limits: slots.limits });
  for (const record of [slots.pools, slots.workers, slots.holdings, slots.reservations, schedules])
    yield canonicalJson(Object.values<unknown>(record));
  for (const group of fold.groups.all.values()) yield canonicalJson(groupState(group));
  for (const row of fold.jobs.values()) yield canonicalJson(rowState(row));
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

/** A row without its line, which is told where the lines are; and what its node says of it. */
function rowState(row: JobRow): object {
  const { node, line: _line, ...rest } = row;
  return { ...rest, state: stateOf(row), context: node.snapshot.context };
}

const idsOf = (things: Iterable<{ readonly id: string }>): readonly string[] => [...things].map(({ id }) => id);
