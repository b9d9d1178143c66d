/**
 * Virtual time. What is to happen stands in a heap by its time; time jumps from one event to the next. Between two events the
 * microtasks run dry, so that the same events give the same run, whatever the machine does beside.
 */

/** An event to come. */
export interface Scheduled {
  cancel(): void;
}

interface Event extends Scheduled {
  readonly time: number;
  /** Events of the same time happen in the order in which they were scheduled. */
  readonly order: number;
  act: (() => void) | null;
}

export class Loop {
  #now = 0;
  #order = 0;
  #events = 0;
  readonly #heap: Event[] = [];
  #soon: (() => void)[] = [];
  #isTouched = false;
  /** Called when something was scheduled; whoever drives the loop in bursts wants to know. */
  onScheduled = () => {};

  /** Microseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** How many events have happened. */
  get events(): number {
    return this.#events;
  }

  /** When the next event is; infinitely far if there is none. */
  get nextAt(): number {
    while (this.#heap[0]?.act === null) pop(this.#heap);
    return this.#heap[0]?.time ?? Number.POSITIVE_INFINITY;
  }

  at(time: number, act: () => void): Scheduled {
    this.#order += 1;
    const event: Event = { time: Math.max(time, this.#now), order: this.#order, act, cancel };
    push(this.#heap, event);
    this.onScheduled();
    return event;
  }

  after(us: number, act: () => void): Scheduled {
    return this.at(this.#now + us, act);
  }

  /** When everything that is happening at this moment has happened. */
  soon(act: () => void): void {
    this.#soon.push(act);
    this.#isTouched = true;
  }

  /** Says that this event has called into a program: what it has promised to itself is to be waited for. */
  touch(): void {
    this.#isTouched = true;
  }

  /** The next event happens, and all that follows from it at once. False if nothing is to come. */
  async step(): Promise<boolean> {
    let event = pop(this.#heap);
    while (event?.act === null) event = pop(this.#heap);
    if (event === undefined) return false;
    this.#now = event.time;
    this.#events += 1;
    const { act } = event;
    event.act = null;
    act?.();
    if (this.#isTouched) await this.settle();
    return true;
  }

  /** Settles when nothing is left to do at this moment. */
  async settle(): Promise<void> {
    this.#isTouched = false;
    await dry();
    while (this.#soon.length > 0) {
      const soon = this.#soon;
      this.#soon = [];
      for (const act of soon) act();
      await dry();
    }
    this.#isTouched = false;
  }
}

/** Ticks come after all microtasks: when one is reached, no promise has anything left to do. */
const dry = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

function cancel(this: Event): void {
  this.act = null;
}

const isBefore = (a: Event, b: Event): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);

function push(heap: Event[], event: Event): void {
  let at = heap.length;
  heap.push(event);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || !isBefore(event, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = event;
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let childAt = 2 * at + 1;
    let child = heap[childAt];
    if (child === undefined) break;
    const right = heap[childAt + 1];
    if (right !== undefined && isBefore(right, child)) {
      child = right;
      childAt += 1;
    }
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = childAt;
  }
  heap[at] = last;
  return first;
}
