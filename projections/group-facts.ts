/** What is decided about groups: that one has ended, and that the rest of a stopped one is cancelled (INV-006, DEC-012). */
import type { Fact } from "../events/facts.js";
import type { Fold } from "./fold.js";
import { type Group, sizeOf, statusOf } from "./groups.js";
import { liveAttempt, stateOf } from "./jobs.js";

/** The facts that are due, one by one; each is to be applied before the next is asked for. */
export function* groupFacts(fold: Fold): IterableIterator<Fact> {
  for (const group of [...fold.groups.unsettled]) {
    yield* cancelRest(group);
    const status = statusOf(group);
    if (status !== "running" && group.ended === null)
      yield { type: "GroupEnded", group: group.id, status, members: sizeOf(group) };
  }
}

/** Running members are asked to end as by any cancel; the others end at once. */
function* cancelRest({ live, stopReason: reason }: Group): IterableIterator<Fact> {
  if (reason === null) return;
  for (const row of [...live]) {
    const attempt = liveAttempt(row);
    if (attempt === null) yield { type: "JobCancelled", job: row.id, reason };
    else if (stateOf(row) !== "cancelling")
      yield { type: "CancelRequested", job: row.id, grant: attempt.grant, reason };
  }
}
