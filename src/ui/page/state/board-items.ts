/** What a board names by an id. Ids are chosen by people, `constructor` too: only what the board itself has is looked up. */
import type { JobId } from "../../../../events/names.js";
import type { Board, BoardJob, Listed } from "../../protocol.js";

/** Undefined where the board names the job but does not hold it: or where it is a reservation and no job. */
export function jobOn(board: Board, id: string): BoardJob | undefined {
  // Whatever stands under it in `jobs` is a job's id.
  return Object.hasOwn(board.jobs, id) ? board.jobs[id as JobId] : undefined;
}

/** The items of a list, in its order. */
export function itemsOf<Id extends string, Item>({ ids, byId }: Listed<Id, Item>): readonly Item[] {
  return ids.flatMap((id) => (Object.hasOwn(byId, id) ? [byId[id]] : []));
}
