/** How a `submit --from` ended, in words and as JSON: what was submitted, what was not, and how to go on. */

import { formatDuration } from "../../../events/duration.js";
import { type Fate, type Fates, hasEnded } from "../../client/bulk-fates.js";
import type { BulkReport, LineRange } from "../../client/bulk-submit.js";
import { CliFailure } from "../failure.js";
import type { Interrupt } from "../interrupt.js";
import { counted } from "../wording.js";
import type { WrongLines } from "./submit-from-output.js";

interface Ending {
  readonly report: BulkReport;
  readonly wrong: WrongLines;
  readonly submitted: number;
  /** What has become of the jobs; null if that was not waited for. */
  readonly fates: Fates | null;
  readonly interrupt: Interrupt;
}

/** Part of what -o json prints, after the ids. */
export function endingSummary(from: string, { report, wrong, submitted, fates, interrupt }: Ending): object {
  const { line, inDoubt, failure } = report;
  return {
    from,
    submitted,
    wrong: wrong.count,
    wrongLines: wrong.told,
    /** Whoever goes on leaves out so many lines. */
    line,
    inDoubt,
    stopped: failure?.message ?? (interrupt.signal.aborted && fates === null ? "interrupted" : null),
    states: fates === null ? null : Object.fromEntries(fates.counts),
    duplicates: fates === null ? null : fates.duplicates,
  };
}

export function submittedText(submitted: number, from: string, tookMs: number): string {
  const rate = Math.round((submitted * 1_000) / Math.max(1, tookMs));
  return `${counted(submitted, "job")} submitted from ${from} in ${formatDuration(tookMs)}, ${rate} a second`;
}

/** `100 of 100 jobs ended: 97 completed, 3 failed`. */
export function endedText({ counts, open, duplicates }: Fates): string {
  const all = sumOf(counts);
  const states = [...counts].map(([fate, count]) => `${count} ${fate}`).join(", ");
  const twice = duplicates === 0 ? "" : `; ${counted(duplicates, "line")} had an id that was there already`;
  return `${all - open} of ${counted(all, "job")} ended: ${states}${twice}`;
}

/** The same while it goes on: `98 of 100 ended, 2 queued`. */
export function goingOnText({ counts, open }: Fates): string {
  const states = [...counts].filter(([fate]) => !hasEnded(fate)).map(([fate, count]) => `, ${count} ${fate}`);
  const all = sumOf(counts);
  return `${all - open} of ${all} ended${states.join("")}`;
}

const sumOf = (counts: ReadonlyMap<Fate, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

/** Why the exit code is not 0; null if all went well. */
export function endingFailure({ report, wrong, submitted, fates, interrupt }: Ending): CliFailure | null {
  const { failure, line, inDoubt } = report;
  const far = `${counted(submitted, "job")} submitted`;
  if (failure !== null) {
    const hint = inDoubt.length === 0 ? `Go on with --skip ${line}.` : doubtHint(inDoubt, line);
    return CliFailure.failed(`${failure.message}; ${far}${doubtText(inDoubt)}`, hint);
  }
  if (interrupt.signal.aborted && fates === null)
    return interrupt.failure(`interrupted: ${far}${doubtText(inDoubt)}; go on with --skip ${line}`);
  if (fates !== null && fates.open > 0)
    return interrupt.failure(`no longer waiting; ${counted(fates.open, "job")} go on: see \`signalbox jobs\``);
  const said = [wrong.count === 0 ? null : `${wrong.text} and left out`, incompleteText(fates)];
  const text = said.filter((part) => part !== null).join("; ");
  return text === "" ? null : CliFailure.failed(text);
}

function incompleteText(fates: Fates | null): string | null {
  if (fates === null) return null;
  const all = sumOf(fates.counts);
  const incomplete = all - (fates.counts.get("completed") ?? 0);
  return incomplete === 0 ? null : `${incomplete} of ${counted(all, "job")} did not complete`;
}

function doubtText(inDoubt: readonly LineRange[]): string {
  if (inDoubt.length === 0) return "";
  const ranges = inDoubt.map(({ from, to }) => (from === to ? `line ${from}` : `lines ${from} to ${to}`));
  return `; it is not known whether ${ranges.join(", ")} are stored`;
}

const doubtHint = ([first]: readonly LineRange[], line: number): string =>
  `Lines with an id can be repeated safely: --skip ${(first?.from ?? 1) - 1} goes on with those in doubt, --skip ${line} after them.`;
