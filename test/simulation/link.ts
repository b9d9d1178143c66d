/**
 * The wire between a program's machine and the server: TCP, in both directions. What is sent arrives in order, later; while the
 * link is held it does not arrive, and nobody is told; a connection that is given up leaves behind what is on its way.
 */
import type { Chance } from "./chance.js";
import type { Loop } from "./loop.js";

/** Seen from the client. */
export type Direction = "out" | "in";

export interface Latency {
  readonly minUs: number;
  readonly maxUs: number;
}

export class Link {
  readonly #loop: Loop;
  readonly #chance: Chance;
  readonly #latency: Latency;
  readonly #lines = new Set<Line>();
  readonly #holds = { out: 0, in: 0 };

  constructor(loop: Loop, chance: Chance, latency: Latency) {
    this.#loop = loop;
    this.#chance = chance;
    this.#latency = latency;
  }

  get isOpen(): boolean {
    return this.#holds.in === 0 && this.#holds.out === 0;
  }

  isHeld(direction: Direction): boolean {
    return this.#holds[direction] > 0;
  }

  line(direction: Direction): Line {
    const line = new Line(this, this.#loop, direction, () => this.#draw());
    this.#lines.add(line);
    return line;
  }

  /** From now on nothing arrives in this direction, until as many releases. */
  hold(direction: Direction): void {
    this.#holds[direction] += 1;
  }

  release(direction: Direction): void {
    this.#holds[direction] -= 1;
    if (this.#holds[direction] > 0) return;
    for (const line of [...this.#lines]) if (line.direction === direction) line.flush();
  }

  /** The line is of no use any more. */
  forget(line: Line): void {
    this.#lines.delete(line);
  }

  /** Mostly short, sometimes long. */
  #draw(): number {
    const { minUs, maxUs } = this.#latency;
    return Math.round(minUs + this.#chance.fraction() ** 4 * (maxUs - minUs));
  }
}

/** One direction of one connection. */
export class Line {
  readonly direction: Direction;
  readonly #link: Link;
  readonly #loop: Loop;
  readonly #drawLatency: () => number;
  #onTheWay: (() => void)[] = [];
  /** Of those on the way, how many would have arrived if the link were not held. */
  #due = 0;
  #arrival = 0;
  #isGivenUp = false;

  constructor(link: Link, loop: Loop, direction: Direction, drawLatency: () => number) {
    this.#link = link;
    this.#loop = loop;
    this.direction = direction;
    this.#drawLatency = drawLatency;
  }

  get onTheWay(): number {
    return this.#onTheWay.length;
  }

  send(act: () => void): void {
    if (this.#isGivenUp) return;
    this.#onTheWay.push(act);
    this.#arrival = Math.max(this.#arrival, this.#loop.now + this.#drawLatency());
    this.#loop.at(this.#arrival, this.#arrive);
  }

  /** The sender is gone. The first `landing` of what is on the way still arrive, `delayUs` later; the rest is lost. */
  giveUp(landing: number, delayUs: number): void {
    if (this.#isGivenUp) return;
    this.#isGivenUp = true;
    this.#onTheWay = this.#onTheWay.slice(0, landing);
    this.#due = 0;
    if (this.#onTheWay.length === 0) return this.#link.forget(this);
    this.#loop.after(delayUs, () => {
      this.#due = this.#onTheWay.length;
      if (!this.#link.isHeld(this.direction)) this.flush();
    });
  }

  /** What was held up arrives, in order and at once, as the bytes of one read do. */
  flush(): void {
    while (this.#due > 0) {
      this.#due -= 1;
      this.#onTheWay.shift()?.();
    }
    if (this.#isGivenUp && this.#onTheWay.length === 0) this.#link.forget(this);
  }

  readonly #arrive = (): void => {
    if (this.#isGivenUp) return;
    if (this.#link.isHeld(this.direction)) this.#due += 1;
    else this.#onTheWay.shift()?.();
  };
}
