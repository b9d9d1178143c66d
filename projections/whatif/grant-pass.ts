/**
 * One pass of the grant rule, as shipped, without its denials: a denial says why, and changes nobody's turn, and where many thousand
 * jobs wait most of the time would go into words that nobody reads.
 */
import type { Fold } from "../fold.js";
import type { JobRow } from "../jobs.js";
import { type Decision, decideStarts } from "../starts.js";

const NOBODY: ReadonlySet<JobRow> = new Set();

export function passOf(fold: Fold): Pick<Decision, "reserved" | "starts" | "more"> {
  const { waiting } = fold;
  const { slots, freed } = fold.room;
  const unnamed = {
    size: waiting.size,
    undenied: NOBODY,
    lines: () => waiting.lines(),
    lineOf: (row: JobRow) => waiting.lineOf(row),
  };
  return decideStarts(unnamed, slots, freed);
}
