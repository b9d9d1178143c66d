/** A bounded queue between a source that awaits room and a reader that takes everything there is, as one batch. */
export class Backlog<T> {
  readonly #itemsMax: number;
  #items: T[] = [];
  #failure: { readonly error: unknown } | null = null;
  #ended = false;
  #wakeReader: (() => void) | null = null;
  #wakeSource: (() => void) | null = null;

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
  }

  /**
   * Adds an item; if the queue is full then, the promise settles when the reader has taken it. After the end nothing is added: a source
   * that goes on for a while must not wait for a reader who is gone.
   */
  push(item: T): Promise<void> | undefined {
    if (this.#ended) return undefined;
    this.#items.push(item);
    this.#wakeReader?.();
    if (this.#items.length < this.#itemsMax) return undefined;
    return new Promise((resolve) => {
      this.#wakeSource = resolve;
    });
  }

  /** No more items: the reader gets what is left, then the end, or the error. */
  end(failure?: { readonly error: unknown }): void {
    this.#ended = true;
    this.#failure = failure ?? null;
    this.#wakeReader?.();
    this.#wakeSource?.();
  }

  /** Everything queued, at least one item; null at the end. */
  async take(): Promise<readonly T[] | null> {
    while (this.#items.length === 0) {
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
      this.#wakeReader = null;
    }
    const taken = this.#items;
    this.#items = [];
    this.#wakeSource?.();
    this.#wakeSource = null;
    return taken;
  }
}
