/** All that the views share: the source, what is followed, the moment that is shown, and what is chosen. */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Diagram } from "../../../../machines/drawing.js";
import type { ActionRequest, ActionVerb, Board, Meta, Source } from "../../protocol.js";
import { openSource, sentenceOf } from "../source/index.js";
import { wayThrough } from "./board-moves.js";
import { Feed } from "./feed.js";
import { Playhead } from "./playhead.js";
import { Pulses } from "./pulses.js";
import { Route, takeToken } from "./route.js";
import { openTheme, type Theme } from "./theme.js";

/** A word about what was just done, for the eye and for the screen reader. */
export interface Notice {
  readonly kind: "done" | "refused";
  readonly text: string;
}
const NOTICE_MS = 6_000;
const TICK_MS = 1_000;

export class Session {
  readonly source: Source;
  readonly meta: Meta;
  readonly machines: readonly Diagram[];
  readonly feed: Feed;
  readonly pulses: Pulses;
  readonly playhead: Playhead;
  readonly route: Route;
  readonly theme: Signal<Theme>;
  readonly isHelpOpen = signal(false);
  readonly #notice = signal<Notice | null>(null);
  readonly #tick = signal(Date.now());
  /** The time of the moment that is shown, in milliseconds; for "since" and "for how long". */
  readonly now: ReadonlySignal<number>;

  private constructor(parts: { source: Source; meta: Meta; machines: readonly Diagram[]; feed: Feed }) {
    this.source = parts.source;
    this.meta = parts.meta;
    this.machines = parts.machines;
    this.feed = parts.feed;
    this.pulses = new Pulses();
    this.playhead = new Playhead(this.source, this.feed, this.pulses);
    this.route = new Route();
    this.theme = openTheme();
    this.now = computed(() => {
      const at = Date.parse(this.board.value?.at ?? "") || 0;
      const isMoving = this.playhead.isLive.value && this.meta.source === "live";
      return isMoving ? Math.max(at, this.#tick.value) : at;
    });
  }

  /** Settles when the source has said what it is. */
  static async open(): Promise<Session> {
    const feed = new Feed();
    const source = openSource({ token: takeToken(), onCut: (reason) => feed.cut(reason) });
    const [meta, { machines }] = await Promise.all([source.meta(), source.machines()]);
    const session = new Session({ source, meta, machines, feed });
    session.#begin();
    return session;
  }

  get board(): ReadonlySignal<Board | null> {
    return this.playhead.board;
  }
  get notice(): ReadonlySignal<Notice | null> {
    return this.#notice;
  }

  say(notice: Notice): void {
    this.#notice.value = notice;
    setTimeout(() => {
      if (this.#notice.value === notice) this.#notice.value = null;
    }, NOTICE_MS);
  }

  /** Does it and says what became of it. */
  async act<Verb extends ActionVerb>(verb: Verb, request: ActionRequest<Verb>, done: string): Promise<boolean> {
    try {
      const { position, id } = await this.source.act(verb, request);
      const made = id === undefined ? "" : `: ${id}`;
      this.say({
        kind: "done",
        text:
          position === null ? "It was so already: nothing was recorded." : `${done}${made}, recorded at ${position}.`,
      });
      return true;
    } catch (error) {
      this.say({ kind: "refused", text: sentenceOf(error) });
      return false;
    }
  }

  #begin(): void {
    this.feed.watchMoves((moves) => {
      if (this.playhead.isLive.value)
        this.pulses.beat(moves.map(({ from, to, count }) => ({ from: from ?? "new", to, count })));
    });
    this.feed.follow(this.source);
    if (this.route.at !== null) void this.playhead.seek(this.route.at);
    setInterval(() => {
      this.#tick.value = Date.now();
    }, TICK_MS);
    effect(() => this.route.keep(this.playhead.moment.value));
    effect(() => {
      document.title = this.#title();
    });
  }

  /** For the tab, where it is not looked at: what runs, what waits, and whether that is still true. */
  #title(): string {
    const counts = this.feed.board.value?.counts;
    const { kind } = this.feed.link.value;
    if (kind === "cut" || kind === "gone" || kind === "broken") return "⚠ signalbox";
    if (counts === undefined || this.meta.source === "capsule") return `signalbox ${this.meta.namespace}`;
    return `${counts.running} running, ${counts.queued} waiting – signalbox`;
  }

  /** The machine of that name, as the code that runs has it. */
  machine(name: string): Diagram | undefined {
    return this.machines.find(({ machine }) => machine === name);
  }

  /** The states through which a job went from one to another, as far as can be known. */
  through(from: string, to: string): readonly string[] {
    const machine = this.machine("job");
    return machine === undefined ? [] : wayThrough(machine, from, to);
  }
}

const SessionContext = createContext<Session | null>(null);
export const SessionProvider = SessionContext.Provider;

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("a view stands outside of the page");
  return session;
}
