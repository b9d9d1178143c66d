/** Measures on a recorded ledger how far off forecasts would have been. */
import { position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { type ForecastError, ForecastTrial } from "../../projections/forecast/forecast-error.js";
import { entryOf } from "../log/entry.js";
import { lastOf, type Readable, readMessages } from "./reader.js";
import type { Until } from "./until.js";

/**
 * Walks the ledger, up to `until` or to what is its end now. Throws `LedgerCorrupt` with the address of what cannot be, and
 * `ClientFailure` if the ledger does not reach so far or cannot be read.
 */
export async function measureForecasts(
  { ledger, begin }: Pick<Readable, "ledger" | "begin">,
  until: Until | null,
  onEntry: (position: number, last: number) => void,
): Promise<ForecastError> {
  const trial = new ForecastTrial(begin?.clone() ?? new Fold());
  const end = await lastOf(ledger, until);
  for await (const message of readMessages(ledger, begin?.head.position ?? 0, end)) {
    const entry = entryOf(message);
    if (until !== null && "time" in until && entry.at > until.time) break;
    trial.apply(position(message.sequence), entry);
    onEntry(message.sequence, end);
  }
  return trial.result();
}
