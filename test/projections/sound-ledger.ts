/** A small ledger in which all is right, and what tests do to it before they have it verified. */
import type { Entry } from "../../events/entry.js";
import type { Fact, FactOf } from "../../events/facts.js";
import { jobId, poolName, position, workerId } from "../../events/names.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import { Verification } from "../../projections/verify/verification.js";
import { type LedgerBuilder, ledger, type StoredEntry } from "../support/ledger-builder.js";

/** Verifies to the end, or gives the address and the text of what is wrong. */
export function verify(entries: readonly StoredEntry[]): {
  verification: Verification;
  address: string;
  message: string;
} {
  const verification = new Verification();
  try {
    for (const { position: at, entry } of entries) verification.apply(at, entry);
  } catch (error) {
    if (!(error instanceof LedgerCorrupt)) throw error;
    return { verification, address: error.address, message: error.message };
  }
  return { verification, address: "", message: "all is right" };
}

/** One slot; b waits behind a, c before b, d for another pool. The facts of an entry are told by their addresses. */
export function good(): LedgerBuilder {
  return ledger()
    .elected() // 1
    .worker("w1", 2) // 2
    .limits({ resources: { gpu: 1, api: 2 } }) // 3
    .together((book) => book.submitted("a", { resources: { gpu: 1 } }).submitted("b", { resources: { gpu: 1 } })) // 4
    .decided() // 5: a is granted, b is denied
    .submitted("c", { resources: { gpu: 1 }, priority: 5 }) // 6
    .submitted("d", { resources: { api: 1 }, runAt: "2026-01-01T00:00:08.000Z" }) // 7
    .started("a") // 8
    .together((book) => book.due("d").completed("a")) // 9
    .decided(); // 10: c and d are granted
}

/** The ledger with one entry changed. */
export function changed(at: number, change: (entry: Entry) => Partial<Entry>): StoredEntry[] {
  return good().entries.map((stored) =>
    stored.position === at ? { ...stored, entry: { ...stored.entry, ...change(stored.entry) } } : stored,
  );
}
/** The ledger with one fact changed. */
export const changedFact = (at: number, index: number, change: (fact: Fact) => Fact): StoredEntry[] =>
  changed(at, ({ facts }) => ({ facts: facts.map((fact, i) => (i === index ? change(fact) : fact)) }));
/** The ledger with one entry more at its end. */
export const followed = (facts: readonly Fact[], book = good()): StoredEntry[] => [
  ...book.entries,
  { position: position(book.entries.length + 1), entry: { ...book.nextHeader, facts } },
];
export const as = <T extends Fact["type"]>(type: T, change: (fact: FactOf<T>) => Partial<FactOf<T>>) => {
  return (fact: Fact): Fact => {
    if (fact.type !== type) throw new Error(`${fact.type} is no ${type}`);
    return { ...fact, ...change(fact as FactOf<T>) };
  };
};
export const granted = (job: string, pool: string, more: Partial<FactOf<"StartGranted">> = {}): Fact => ({
  type: "StartGranted",
  job: jobId(job),
  attempt: 1,
  worker: workerId("w1"),
  demand: { [poolName(pool)]: 1 },
  leaseMs: 1_000,
  ...more,
});
export const completed = (job: string, grant: number): Fact => ({
  type: "RunCompleted",
  job: jobId(job),
  grant: position(grant),
  exitCode: null,
  result: { inline: null },
});

export function leaves(worker: string): Fact {
  return { type: "WorkerLeft", worker: workerId(worker), reason: "stopped" };
}
