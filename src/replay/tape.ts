/**
 * A ledger that can be wound to any position, backwards too. Facts cannot be taken back, so going back means folding again; what that
 * costs is bounded by copies of the reel that were kept on the way:
 *
 *   kept    a few copies, at intervals that double when there are more; so no place is further from one than the facts of one
 *           interval, a third of the whole at the worst.
 *   near    one copy a little before the place that was wound to last, because whoever steps back once does it again.
 *   scenes  the last scenes that were shown or passed shortly before: stepping among them folds nothing at all.
 */
import { type Position, position } from "../../events/names.js";
import type { Log } from "../log/log.js";
import type { Condition } from "./condition.js";
import { EntryReader } from "./entry-reader.js";
import { Reel } from "./reel.js";
import { Rounds } from "./rounds.js";
import { type Scene, sceneOf } from "./scene.js";

/** What is kept so that going back costs little. */
export interface TapeBounds {
  /** Each copy costs what the job index does: some 40 MB with 100,000 jobs. */
  readonly keptMax: number;
  /** The first interval; folding so many facts again takes less than half a second. */
  readonly keepEveryFacts: number;
  /** The near copy is made so many entries before the goal of a longer way. */
  readonly nearEntries: number;
  /** From so many entries before a goal on the scenes are kept. */
  readonly scenesBefore: number;
  readonly scenesMax: number;
}

export const TAPE_BOUNDS: TapeBounds = {
  ...{ keptMax: 6, keepEveryFacts: 20_000, nearEntries: 1_024, scenesBefore: 256, scenesMax: 2_048 },
};
/** A copy costs about as much as folding so many facts for each job in the index. */
const KEEP_EVERY_FACTS_PER_JOB = 1;

export interface Winding {
  /** Breaks off when it aborts. */
  readonly signal: AbortSignal;
  /** Called now and then on a long way. */
  readonly onProgress: (done: { readonly entries: number; readonly of: number }) => void;
}

export class Tape {
  readonly last: number;
  readonly #condition: Condition | null;
  readonly #reader: EntryReader;
  readonly #bounds: TapeBounds;
  #reel: Reel;
  /** In the order of their positions. */
  #kept: Reel[] = [];
  #keepEvery: number;
  #near: Reel | null = null;
  #factsSinceKept = 0;
  readonly #scenes = new Map<number, Scene>();

  /** `last`: where it ends. */
  constructor(ledger: Log, last: number, condition: Condition | null, bounds: TapeBounds = TAPE_BOUNDS) {
    this.last = last;
    this.#bounds = bounds;
    this.#keepEvery = bounds.keepEveryFacts;
    this.#condition = condition;
    this.#reader = new EntryReader(ledger, last);
    this.#reel = new Reel(condition);
  }

  /** How many copies there are, for those who look after the memory. */
  get copies(): number {
    return this.#kept.length + (this.#near === null ? 0 : 1);
  }

  /** When the entry at a position was decided, in ISO 8601. */
  async timeOf(at: number): Promise<string> {
    return this.#scenes.get(at)?.at ?? (await this.#reader.read(at)).at;
  }

  /**
   * What is to be seen at a position from 0, before the first entry, to the last. Throws `LedgerCorrupt` where an entry cannot be, and
   * what the signal was aborted with.
   */
  async scene(at: number, { signal, onProgress }: Winding): Promise<Scene> {
    const known = this.#scenes.get(at);
    if (known !== undefined) return known;
    if (at < this.#reel.position) this.#goBack(at);
    const from = this.#reel.position;
    const { nearEntries, scenesBefore } = this.#bounds;
    const isFar = at - from > nearEntries;
    const rounds = new Rounds();
    if (at === from) this.#remember();
    for (let next = from + 1; next <= at; next += 1) {
      await this.#forward(position(next));
      if (next > at - scenesBefore) this.#remember();
      if (isFar && next === at - nearEntries) this.#near = this.#reel.copy();
      if (!(await rounds.giveWay())) continue;
      signal.throwIfAborted();
      onProgress({ entries: next - from, of: at - from });
    }
    const scene = this.#scenes.get(at);
    if (scene === undefined) throw new Error(`there is no scene at ${at}`);
    return scene;
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  async #forward(at: Position): Promise<void> {
    const entry = await this.#reader.read(at);
    this.#reel.apply(at, entry);
    this.#factsSinceKept += entry.facts.length;
    const furthest = this.#kept[this.#kept.length - 1]?.position ?? 0;
    if (at <= furthest) this.#factsSinceKept = 0;
    else if (this.#factsSinceKept >= Math.max(this.#keepEvery, this.#reel.fold.jobs.size * KEEP_EVERY_FACTS_PER_JOB))
      this.#keep();
  }

  #keep(): void {
    this.#factsSinceKept = 0;
    this.#kept.push(this.#reel.copy());
    if (this.#kept.length <= this.#bounds.keptMax) return;
    this.#kept = this.#kept.filter((_reel, index) => index % 2 === 1);
    this.#keepEvery *= 2;
  }

  /** Takes the copy that is nearest before a position, or the beginning. */
  #goBack(at: number): void {
    const before = [...this.#kept, ...(this.#near === null ? [] : [this.#near])].filter((reel) => reel.position <= at);
    const nearest = before.reduce<Reel | null>(
      (best, reel) => (best === null || reel.position > best.position ? reel : best),
      null,
    );
    this.#reel = nearest?.copy() ?? new Reel(this.#condition);
    this.#factsSinceKept = 0;
  }

  #remember(): void {
    const scene = sceneOf(this.#reel);
    // Behind the others again, if it was there.
    this.#scenes.delete(scene.position);
    this.#scenes.set(scene.position, scene);
    const [oldest] = this.#scenes.keys();
    if (this.#scenes.size > this.#bounds.scenesMax && oldest !== undefined) this.#scenes.delete(oldest);
  }
}
