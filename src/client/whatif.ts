/** What-if, run from outside: the workload is read out of a ledger, and decided again, with a breath now and then for signals. */
import { setImmediate as breath } from "node:timers/promises";
import { type Measured, Measures } from "../../projections/whatif/measures.js";
import type { Workload } from "../../projections/whatif/recorded.js";
import { Replay } from "../../projections/whatif/replay.js";
import type { Variant } from "../../projections/whatif/variant.js";
import { type From, WorkloadReader } from "../../projections/whatif/workload.js";
import { entriesUpTo, type LedgerText } from "./entries.js";
import { ClientFailure } from "./failure.js";
import type { Until } from "./until.js";

/** So many entries between two breaths: a few milliseconds. */
const BREATH_EVERY_ENTRIES = 100;

interface Going {
  readonly signal: AbortSignal;
}

export interface ReadingWorkload extends Going {
  readonly until: Until | null;
  readonly from: From | null;
  readonly onEntry: (position: number, last: number) => void;
}

/** Reads a workload. Throws `LedgerCorrupt` with the address of what cannot be. Ends early when the signal aborts. */
export async function readWorkload(text: LedgerText, options: ReadingWorkload): Promise<Workload> {
  const { until, from, signal, onEntry } = options;
  const reader = new WorkloadReader(from);
  for await (const [at, entry] of entriesUpTo(text, until)) {
    reader.read(at, entry);
    onEntry(at, text.last);
    if (at % BREATH_EVERY_ENTRIES === 0) await breath();
    if (signal.aborted) break;
  }
  const { workload } = reader;
  const isBeyond = workload.from === null || workload.from > (workload.end?.at ?? "");
  if (from !== null && isBeyond && !signal.aborted)
    throw new ClientFailure(
      "not-found",
      `the ledger ends at position ${workload.end?.position ?? 0}${workload.end === null ? "" : `, ${workload.end.at}`}: nothing is from ${"time" in from ? from.time : from.position} on`,
    );
  return workload;
}

export interface Playing extends Going {
  /** Called now and then, with how much of the workload was taken in, and how many entries there are. */
  readonly onEntries: (share: number, entries: number) => void;
}

/** What is measured of the workload under a variant. Ends early, with what was so far, when the signal aborts. */
export async function playVariant(
  workload: Workload,
  variant: Variant,
  { signal, onEntries }: Playing,
): Promise<Measured> {
  const replay = new Replay(workload, variant);
  const measures = new Measures(workload.from ?? BEGINNING);
  let entries = 0;
  for (const { entry } of replay.entries()) {
    measures.entry(entry.at, entry.facts, replay.fold);
    entries += 1;
    if (entries % BREATH_EVERY_ENTRIES !== 0) continue;
    onEntries(replay.share, entries);
    await breath();
    if (signal.aborted) break;
  }
  return measures.measured;
}

const BEGINNING = "0000-01-01T00:00:00.000Z";
