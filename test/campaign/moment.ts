/** Moments of a round: never a time on a clock, always something that was seen to happen. */
import type { LedgerWatch } from "../support/ledger-watch.js";

/** After the n-th fact of a kind. */
export interface Moment {
  readonly fact: "JobSubmitted" | "StartGranted" | "StartDenied" | "RunStarted" | "RunCompleted" | "DispatcherElected";
  readonly nth: number;
}

export const describeMoment = ({ fact, nth }: Moment): string => `after ${fact} ${nth}`;

/**
 * A moment may never come: what it waits for was cancelled, or a fault keeps it from happening, which is what the next fault was to
 * make worse. Then it is not waited for any longer.
 */
const MOMENT_MS_MAX = 6_000;

/** Settles when the moment has come, or its time is up: false then. */
export async function untilMoment(watch: LedgerWatch, { fact, nth }: Moment, msMax = MOMENT_MS_MAX): Promise<boolean> {
  return await watch
    .until(`there are ${nth} ${fact}`, (seen) => seen.ofType(fact).length >= nth, msMax)
    .then(
      () => true,
      () => false,
    );
}
