/** Chance from a seed: the same seed draws the same. (The generator is mulberry32.) */
export interface Chance {
  /** From 0 to 1. */
  next(): number;
  /** A whole number from `from` up to, and without, `to`. */
  between(from: number, to: number): number;
  oneIn(count: number): boolean;
  pick<T>(items: readonly [T, ...T[]]): T;
}

export function chanceFrom(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from));
  return {
    next,
    between,
    oneIn: (count) => between(0, count) === 0,
    pick: (items) => items[between(0, items.length)] ?? items[0],
  };
}
