/** The report of `signalbox whatif -o json`, read for what is compared here: each course of the workload that it measured. */

export interface Course {
  readonly name: string;
  readonly waits: readonly Wait[];
  readonly pools: readonly PoolUse[];
  readonly makespanMs: number | null;
}
export interface Wait {
  readonly type: string;
  readonly starts: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}
export interface PoolUse {
  readonly pool: string;
  readonly capacity: number;
  readonly busy: number;
}

/** So deep in the report courses are looked for. */
const DEPTH_MAX = 4;

/** All that was measured, in the order of the report: whatever has waits and pools is a course. */
export function coursesOf(report: unknown, name = "", depth = 0): readonly Course[] {
  if (!isRecord(report) || depth > DEPTH_MAX) return [];
  const { waits, pools, makespanMs } = report;
  if (Array.isArray(waits) && Array.isArray(pools))
    return [
      {
        name,
        waits: waits.filter(isWait),
        pools: pools.filter(isPoolUse),
        makespanMs: typeof makespanMs === "number" ? makespanMs : null,
      },
    ];
  return Object.entries(report).flatMap(([key, value]) => coursesOf(value, nameOf(value, key, name), depth + 1));
}

/** What a part calls itself, else the key under which it stands. */
function nameOf(value: unknown, key: string, above: string): string {
  if (isRecord(value)) {
    for (const own of [value["name"], value["title"], value["label"], value["limits"]])
      if (typeof own === "string") return own;
  }
  return key === "measured" || /^\d+$/.test(key) ? above || key : key;
}

/** What the replay takes for granted, in sentences. */
export function assumptionsOf(report: unknown): readonly string[] {
  const told = isRecord(report) ? report["assumptions"] : null;
  return Array.isArray(told) ? told.filter((one) => typeof one === "string") : [];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const isWait = (value: unknown): value is Wait =>
  isRecord(value) &&
  typeof value["type"] === "string" &&
  ["starts", "p50Ms", "p95Ms", "maxMs"].every((key) => typeof value[key] === "number");

const isPoolUse = (value: unknown): value is PoolUse =>
  isRecord(value) &&
  typeof value["pool"] === "string" &&
  ["capacity", "busy"].every((key) => typeof value[key] === "number");
