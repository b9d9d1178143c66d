/** The middle and the worst of some measured times. */

export interface Spread {
  /** Half of the values are no larger. */
  readonly p50: number;
  readonly max: number;
}

/** Null if there are no values. */
export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = [...values].sort((one, other) => one - other);
  const p50 = sorted[Math.ceil(sorted.length / 2) - 1];
  const max = sorted[sorted.length - 1];
  return p50 === undefined || max === undefined ? null : { p50, max };
}
