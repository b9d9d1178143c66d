/** Workloads for tests, and what comes of them. */
import type { Entry } from "../../../events/entry.js";
import { type Position, position } from "../../../events/names.js";
import type { AlternativeEntry, During } from "../../../projections/whatif/alternative-ledger.js";
import type { Workload } from "../../../projections/whatif/recorded.js";
import { Replay } from "../../../projections/whatif/replay.js";
import { AS_RECORDED, type Variant } from "../../../projections/whatif/variant.js";
import { WorkloadReader } from "../../../projections/whatif/workload.js";

export type Placed = readonly [Position, Entry];

export const placed = (entries: readonly Entry[]): Placed[] =>
  entries.map((entry, index) => [position(index + 1), entry]);

export function workloadOf(entries: readonly Placed[]): Workload {
  const reader = new WorkloadReader();
  for (const [at, entry] of entries) reader.read(at, entry);
  return reader.workload;
}

export const replayOf = (workload: Workload, variant: Partial<Variant> = {}): AlternativeEntry[] => [
  ...new Replay(workload, { ...AS_RECORDED, ...variant }).entries(),
];

/** Each start as one line: where and when, who, on whose seat, with which slots. */
export const startsIn = (during: During, { at, facts }: Entry): string[] =>
  facts.flatMap((fact) => {
    if (fact.type === "ReservationGranted") return [JSON.stringify([during, at, fact.reservation, fact.demand])];
    if (fact.type !== "StartGranted") return [];
    const { job, attempt, worker, demand, overtook = [] } = fact;
    return [JSON.stringify([during, at, job, attempt, worker, demand, overtook])];
  });
