/** What is new on a board, as patches: a board is made anew several times a second, and most of it is as it was. */
import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "../../events/json.js";
import { type Draft, patchesOf } from "../../projections/draft.js";
import type { Board, Patch } from "./protocol.js";

/** The patches by which one board becomes the other. */
export function patchesBetween(before: Board, after: Board): readonly Patch[] {
  return patchesOf(before, (draft: Draft<Board>) => become(before, after, () => draft));
}

type Members = Record<string, unknown>;

/**
 * Changes a draft of `before` into `after`, member by member. Only what differs is drafted, because that is what costs. Lists are
 * bounded, and replaced as a whole.
 */
function become(before: object, after: object, draftOf: () => object): void {
  // Boards are JSON: every object in one is a record of members.
  const [was, is] = [before as Members, after as Members];
  let drafted: Members | null = null;
  const draft = (): Members => {
    drafted ??= draftOf() as Members;
    return drafted;
  };
  for (const key of Object.keys(was)) if (!Object.hasOwn(is, key)) delete draft()[key];
  for (const [key, value] of Object.entries(is)) {
    const old = Object.hasOwn(was, key) ? was[key] : undefined;
    if (isPlainObject(old) && isPlainObject(value)) become(old, value, () => draft()[key] as object);
    else if (!isDeepStrictEqual(old, value)) draft()[key] = value;
  }
}
