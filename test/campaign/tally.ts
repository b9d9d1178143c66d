/** What a campaign amounts to: a line for each round as it ends, and a table when all have. */
import { FAULT_KINDS } from "./faults.js";
import type { RoundResult } from "./round.js";

export function roundLine({ plan, jobs, faults, reigns, lost, recoveryMs, ms, complaints }: RoundResult): string {
  const verdict = complaints.length === 0 ? "ok" : `${complaints.length} VIOLATIONS`;
  return [
    `round ${String(plan.round).padStart(4)}`,
    plan.setting.strategy.padEnd(5),
    `${String(jobs).padStart(3)} jobs`,
    `${String(reigns - 1).padStart(2)} takeovers`,
    `${String(lost).padStart(2)} lost`,
    `recovered ${seconds(recoveryMs)}`,
    seconds(ms),
    verdict,
    faults.join(", "),
  ].join("  ");
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1).padStart(4)} s`;

export function table(results: readonly RoundResult[]): string {
  const sum = (of: (result: RoundResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const struck = results.flatMap(({ faults }) => faults);
  const takeoversMs = results.flatMap(({ takeoversMs: all }) => all).sort((a, b) => a - b);
  const recoveriesMs = results.map(({ recoveryMs }) => recoveryMs).sort((a, b) => a - b);
  const violations = results.filter(({ complaints }) => complaints.length > 0);
  const byKind = FAULT_KINDS.map((kind) => [`  ${kind}`, struck.filter((one) => one === kind).length] as const);
  const rows: readonly (readonly [string, string | number])[] = [
    ["rounds", results.length],
    ["jobs", sum(({ jobs }) => jobs)],
    ["ledger entries", sum(({ entries }) => entries)],
    ["faults", struck.length],
    ...byKind.filter(([, count]) => count > 0),
    ["takeovers", sum(({ reigns }) => reigns - 1)],
    ["lost attempts", sum(({ lost }) => lost)],
    ["leader lost → next leads", spread(takeoversMs)],
    ["healed → new work on record", spread(recoveriesMs)],
    ["rounds with violations", violations.length],
    ["violations", sum(({ complaints }) => complaints.length)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

function spread(sortedMs: readonly number[]): string {
  const middle = sortedMs[Math.floor(sortedMs.length / 2)];
  const longest = sortedMs.at(-1);
  if (middle === undefined || longest === undefined) return "none";
  return `median ${seconds(middle).trim()}, longest ${seconds(longest).trim()}`;
}
