/** Which of many checkpoints is missed least. */

/** So many of the newest stay in any case: a restart needs one of them. */
const NEWEST_KEPT = 4;

/**
 * The index of the one without which the gap between its neighbours is the smallest, the newest ones apart; the earlier one among
 * equals. `positions` are in order; -1 if there is none to spare.
 */
export function crowdedIndex(positions: readonly number[]): number {
  let best = -1;
  let bestGap = Number.POSITIVE_INFINITY;
  for (let index = 0; index < positions.length - NEWEST_KEPT; index += 1) {
    const gap = (positions[index + 1] ?? 0) - (positions[index - 1] ?? 0);
    if (gap < bestGap) [best, bestGap] = [index, gap];
  }
  return best;
}
