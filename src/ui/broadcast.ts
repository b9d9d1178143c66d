/**
 * Tells the open pages what is new, some times a second: the board as patches on what they have, the newest facts, and what
 * running jobs say. Nothing is worked out while no page is open.
 */
import type { ServerResponse } from "node:http";
import type { Json } from "../../events/json.js";
import type { JobId } from "../../events/names.js";
import { patchesBetween } from "./board-patches.js";
import { ProgressNews } from "./progress-news.js";
import type { Board, LeaseLeft, StreamEvents } from "./protocol.js";
import type { Recording } from "./recording.js";
import type { Streams } from "./streams.js";

/** About as often as people see a difference. */
export const BATCH_EVERY_MS = 100;

interface Standing {
  readonly name: Extract<keyof StreamEvents, "gone" | "broken">;
  readonly reason: string;
}

export class Broadcast {
  readonly #streams: Streams;
  #recording: Recording;
  /** The board that every open page has; null while none is open. */
  #told: Board | null = null;
  readonly #progress = new ProgressNews();
  #timer: NodeJS.Timeout | null = null;
  /** Why nothing comes, if so: told to whoever opens a page meanwhile, too. */
  #standing: Standing | null = null;

  constructor(streams: Streams, recording: Recording) {
    this.#streams = streams;
    this.#recording = recording;
  }

  /** A page is open: it is told the board that the others have, and from then on what they are told. */
  welcome(response: ServerResponse): void {
    // The others are told first what this one then begins with.
    this.flush();
    this.#streams.begin(response);
    if (this.#told === null) {
      this.#recording.news.take();
      this.#told = this.#recording.board();
    }
    this.#streams.tell(response, "board", this.#told, this.#told.position);
    if (this.#standing === null) return;
    const { name, reason } = this.#standing;
    this.#streams.tell(response, name, { reason }, this.#told.position);
  }

  /** Entries were folded. */
  changed(): void {
    this.#schedule();
  }

  progress(job: JobId, update: Json): void {
    if (this.#streams.size === 0) return;
    this.#progress.add(job, update);
    this.#schedule();
  }

  /** Another ledger is followed from now on, from its beginning. */
  begin(recording: Recording): void {
    this.#recording = recording;
    // What is in it already is on the board, and nothing new.
    recording.news.take();
    if (this.#streams.size === 0) return;
    this.#told = recording.board();
    this.#streams.tellAll("board", this.#told, this.#told.position);
  }

  /** What is left of the leases by which slots are held, as of now. */
  leases(leases: readonly LeaseLeft[]): void {
    this.#streams.tellAll("leases", { leases }, this.#position);
  }

  gone(reason: string): void {
    this.#stand({ name: "gone", reason });
  }

  back(): void {
    if (this.#standing?.name !== "gone") return;
    this.#standing = null;
    this.#streams.tellAll("back", {}, this.#position);
  }

  broken(reason: string): void {
    this.#stand({ name: "broken", reason });
  }

  /** Tells at once what there is to tell. */
  flush(): void {
    if (this.#streams.size === 0) {
      this.#told = null;
      return;
    }
    this.#tellBatch();
    if (!this.#progress.isEmpty) this.#streams.tellAll("progress", this.#progress.take(), this.#position);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  get #position(): number {
    return this.#told?.position ?? this.#recording.fold.head.position;
  }

  #stand(standing: Standing): void {
    this.flush();
    this.#standing = standing;
    this.#streams.tellAll(standing.name, { reason: standing.reason }, this.#position);
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.flush();
    }, BATCH_EVERY_MS);
  }

  #tellBatch(): void {
    const { news, fold } = this.#recording;
    if (this.#told === null || fold.head.position === this.#told.position) return;
    const board = this.#recording.board();
    const patches = patchesBetween(this.#told, board);
    const { position, at } = board;
    this.#told = board;
    this.#streams.tellAll("batch", { position, at, patches, ...news.take() }, position);
  }
}
