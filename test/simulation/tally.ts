/** Counts by name: faults that were done, and what they led to. */
export class Tally {
  readonly counts = new Map<string, number>();

  count(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by);
  }

  get(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  add(other: Iterable<readonly [string, number]>): void {
    for (const [name, by] of other) this.count(name, by);
  }
}
