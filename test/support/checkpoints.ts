/** A fold by way of its checkpoint, and all that a fold says when it is asked. */
import { canonicalJson } from "../../events/json.js";
import { checkpointLines } from "../../projections/checkpoint/checkpoint.js";
import { restoreFold } from "../../projections/checkpoint/restoration.js";
import { explain } from "../../projections/explain/explain.js";
import type { Fold } from "../../projections/fold.js";
import { groupFacts } from "../../projections/group-facts.js";
import { decideStarts } from "../../projections/starts.js";
import {
  groupsView,
  groupView,
  healthView,
  jobsView,
  limitsView,
  queueView,
  reservationsView,
  schedulesView,
  slotsView,
  workersView,
} from "../../projections/views/views.js";

/** The fold that comes of writing and reading. */
export const throughCheckpoint = (fold: Fold): Fold => restoreFold(checkpointLines(fold));

/** What is decided from a fold, in its order: starts, denials with what is ahead, what is due, what is to be done about groups. */
export function decisionsOf(fold: Fold): string {
  const { slots, freed } = fold.room;
  const { reserved, starts, denials, more } = decideStarts(fold.waiting, slots, freed);
  return canonicalJson({
    reserved: reserved.map(({ reservation, demand }) => [reservation, [...demand]]),
    starts: starts.map(({ row, worker, demand, overtook }) => [row.id, worker, [...demand], overtook]),
    denials: denials.map(({ row, shortages, ahead }) => [
      row.id,
      shortages,
      [...ahead].map(([pool, rivals]) => [pool, rivals.map(({ id }) => id)]),
    ]),
    more,
    due: [...fold.due].map(({ id }) => id),
    group: groupFacts(fold).next().value ?? null,
  });
}

/** Every view of a fold, byte for byte as it is shown. */
export function viewsOf(fold: Fold): string {
  const ids = [...fold.jobs.keys()];
  return JSON.stringify({
    ...{ slots: slotsView(fold), jobs: jobsView(fold), queue: queueView(fold), limits: limitsView(fold) },
    ...{ workers: workersView(fold), health: healthView(fold, { role: "reader" }), groups: groupsView(fold) },
    ...{ schedules: schedulesView(fold), reservations: reservationsView(fold) },
    members: [...fold.groups.all.keys()].map((id) => groupView(fold, id, { limit: 500, offset: 0 })),
    explained: ids.map((id) => explain(fold, id)),
  });
}
