/**
 * A state's hash in three lanes of 32 bits: one says where in the table it is looked for, two are what is compared there. Each
 * lane is a MurmurHash3 of all words under its own seed.
 */
import type { State } from "./state.js";

export class Hasher {
  place = 0;
  low = 0;
  high = 0;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  hash(state: State): void {
    let a = 0x9747b28c ^ this.#seed;
    let b = 0x3c6ef372 + this.#seed;
    let c = Math.imul(0x1b873593, 2 * this.#seed + 1);
    for (let index = 0; index < state.length; index += 1) {
      let k = Math.imul(state[index] as number, 0xcc9e2d51);
      k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
      a ^= k;
      a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
      let m = Math.imul((state[index] as number) ^ 0x5bd1e995, 0x239b961b);
      m = Math.imul((m << 16) | (m >>> 16), 0xab0e9789);
      b ^= m;
      b = (Math.imul((b << 17) | (b >>> 15), 9) + 0x561ccd1b) | 0;
      let n = Math.imul((state[index] as number) + 0x7f4a7c15, 0x38b34ae5);
      n = Math.imul((n << 18) | (n >>> 14), 0xa1e38b93);
      c ^= n;
      c = (Math.imul((c << 11) | (c >>> 21), 3) + 0x32ac3b17) | 0;
    }
    this.place = mixed(a ^ Math.imul(b, 31)) >>> 0;
    this.low = mixed(b ^ Math.imul(c, 0x01000193)) >>> 0;
    this.high = mixed(c ^ Math.imul(a, 0x45d9f3b)) >>> 0;
  }
}

function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
