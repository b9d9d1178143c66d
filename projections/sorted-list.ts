/**
 * A sorted list that stays fast with 100,000 items: sorted chunks of bounded size, so that an insertion or a removal moves at
 * most one chunk, and going through it in order costs nothing extra. Items must be distinct under `compare`.
 */
const CHUNK_ITEMS_MAX = 512;

export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number;
  /** Never contains an empty chunk. */
  readonly #chunks: T[][] = [];
  #size = 0;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#chunks[0]?.[0];
  }

  add(item: T): void {
    this.#size += 1;
    const at = Math.min(this.#chunkFor(item), this.#chunks.length - 1);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([item]);
      return;
    }
    chunk.splice(this.#indexIn(chunk, item), 0, item);
    if (chunk.length > CHUNK_ITEMS_MAX) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_ITEMS_MAX / 2));
  }

  /** True if the item was there. */
  delete(item: T): boolean {
    const at = this.#chunkFor(item);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return false;
    const index = this.#indexIn(chunk, item);
    const found = chunk[index];
    if (found === undefined || this.#compare(found, item) !== 0) return false;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#size -= 1;
    return true;
  }

  /** The last item before `item`, which need not be in the list itself. */
  before(item: T): T | undefined {
    const at = this.#chunkFor(item);
    const index = this.#indexIn(this.#chunks[at] ?? [], item);
    if (index > 0) return this.#chunks[at]?.[index - 1];
    const chunk = this.#chunks[at - 1];
    return chunk?.[chunk.length - 1];
  }

  /** The first item after `item`, which need not be in the list itself. */
  after(item: T): T | undefined {
    const at = this.#chunkFor(item);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return undefined;
    const index = this.#indexIn(chunk, item);
    const found = chunk[index];
    if (found !== undefined && this.#compare(found, item) !== 0) return found;
    return chunk[index + 1] ?? this.#chunks[at + 1]?.[0];
  }

  /** A list of its own in the same order, of what `copyOf` makes of each item. */
  clone(copyOf: (item: T) => T): SortedList<T> {
    const copy = new SortedList<T>(this.#compare);
    for (const chunk of this.#chunks) copy.#chunks.push(chunk.map(copyOf));
    copy.#size = this.#size;
    return copy;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** The first chunk whose last item is not before `item`. */
  #chunkFor(item: T): number {
    return lowerBound(this.#chunks.length, (i) => {
      const chunk = this.#chunks[i] as T[];
      return this.#compare(chunk[chunk.length - 1] as T, item) < 0;
    });
  }

  #indexIn(chunk: readonly T[], item: T): number {
    return lowerBound(chunk.length, (i) => this.#compare(chunk[i] as T, item) < 0);
  }
}

/** The smallest index in 0..length for which `isBefore` is false; `isBefore` is true for a prefix only. */
function lowerBound(length: number, isBefore: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
