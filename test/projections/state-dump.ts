/** All that a fold believes, as one canonical text: equal texts are equal states, byte for byte (INV-009). */
import { canonicalJson } from "../../events/json.js";
import type { Fold } from "../../projections/fold.js";
import { stateOf } from "../../projections/jobs.js";

export function dump(fold: Fold): string {
  const { head, leader, settings, slots, schedules, nextPlace } = fold;
  const jobs = [...fold.jobs.values()].map(({ node, ...row }) => ({
    ...row,
    state: stateOf({ node, ...row }),
    context: node.snapshot.context,
  }));
  const lines = [...fold.waiting.lines()].map(({ rows, ...line }) => ({
    ...line,
    rows: [...rows].map(({ id }) => id),
  }));
  const undenied = [...fold.waiting.undenied].map(({ id }) => id);
  const due = [...fold.due].map(({ id }) => id);
  const groups = [...fold.groups.all.values()].map(({ members, live, turn, ...group }) => ({
    ...group,
    members: [...members].map(({ id }) => id),
    live: [...live].map(({ id }) => id),
    turn: turn?.id ?? null,
  }));
  const unsettled = [...fold.groups.unsettled].map(({ id }) => id);
  // The order of keys is a part of what is believed where it is the order of grants or of pools.
  const orders = [slots.pools, slots.workers, slots.holdings].map((record) => Object.keys(record));
  return canonicalJson({
    ...{ head, leader, settings, slots, orders, schedules, nextPlace },
    ...{ jobs, lines, undenied, due, groups, unsettled },
  });
}
