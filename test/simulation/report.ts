/** What a simulation has done, in a line while it runs and in a table at the end. */
import type { Sums } from "./batch.js";
import { FAULTS } from "./plan.js";

export interface Spent {
  readonly wallMs: number;
  readonly cpuMs: number;
}

const count = (value: number): string => Math.round(value).toLocaleString("en");
const seconds = (ms: number): string => `${count(ms / 1_000)} s`;

export function progressLine({ worlds, jobs, virtualMs, counts }: Sums, { wallMs }: Spent): string {
  const perSecond = (value: number) => `${count((1_000 * value) / wallMs)}/s`;
  const faults = counts.filter(([name]) => isDone(name)).reduce((sum, [, times]) => sum + times, 0);
  return `${count(worlds)} seeds (${perSecond(worlds)}), ${count(jobs)} jobs (${perSecond(jobs)}), ${seconds(virtualMs)} of virtual time, ${count(faults)} faults`;
}

export function summary(sums: Sums, { wallMs, cpuMs }: Spent): string {
  const { worlds, jobs, executions, entries, events, virtualMs, reigns, outlived, late, overlapping, counts } = sums;
  const rows: readonly (readonly [string, string, string])[] = [
    ["worlds", count(worlds), `${count((1_000 * worlds) / cpuMs)} per second and core`],
    ["job lives", count(jobs), `${count((1_000 * jobs) / cpuMs)} per second and core`],
    [
      "executions",
      count(executions),
      `${outlived} outlived their lease, ${late} began after it, ${overlapping} met another of their job`,
    ],
    ["reigns", count(reigns), `${(reigns / Math.max(1, worlds)).toFixed(2)} a world`],
    ["ledger entries", count(entries), `${(entries / Math.max(1, jobs)).toFixed(2)} a job`],
    ["events", count(events), `${count((1_000 * events) / cpuMs)} per second and core`],
    ["virtual time", seconds(virtualMs), `${count(virtualMs / cpuMs)} times as fast as real time, on one core`],
    ["real time", seconds(wallMs), `${seconds(cpuMs)} of processor time`],
  ];
  const table = (lines: readonly (readonly [string, string, string])[]) =>
    lines.map(([name, value, more]) => `  ${name.padEnd(34)}${value.padStart(14)}   ${more}`.trimEnd());
  const countsOf = (isOf: (name: string) => boolean) =>
    table(
      counts
        .filter(([name]) => isOf(name))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, times]) => [name, count(times), ""]),
    );
  return [
    "simulated",
    ...table(rows),
    "faults",
    ...countsOf(isDone),
    "what they led to",
    ...countsOf((name) => !isDone(name) && name !== "ambush"),
  ].join("\n");
}

/** An ambush is counted when it strikes. */
const isDone = (name: string): boolean => name !== "ambush" && (FAULTS.has(name) || name.includes(" when "));
