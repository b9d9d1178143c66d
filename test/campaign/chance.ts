/**
 * Seeded chance. Each concern draws from a stream of its own, named after it, so that one draw more in one place does not change
 * what is drawn in another.
 */
export class Chance {
  #state: number;

  constructor(seed: number, name: string) {
    let mixed = 0x811c9dc5 ^ seed;
    for (const letter of `${seed} ${name}`) mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193);
    this.#state = mixed >>> 0;
  }

  /** From 0 up to, but never, 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  happens(probability: number): boolean {
    return this.fraction() < probability;
  }

  one<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.fraction() * choices.length)] ?? choices[0];
  }

  /** One of the choices, each as likely as its weight says. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const all = Object.entries<number>(weights) as [T, number][];
    let left = this.fraction() * all.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [choice, weight] of all) {
      left -= weight;
      if (left < 0) return choice;
    }
    throw new Error("there is nothing to choose from");
  }
}
