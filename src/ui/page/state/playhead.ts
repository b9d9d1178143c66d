/** The moment that is shown: now, or any position of the ledger; and the motion from one to the next. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Board, Source } from "../../protocol.js";
import { isAbort, sentenceOf } from "../source/index.js";
import { movesBetween } from "./board-moves.js";
import type { Feed } from "./feed.js";
import type { Pulses } from "./pulses.js";

export const SPEEDS = [1, 5, 20, 100] as const;
/** Nothing happens for longer than this: the wait is cut short. */
const GAP_MS_MAX = 1_500;
/** Boards a second at the most. */
const FRAME_MS_MIN = 120;
const FACTS_PER_LOOK = 200;

const IS_POSITION = /^\d+$/;

/** Null: now. */
type Moment = number | null;

export class Playhead {
  readonly #source: Source;
  readonly #feed: Feed;
  readonly #pulses: Pulses;
  readonly #moment = signal<Moment>(null);
  readonly #past = signal<Board | null>(null);
  readonly #isPlaying = signal(false);
  readonly #problem = signal<string | null>(null);
  readonly speed = signal<number>(5);
  /** The board of the moment that is shown. */
  readonly board: ReadonlySignal<Board | null>;
  readonly isLive: ReadonlySignal<boolean>;
  /** For questions to the source: a position as it wants it, or undefined for now. */
  readonly at: ReadonlySignal<string | undefined>;
  #asking = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: Source, feed: Feed, pulses: Pulses) {
    this.#source = source;
    this.#feed = feed;
    this.#pulses = pulses;
    this.isLive = computed(() => this.#moment.value === null);
    this.board = computed(() =>
      this.#moment.value === null ? feed.board.value : (this.#past.value ?? feed.board.value),
    );
    this.at = computed(() => (this.#moment.value === null ? undefined : String(this.#moment.value)));
  }

  /** The position that is shown, or asked for. */
  get moment(): ReadonlySignal<Moment> {
    return this.#moment;
  }
  get isPlaying(): ReadonlySignal<boolean> {
    return this.#isPlaying;
  }
  get problem(): ReadonlySignal<string | null> {
    return this.#problem;
  }

  goLive(): void {
    this.pause();
    this.#asking.abort();
    this.#moment.value = null;
    this.#past.value = null;
    this.#problem.value = null;
  }

  /** Shows a position, or the last one at an ISO time. The newest wish counts. */
  async seek(at: string): Promise<void> {
    this.pause();
    await this.#show(at);
  }

  async step(by: 1 | -1): Promise<void> {
    const position = this.#moment.value ?? this.#feed.board.value?.position;
    if (position !== undefined) await this.seek(String(Math.max(1, position + by)));
  }

  play(): void {
    if (this.#moment.value === null) return;
    this.#isPlaying.value = true;
    void this.#playOn();
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#isPlaying.value = false;
  }

  async #show(at: string): Promise<void> {
    this.#asking.abort();
    const asking = new AbortController();
    this.#asking = asking;
    if (IS_POSITION.test(at)) this.#moment.value = this.#clipped(at);
    try {
      const board = await this.#source.board(at, asking.signal);
      if (asking.signal.aborted) return;
      const before = this.#past.value;
      this.#past.value = board;
      // A recording has boards at some positions only, and gives the one before: the way goes on from where it was asked for.
      this.#moment.value = Math.max(board.position, this.#clipped(at));
      this.#problem.value = null;
      if (before !== null && before.position < board.position) this.#pulses.beat(movesBetween(before, board));
    } catch (error) {
      if (!isAbort(error) && !asking.signal.aborted) this.#problem.value = sentenceOf(error);
    }
  }

  /** A position that was asked for, not behind the end; 0 for a time. */
  #clipped(at: string): number {
    return IS_POSITION.test(at) ? Math.min(Number(at), this.#feed.board.value?.position ?? Number(at)) : 0;
  }

  /** To the next entries, after as much time as lay between them, divided by the speed. */
  async #playOn(): Promise<void> {
    const board = this.board.value;
    const position = this.#moment.value;
    if (board === null || position === null) return this.pause();
    const reach = FRAME_MS_MIN * this.speed.value;
    try {
      const query = { after: String(position), limit: FACTS_PER_LOOK };
      const { facts } = await this.#source.facts(query, new AbortController().signal);
      if (!this.#isPlaying.value) return;
      const [next] = facts;
      if (next === undefined) return this.pause();
      const now = Date.parse(board.at);
      const together = facts.filter(({ at }) => Date.parse(at) - now <= reach);
      const target = together[together.length - 1] ?? next;
      const wait = Math.min(GAP_MS_MAX, Math.max(FRAME_MS_MIN, (Date.parse(next.at) - now) / this.speed.value));
      this.#timer = setTimeout(async () => {
        await this.#show(target.address.split(".")[0] ?? "");
        if (this.#isPlaying.value) void this.#playOn();
      }, wait);
    } catch (error) {
      this.pause();
      this.#problem.value = sentenceOf(error);
    }
  }
}
