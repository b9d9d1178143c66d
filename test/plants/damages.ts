/** Ways in which a ledger can be damaged: in each, one thing that is promised of every ledger does not hold any more. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export interface RawFact {
  readonly type: string;
  readonly [key: string]: Json;
}
export interface RawEntry {
  readonly id: string;
  readonly prev: string | null;
  readonly epoch: number;
  readonly at: string;
  readonly intake: { readonly sequence: number; readonly taken: number };
  readonly facts: readonly RawFact[];
}
type Ledger = readonly RawEntry[];

export interface Damage {
  readonly name: string;
  /** Null if there is nothing in this ledger that could be damaged so. */
  readonly damage: (ledger: Ledger) => Ledger | null;
}

/** Another entry in the place of the last one of which that can be said. */
function replaced(
  ledger: Ledger,
  isOne: (entry: RawEntry, index: number) => boolean,
  change: (entry: RawEntry, index: number) => RawEntry,
): Ledger | null {
  const at = ledger.findLastIndex(isOne);
  return at < 0 ? null : ledger.map((entry, index) => (index === at ? change(entry, index) : entry));
}

const has = (type: string) => (entry: RawEntry) => entry.facts.some((fact) => fact.type === type);
const withFacts = (entry: RawEntry, change: (fact: RawFact) => readonly RawFact[]): RawEntry => ({
  ...entry,
  facts: entry.facts.flatMap(change),
});

export const DAMAGES: readonly Damage[] = [
  {
    name: "an entry names another one as the one before",
    damage: (ledger) =>
      replaced(
        ledger,
        (_, index) => index > 1,
        (entry) => ({ ...entry, prev: ledger[0]?.id ?? null }),
      ),
  },
  {
    name: "an entry is missing",
    damage: (ledger) => (ledger.length < 3 ? null : ledger.filter((_, index) => index !== ledger.length - 2)),
  },
  {
    name: "an entry is of a reign that was never elected",
    damage: (ledger) =>
      replaced(
        ledger,
        (entry, index) => index > 1 && !has("DispatcherElected")(entry),
        (entry) => ({ ...entry, epoch: entry.epoch + 1 }),
      ),
  },
  {
    name: "an entry is of a reign that is over",
    damage: (ledger) =>
      replaced(
        ledger,
        ({ epoch }) => epoch > 1,
        (entry) => ({ ...entry, epoch: entry.epoch - 1 }),
      ),
  },
  {
    name: "time goes back",
    damage: (ledger) =>
      replaced(
        ledger,
        (entry, index) => index > 1 && has("StartGranted")(entry),
        (entry) => ({ ...entry, at: "2025-12-31T00:00:00.000Z" }),
      ),
  },
  {
    name: "the intake goes back",
    damage: (ledger) =>
      replaced(
        ledger,
        ({ intake }, index) => index > 1 && intake.sequence > 1,
        (entry) => ({ ...entry, intake: { sequence: 0, taken: 0 } }),
      ),
  },
  {
    name: "an attempt ends twice",
    damage: (ledger) =>
      replaced(ledger, has("RunCompleted"), (entry) =>
        withFacts(entry, (fact) => (fact.type === "RunCompleted" ? [fact, fact] : [fact])),
      ),
  },
  {
    name: "an attempt ends that was never granted",
    damage: (ledger) =>
      replaced(ledger, has("RunCompleted"), (entry) =>
        withFacts(entry, (fact) => (fact.type === "RunCompleted" ? [{ ...fact, grant: 1 }] : [fact])),
      ),
  },
  {
    name: "more is granted than a pool has",
    damage: (ledger) => {
      const limits = ledger.flatMap(({ facts }) => facts).filter(({ type }) => type === "LimitsChanged");
      const [only, another] = limits.map(({ limits }) => JSON.stringify(limits));
      if (only !== '{"global":2}' || another !== undefined) return null;
      return ledger.map((entry) =>
        withFacts(entry, (fact) => [fact.type === "LimitsChanged" ? { ...fact, limits: { global: 1 } } : fact]),
      );
    },
  },
  {
    name: "a job is granted another demand than its own",
    damage: (ledger) =>
      replaced(ledger, has("StartGranted"), (entry) =>
        withFacts(entry, (fact) => [fact.type === "StartGranted" ? { ...fact, demand: { "resource:none": 1 } } : fact]),
      ),
  },
  {
    name: "a job is granted to somebody who is not there",
    damage: (ledger) =>
      replaced(ledger, has("StartGranted"), (entry) =>
        withFacts(entry, (fact) => [fact.type === "StartGranted" ? { ...fact, worker: "nobody" } : fact]),
      ),
  },
];
