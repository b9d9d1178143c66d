/** What may stand in the intake, by number: lists of items that share their memory. */
export class Intakes {
  readonly #lists: (readonly number[])[] = [[]];
  readonly #numbers = new Map<string, number>([["", 0]]);

  items(number: number): readonly number[] {
    return this.#lists[number] ?? [];
  }

  append(number: number, items: readonly number[]): number {
    return this.#number([...this.items(number), ...items]);
  }

  /** Without its first `count` items. */
  drop(number: number, count: number): number {
    return count === 0 ? number : this.#number(this.items(number).slice(count));
  }

  #number(list: readonly number[]): number {
    const key = list.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const made = this.#lists.push(list) - 1;
    this.#numbers.set(key, made);
    return made;
  }
}
