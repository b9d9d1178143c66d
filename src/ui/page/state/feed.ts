/** The ledger as it is followed: the newest board, the newest facts, what moved, and what running jobs say. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { applyPatches } from "../../patches.js";
import type { Batch, Board, FactLine, LeaseBatch, Move, ProgressBatch, Source, StreamEvent } from "../../protocol.js";

/** How the page stands to what it shows. */
export type Link =
  | { readonly kind: "opening" }
  | { readonly kind: "live" }
  /** The ledger is out of reach of the page's server. */
  | { readonly kind: "gone"; readonly reason: string }
  /** The page's server is out of reach. */
  | { readonly kind: "cut"; readonly reason: string }
  /** The ledger cannot be followed any more. */
  | { readonly kind: "broken"; readonly reason: string };

/** What is left of leases, and when that was heard, by `performance.now()`. */
export interface HeardLeases extends LeaseBatch {
  readonly heardMs: number;
}
const NO_LEASES: HeardLeases = { heardMs: 0, leases: [] };

/** Newest facts that are kept; older ones are asked for. */
export const FACTS_KEPT_MAX = 1_000;
/** What a job has said, and of how many jobs; the oldest go first. */
const PROGRESS_CHARS_MAX = 20_000;
const PROGRESS_JOBS_MAX = 50;

export class Feed {
  readonly #board = signal<Board | null>(null);
  readonly #link = signal<Link>({ kind: "opening" });
  /** Oldest first. */
  readonly #facts = signal<readonly FactLine[]>([]);
  readonly #progress = signal<ReadonlyMap<string, string>>(new Map());
  readonly #leases = signal(NO_LEASES);
  readonly #onMoves = new Set<(moves: readonly Move[]) => void>();
  #stop: () => void = () => {};

  get board(): ReadonlySignal<Board | null> {
    return this.#board;
  }
  get link(): ReadonlySignal<Link> {
    return this.#link;
  }
  get facts(): ReadonlySignal<readonly FactLine[]> {
    return this.#facts;
  }
  get progress(): ReadonlySignal<ReadonlyMap<string, string>> {
    return this.#progress;
  }
  get leases(): ReadonlySignal<HeardLeases> {
    return this.#leases;
  }

  /** Tells the moves of each batch, until the returned function is called. */
  watchMoves(listener: (moves: readonly Move[]) => void): () => void {
    this.#onMoves.add(listener);
    return () => this.#onMoves.delete(listener);
  }

  follow(source: Source): void {
    this.#stop();
    this.#stop = source.follow((event) => this.#take(event, source));
  }

  cut(reason: string): void {
    if (this.#link.value.kind !== "broken") this.#link.value = { kind: "cut", reason };
  }

  #take(event: StreamEvent, source: Source): void {
    switch (event.name) {
      case "board":
        this.#board.value = event.data;
        this.#link.value = { kind: "live" };
        return;
      case "batch":
        this.#apply(event.data, source);
        return;
      case "progress":
        this.#hear(event.data);
        return;
      case "leases":
        this.#leases.value = { ...event.data, heardMs: performance.now() };
        return;
      case "gone":
        this.#link.value = { kind: "gone", reason: event.data.reason };
        return;
      case "back":
        this.#link.value = { kind: "live" };
        return;
      case "broken":
        this.#link.value = { kind: "broken", reason: event.data.reason };
        return;
      default:
        event satisfies never;
    }
  }

  #apply(batch: Batch, source: Source): void {
    const board = this.#board.value;
    if (board === null) return;
    try {
      this.#board.value = applyPatches<Board>(board, batch.patches);
    } catch {
      // Something between was missed: the stream begins anew, with a whole board.
      this.follow(source);
      return;
    }
    this.#facts.value = [...this.#facts.value, ...batch.facts].slice(-FACTS_KEPT_MAX);
    for (const listener of this.#onMoves) listener(batch.moves);
  }

  #hear({ items }: ProgressBatch): void {
    const heard = new Map(this.#progress.value);
    for (const { job, progress } of items) {
      const said = heard.get(job) ?? "";
      const more = progress.kind === "tokens" ? progress.text : `${said === "" ? "" : "\n"}${lineOf(progress.json)}`;
      heard.delete(job);
      heard.set(job, (said + more).slice(-PROGRESS_CHARS_MAX));
    }
    for (const job of heard.keys()) {
      if (heard.size <= PROGRESS_JOBS_MAX) break;
      heard.delete(job);
    }
    this.#progress.value = heard;
  }
}

/** What a command printed stands in `line`; anything else is shown as it came. */
function lineOf(json: string): string {
  try {
    const told: unknown = JSON.parse(json);
    if (typeof told === "string") return told;
    if (typeof told === "object" && told !== null && "line" in told && typeof told.line === "string") return told.line;
  } catch {
    // It was cut because it is long.
  }
  return json;
}
