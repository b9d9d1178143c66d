/** Explores a world breadth first: every state that any order of moves leads to, each once; so the first fault found is a shortest one. */
import { Acts } from "./acts.js";
import { asBroken, Broken } from "./broken.js";
import { Canonical } from "./canonical.js";
import { Checks } from "./checks.js";
import { Choices } from "./choices.js";
import { type Code, SHIPPED } from "./code.js";
import { Frontier } from "./frontier.js";
import { Healthy } from "./healthy.js";
import { Intakes } from "./intakes.js";
import { beginningOf, Moves } from "./moves.js";
import { Setting } from "./setting.js";
import type { State } from "./state.js";
import { Trail } from "./trail.js";
import { Turns } from "./turns.js";
import { Visited } from "./visited.js";
import type { World } from "./world.js";

export interface ExploreOptions {
  readonly statesMax: number;
  readonly code?: Code;
  /** Another seed gives other hashes, and must give the same number of states. */
  readonly hashSeed?: number;
  readonly refoldEvery?: number;
  readonly compareEvery?: number;
  /** Called now and then. */
  readonly onProgress?: (so: Progress) => void;
}

export interface Progress {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly waiting: number;
  readonly beliefs: number;
  readonly seconds: number;
  /** Of processor time: a busy machine does not make the code slower. */
  readonly cpuSeconds: number;
}

export interface Explored extends Progress {
  /** False if the bound on states ended it before everything was seen, or a fault did. */
  readonly isComplete: boolean;
  readonly fault: Fault | null;
  /** Transitions to a state that is equal to another one when dispatchers change places. */
  readonly mirrored: number;
  /** Entries that the shipped `takeTurn` decided, and ledgers that led to what another one had led to. */
  readonly turns: number;
  readonly ledgersMerged: number;
  readonly ledgersCompared: number;
  readonly refolded: number;
}

export interface Fault {
  readonly broken: Broken;
  /** The moves from the beginning, each by its number among the moves of its state. */
  readonly path: readonly number[];
  /** It broke on the healthy continuation of where they lead; else in the last of them, or in the state after it. */
  readonly isOnHealthyWay: boolean;
}

const PROGRESS_EVERY_STATES = 8_192;

/** The parts that explore one world, and by which a story is told again. */
export function assemble(world: World, options: Pick<ExploreOptions, "code" | "refoldEvery" | "compareEvery">) {
  const setting = new Setting(world);
  const { code = SHIPPED, refoldEvery = 10, compareEvery = 20 } = options;
  const turns = new Turns(setting, code, { refoldEvery, compareEvery });
  const intakes = new Intakes();
  const choices = new Choices(setting, intakes);
  const moves = new Moves(setting, turns, choices, new Acts(setting, turns, intakes, code));
  const canonical = new Canonical(world.dispatchers, turns, intakes);
  const checks = new Checks(setting, turns);
  const healthyActs = new Acts(setting, turns, intakes, code);
  const healthy = new Healthy(setting, turns, choices, healthyActs, intakes);
  const begin = () => beginningOf(setting);
  return { setting, turns, intakes, begin, moves, canonical, checks, healthy, healthyActs };
}

export function explore(world: World, options: ExploreOptions): Explored {
  return new Exploration(world, options).run();
}

class Exploration {
  readonly #options: ExploreOptions;
  readonly #parts: ReturnType<typeof assemble>;
  readonly #visited: Visited;
  readonly #trail = new Trail();
  readonly #current: State;
  readonly #walker: State;
  readonly #way: number[] = [];
  readonly #began = performance.now();
  readonly #cpuBegan = process.cpuUsage();
  #level: Frontier;
  #nextLevel: Frontier;
  #depth = 0;
  #transitions = 0;
  #mirrored = 0;
  #expanded = 0;
  #fault: Fault | null = null;
  #moveNumber = 0;

  constructor(world: World, options: ExploreOptions) {
    this.#options = options;
    this.#parts = assemble(world, options);
    this.#visited = new Visited(options.statesMax, options.hashSeed ?? 0);
    const first = this.#parts.begin();
    this.#current = first.slice();
    this.#walker = first.slice();
    this.#level = new Frontier(first.length);
    this.#nextLevel = new Frontier(first.length);
  }

  run(): Explored {
    const first = this.#parts.begin();
    this.#parts.canonical.make(first);
    this.#see(first, 0);
    let isComplete = true;
    while (this.#nextLevel.size > 0 && this.#fault === null && isComplete) {
      this.#level = this.#nextLevel;
      this.#nextLevel = new Frontier(first.length);
      this.#depth += 1;
      isComplete = this.#expandLevel();
    }
    return this.#report(isComplete && this.#fault === null);
  }

  #expandLevel(): boolean {
    const level = this.#level;
    const firstOfLevel = this.#expanded;
    for (let index = 0; index < level.size; index += 1) {
      if (this.#visited.isFull) return false;
      level.read(index, this.#current);
      if (index % PROGRESS_EVERY_STATES === 0) {
        level.release(index);
        this.#options.onProgress?.(this.#progress());
      }
      this.#expand(firstOfLevel + index);
      if (this.#fault !== null) return true;
    }
    this.#expanded += level.size;
    return true;
  }

  /** All moves of the state. */
  #expand(number: number): void {
    const { moves, canonical } = this.#parts;
    this.#moveNumber = 0;
    try {
      moves.each(this.#current, () => {
        this.#transitions += 1;
        if (canonical.make(moves.acts.next)) this.#mirrored += 1;
        this.#see(moves.acts.next, number);
        this.#moveNumber += 1;
        if (this.#fault !== null) throw STOP;
      });
    } catch (error) {
      if (error !== STOP)
        this.#fault = {
          broken: asBroken(error),
          path: [...this.#trail.to(number), this.#moveNumber],
          isOnHealthyWay: false,
        };
    }
  }

  /** Looks at a state that a move has led to; remembers it and checks it if it is new. */
  #see(state: State, from: number): void {
    const place = this.#visited.find(state);
    if (this.#visited.isVisited(place)) return;
    this.#visited.visit(place);
    const number = this.#trail.size;
    this.#trail.add(from, this.#moveNumber);
    this.#nextLevel.push(state);
    let isOnHealthyWay = false;
    try {
      this.#parts.checks.check(state);
      if (this.#visited.endsWell(place)) return;
      isOnHealthyWay = true;
      this.#walk(state, place);
    } catch (error) {
      this.#fault = { broken: asBroken(error), path: this.#trail.to(number), isOnHealthyWay };
    }
  }

  /** Follows the healthy continuation until it is known to end well, and remembers that of all the way. */
  #walk(state: State, place: number): void {
    const { healthy, healthyActs, canonical, checks } = this.#parts;
    const way = this.#way;
    way.length = 0;
    way.push(place);
    this.#walker.set(state);
    let isKnown = false;
    while (!isKnown && healthy.step(this.#walker) !== null) {
      this.#walker.set(healthyActs.next);
      canonical.make(this.#walker);
      const next = this.#visited.find(this.#walker);
      isKnown = this.#visited.endsWell(next);
      if (isKnown) break;
      checks.check(this.#walker);
      if (way.includes(next)) throw new Broken("no end", "the healthy continuation goes round in a circle");
      way.push(next);
    }
    if (!isKnown) healthy.checkEnd(this.#walker);
    for (const one of way) this.#visited.markEndsWell(one);
  }

  #progress(): Progress {
    const { user, system } = process.cpuUsage(this.#cpuBegan);
    return {
      cpuSeconds: (user + system) / 1_000_000,
      states: this.#trail.size,
      transitions: this.#transitions,
      depth: this.#depth,
      waiting: this.#nextLevel.size,
      beliefs: this.#parts.turns.beliefs,
      seconds: (performance.now() - this.#began) / 1_000,
    };
  }

  #report(isComplete: boolean): Explored {
    const { taken: turns, merged: ledgersMerged, compared: ledgersCompared, refolded } = this.#parts.turns;
    const fault = this.#fault;
    return {
      ...this.#progress(),
      isComplete,
      fault,
      mirrored: this.#mirrored,
      turns,
      ledgersMerged,
      ledgersCompared,
      refolded,
    };
  }
}

const STOP = new Error("a fault was found");
