/** What running jobs have said since the watchers were told last. Tokens of a job that came in a row are joined. Bounded. */
import { isPlainObject, type Json } from "../../events/json.js";
import type { JobId } from "../../events/names.js";
import type { Progress, ProgressBatch } from "./protocol.js";

/** Some 100,000 characters a second: nobody reads faster. What is beyond is counted, not kept. */
const CHARS_TOLD_MAX = 16 * 1024;
const OTHER_CHARS_MAX = 500;

export class ProgressNews {
  #items: { readonly job: JobId; progress: Progress }[] = [];
  readonly #lastOf = new Map<JobId, { progress: Progress }>();
  #chars = 0;
  #left = 0;

  get isEmpty(): boolean {
    return this.#items.length === 0 && this.#left === 0;
  }

  add(job: JobId, update: Json): void {
    const token = isPlainObject(update) ? update["token"] : undefined;
    const progress: Progress =
      typeof token === "string"
        ? { kind: "tokens", text: token }
        : { kind: "other", json: JSON.stringify(update).slice(0, OTHER_CHARS_MAX) };
    const size = progress.kind === "tokens" ? progress.text.length : progress.json.length;
    if (this.#chars + size > CHARS_TOLD_MAX) {
      this.#left += 1;
      return;
    }
    this.#chars += size;
    const last = this.#lastOf.get(job);
    if (last?.progress.kind === "tokens" && progress.kind === "tokens") {
      last.progress = { kind: "tokens", text: last.progress.text + progress.text };
      return;
    }
    const item = { job, progress };
    this.#items.push(item);
    this.#lastOf.set(job, item);
  }

  take(): ProgressBatch {
    const told = { items: this.#items, left: this.#left };
    this.#items = [];
    this.#lastOf.clear();
    [this.#chars, this.#left] = [0, 0];
    return told;
  }
}
