/** A first-in-first-out mailbox. Whoever brings much at once waits for room; single words are always taken. */
export class Mailbox<T> {
  /** Items are taken from `#head` on, so that taking one moves nothing. */
  #items: T[] = [];
  #head = 0;
  #patient = 0;
  #wakeBringers: (() => void)[] = [];
  readonly #roomMax: number;

  constructor(roomMax: number) {
    this.#roomMax = roomMax;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  get isFull(): boolean {
    return this.size >= this.#roomMax;
  }

  /** True if something in it does not wait for company. */
  get isUrgent(): boolean {
    return this.size > this.#patient;
  }

  /** A `patient` item alone is no reason for a turn, until its patience ends; it is taken along with the next urgent one. */
  push(item: T, { patient }: { patient: boolean } = { patient: false }): void {
    this.#items.push(item);
    if (patient) this.#patient += 1;
  }

  endPatience(): void {
    this.#patient = 0;
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
      this.#patient = 0;
    }
    if (this.size < this.#roomMax && this.#wakeBringers.length > 0) {
      const wake = this.#wakeBringers;
      this.#wakeBringers = [];
      for (const resolve of wake) resolve();
    }
    return item;
  }

  /** Puts back what was taken last and could not be done with: it comes first again. */
  putBack(item: T): void {
    if (this.#head === 0) this.#items.unshift(item);
    else {
      this.#head -= 1;
      this.#items[this.#head] = item;
    }
  }

  /** Settles when there is room for more. */
  async room(): Promise<void> {
    while (this.isFull) {
      await new Promise<void>((resolve) => {
        this.#wakeBringers.push(resolve);
      });
    }
  }

  /** Empties the mailbox; whoever waits for room may go on. */
  clear(): readonly T[] {
    const left = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    this.#patient = 0;
    const wake = this.#wakeBringers;
    this.#wakeBringers = [];
    for (const resolve of wake) resolve();
    return left;
  }
}
