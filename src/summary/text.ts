/** The summary for people: a line for each pool and each type, and whether anything was over capacity. */
import { formatDuration } from "../../events/duration.js";
import { TERMINAL_STATES } from "../../events/states.js";
import type { LedgerSummary, PoolSummary, TypeSummary } from "./index.js";
import type { Spread } from "./spread.js";

/** Plain text, without colours. */
export function summaryLines(summary: LedgerSummary): string[] {
  const { pools, types, from, to } = summary;
  const took = from === null || to === null ? "" : ` in ${formatDuration(Date.parse(to) - Date.parse(from))}`;
  return [
    `${summary.jobs} jobs${took}: ${endedText(summary.ended, summary.open)}`,
    "",
    ...aligned([["pool", "most at once", "capacity", "busy"], ...pools.map(poolRow)]),
    "",
    ...aligned([["type", "jobs", "attempts", "waited p50", "max", "ran p50", "max"], ...types.map(typeRow)]),
    "",
    capacityLine(summary),
  ];
}

function poolRow({ name, peak, capacity, busyShare }: PoolSummary): string[] {
  return [name, String(peak), String(capacity), `${Math.round(busyShare * 100)} %`];
}

function typeRow({ type, jobs, attempts, waitMs, runMs }: TypeSummary): string[] {
  return [type, String(jobs), String(attempts), ...spreadCells(waitMs), ...spreadCells(runMs)];
}

function spreadCells(spread: Spread | null): [string, string] {
  return spread === null ? ["–", "–"] : [formatDuration(spread.p50), formatDuration(spread.max)];
}

function endedText(ended: LedgerSummary["ended"], open: number): string {
  const counts = TERMINAL_STATES.filter((state) => ended[state] > 0).map((state) => `${ended[state]} ${state}`);
  return [...counts, ...(open > 0 ? [`${open} not ended`] : [])].join(", ") || "none";
}

function capacityLine({ overCapacityAt, entries }: LedgerSummary): string {
  if (overCapacityAt.length === 0) return `nothing over capacity: checked at ${entries} positions`;
  const places = overCapacityAt.map(({ pool, address }) => `${pool} at ${address}`);
  return `OVER CAPACITY: ${places.join(", ")}`;
}

/** Columns two blanks apart: the first one to the left, the others, which are numbers, to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((known, row) => row.map((cell, i) => Math.max(known[i] ?? 0, cell.length)), []);
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
  );
}
