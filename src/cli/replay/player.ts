/**
 * Plays a tape on a screen: the shell around the player's machine. It has the place, the clock and what was typed; it winds the tape to
 * where the machine wants it, and draws. One loop does all of it, so that nothing happens while something else is half done.
 */
import {
  PLAYER_EVENTS,
  type PlayerAction,
  type PlayerEvent,
  type PlayerState,
  playerStepper,
} from "../../../machines/player.js";
import { nextNews } from "../../client/news.js";
import { parseUntil } from "../../client/until.js";
import { SteppedActor } from "../../dispatcher/stepped-actor.js";
import type { Log } from "../../log/log.js";
import { placeOf, type Range, type Scene, type Tape } from "../../replay/index.js";
import { barText, type Pace, type Progress } from "../progress-bar.js";
import { type Key, Screen, type ScreenProcess } from "../screen.js";
import type { Colors } from "../terminal.js";
import { type Controls, frameOf } from "./frame.js";
import { erased, meaningOf, typed } from "./keys.js";
import { faster, SPEED_MAX, type Speed, slower } from "./speed.js";

export interface Playing {
  readonly tape: Tape;
  readonly ledger: Log;
  readonly range: Range;
  readonly speed: Speed;
  readonly namespace: string;
  readonly colors: Colors;
  readonly program: ScreenProcess;
  /** Leaves when it aborts. */
  readonly signal: AbortSignal;
}

/** Twenty times a second is smooth. */
const FRAME_MS = 50;
/** So much of a frame goes into folding; the rest is for drawing and for keys. */
const WORK_MS = 30;
/** Nothing changes while it stands still: a key wakes it. */
const STILL_MS_MAX = 60_000;

/** Resolves when the person has left, or with the signal. Throws what the tape throws; the terminal is as before in any case. */
export async function play(playing: Playing): Promise<void> {
  const player = new Player(playing);
  using screen = new Screen(playing.program, { onKey: (key) => player.press(key), onResize: () => player.draw() });
  await player.run(screen);
}

class Player {
  readonly #playing: Playing;
  readonly #actor: SteppedActor<PlayerEvent, PlayerAction>;
  readonly #news = new EventTarget();
  /** Aborts what is being wound when the person leaves. */
  readonly #gone = new AbortController();
  readonly #signal: AbortSignal;
  #screen: Screen | null = null;
  #scene: Scene | null = null;
  #speed: Speed;
  /** The ledger's clock, in milliseconds of its time, and when it was read. */
  #clockMs = 0;
  #readMs = 0;
  /** Where to go, if not on. */
  #goal: number | null = null;
  /** What was typed to go to; looked up by the loop. */
  #asked: string | null = null;
  #typed = "";
  #notice: string | null = null;
  #work: string | null = null;

  constructor(playing: Playing) {
    this.#playing = playing;
    this.#speed = playing.speed;
    this.#signal = AbortSignal.any([playing.signal, this.#gone.signal]);
    this.#actor = new SteppedActor<PlayerEvent, PlayerAction>({
      stepper: playerStepper,
      actions: {
        startClock: () => this.#startClock(),
        stepForward: () => this.#step(1),
        stepBack: () => this.#step(-1),
        goThere: () => {
          this.#asked = this.#typed;
        },
        faster: () => this.#changeSpeed(faster),
        slower: () => this.#changeSpeed(slower),
        leave: () => this.#gone.abort(),
      },
      onError: (error) => {
        throw error;
      },
      onDone: () => {},
    });
  }

  press(key: Key): void {
    const before = this.#state;
    const meaning = meaningOf(key, before);
    if (meaning === null) return;
    this.#notice = null;
    if (meaning.type === "TYPE") this.#typed = typed(this.#typed, meaning.text);
    else if (meaning.type === "ERASE") this.#typed = erased(this.#typed);
    else this.#actor.send(meaning);
    if (this.#state === "asking" && before !== "asking") this.#typed = "";
    this.draw();
    this.#news.dispatchEvent(new Event("news"));
  }

  async run(screen: Screen): Promise<void> {
    this.#screen = screen;
    try {
      const { from } = this.#playing.range;
      await this.#show(from === 1 ? 0 : from);
      this.#actor.start();
      while (!this.#signal.aborted) await this.#turn();
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    }
  }

  draw(): void {
    if (this.#screen === null || this.#scene === null) return;
    this.#screen.draw(frameOf(this.#scene, this.#controls, this.#screen.size, this.#playing.colors));
  }

  get #state(): PlayerState {
    // The machine has no other states.
    return this.#actor.state as PlayerState;
  }

  get #position(): number {
    return this.#scene?.position ?? 0;
  }

  get #controls(): Controls {
    const { range, namespace } = this.#playing;
    const isRunning = this.#state === "playing" && this.#speed !== SPEED_MAX && this.#position > 0;
    return {
      ...{ state: this.#state, speed: this.#speed, from: range.from, to: range.to, namespace },
      ...{ typed: this.#typed, notice: this.#notice, work: this.#work },
      clock: isRunning ? new Date(this.#clockMs).toISOString() : (this.#scene?.at ?? null),
    };
  }

  /** One round of the loop: what is wanted, else a frame of what is played, else nothing until a key comes. */
  async #turn(): Promise<void> {
    if (this.#asked !== null) await this.#lookUp(this.#asked);
    if (this.#goal !== null) await this.#show(this.#goal);
    else if (this.#state === "playing") await this.#playOn();
    else await nextNews(this.#news, STILL_MS_MAX, this.#signal);
  }

  async #lookUp(text: string): Promise<void> {
    const { ledger, range } = this.#playing;
    this.#asked = null;
    const place = parseUntil(text.trim());
    if (place === null) {
      this.#notice = `${JSON.stringify(text)} is neither a position such as 812 nor a time such as 2026-12-01T08:00:00Z`;
      this.draw();
      return;
    }
    this.#goal = await placeOf(ledger, place, range);
  }

  async #show(goal: number): Promise<void> {
    const sinceMs = performance.now();
    this.#scene = await this.#playing.tape.scene(goal, {
      signal: this.#signal,
      onProgress: ({ entries, of }) => {
        const ms = Math.max(1, performance.now() - sinceMs);
        const perSecond = (entries * 1_000) / ms;
        const left: Pace = { perSecond, leftMs: ((of - entries) * ms) / entries };
        const progress: Progress = { share: entries / of, count: entries, text: `${entries} of ${of} entries` };
        this.#work = barText(progress, left, this.#screen?.size.columns ?? 0);
        this.draw();
      },
    });
    this.#work = null;
    // Another wish may have come meanwhile.
    if (this.#goal === goal) this.#goal = null;
    this.#startClock();
    this.draw();
  }

  /** What has come by now, as far as there is time for it, and then a frame's rest. */
  async #playOn(): Promise<void> {
    const { tape, range } = this.#playing;
    const begunMs = performance.now();
    // Without a speed the clock is only where the entries are; a speed that is chosen then begins there.
    if (this.#speed === SPEED_MAX) this.#startClock();
    else this.#clockMs += (begunMs - this.#readMs) * this.#speed;
    this.#readMs = begunMs;
    while (this.#position < range.to && this.#state === "playing" && this.#goal === null) {
      const next = this.#position + 1;
      const atMs = Date.parse(await tape.timeOf(next));
      // Before the first entry there is no time: it begins with the first.
      if (this.#position === 0) this.#clockMs = Math.max(this.#clockMs, atMs);
      if (this.#speed !== SPEED_MAX && atMs > this.#clockMs) break;
      this.#scene = await tape.scene(next, { signal: this.#signal, onProgress: () => {} });
      if (this.#scene.met !== null) this.#halt(`stopped at ${this.#scene.met}`);
      else if (performance.now() - begunMs > WORK_MS) {
        // It does not keep up: the clock waits for it.
        this.#clockMs = Math.min(this.#clockMs, atMs + FRAME_MS * this.#speed);
        break;
      }
    }
    if (this.#position >= range.to && this.#state === "playing") this.#halt("the end");
    this.draw();
    const restMs = Math.max(1, FRAME_MS - (performance.now() - begunMs));
    if (this.#state === "playing") await nextNews(this.#news, restMs, this.#signal);
  }

  #halt(notice: string): void {
    this.#notice = notice;
    this.#actor.send(PLAYER_EVENTS.HALT);
  }

  #startClock(): void {
    this.#readMs = performance.now();
    this.#clockMs = this.#scene?.at == null ? 0 : Date.parse(this.#scene.at);
  }

  #step(by: number): void {
    const { from, to } = this.#playing.range;
    this.#goal = Math.min(to, Math.max(from - 1, (this.#goal ?? this.#position) + by));
  }

  #changeSpeed(change: (speed: Speed) => Speed): void {
    this.#speed = change(this.#speed);
  }
}
