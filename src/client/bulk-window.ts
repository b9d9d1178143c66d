/**
 * Sends batches in order, a bounded number of them unacknowledged. A batch whose outcome is not known is sent again, with the
 * message id that it had: the intake stores it once, as long as it remembers that id. After that nothing is guessed (D9): the
 * lines are said to be in doubt, and no more are sent.
 */
import { randomBytes } from "node:crypto";
import type { AppendOutcome } from "../log/log.js";
import { DUPLICATES_KNOWN_MS } from "../nats/streams.js";
import type { Batch } from "./bulk-packer.js";
import { ClientFailure } from "./failure.js";
import { type Reach, reacher } from "./reach.js";
import type { Session } from "./session.js";
import { nothingTakesJobs } from "./submit.js";

/** More would only be kept in memory twice: a server takes batches faster than one at a time is acknowledged, but not by much. */
export const BATCHES_IN_FLIGHT_MAX = 16;
/** Well before the intake forgets the id: an acknowledgement takes its time, and clocks differ. */
const REPEAT_MS_MAX = DUPLICATES_KNOWN_MS - 30_000;

export interface WindowHooks {
  /** A batch is stored, as message `sequence` of the intake. Called in the order of the batches. */
  readonly onStored: (batch: Batch, sequence: number) => Promise<void>;
  /** Called when batches have to be sent again. */
  readonly onRepeat: (reason: string) => void;
}

/** On both clocks: one stands still while a computer sleeps, the other may be set. */
interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

interface Sent {
  readonly batch: Batch;
  readonly messageId: string;
  readonly firstSent: Moment;
  times: number;
  outcome: Promise<AppendOutcome>;
}

export type WindowTarget = Pick<Session, "nc" | "publish" | "subjects" | "namespace">;

export class BatchWindow {
  readonly #target: WindowTarget;
  readonly #hooks: WindowHooks;
  readonly #interrupt: AbortSignal;
  readonly #reach: Reach;
  readonly #repeatMsMax: number;
  readonly #run = randomBytes(9).toString("base64url");
  readonly #changes = new EventTarget();
  /** Sent and not yet settled, oldest first. */
  #inFlight: Sent[] = [];
  readonly #inDoubt: Batch[] = [];
  readonly #refused: Batch[] = [];
  #sent = 0;
  #stored = 0;
  #isRepeating = false;
  #settling: Promise<void> | null = null;
  #failure: ClientFailure | null = null;
  #mistake: { readonly error: unknown } | null = null;

  /** `repeatMsMax`: for so long after it was first sent a batch may be sent again. */
  constructor(target: WindowTarget, interrupt: AbortSignal, hooks: WindowHooks, repeatMsMax = REPEAT_MS_MAX) {
    this.#repeatMsMax = repeatMsMax;
    this.#target = target;
    this.#hooks = hooks;
    this.#interrupt = interrupt;
    this.#reach = reacher(target.nc);
  }

  /** Batches of which it is not known whether they are stored. */
  get inDoubt(): readonly Batch[] {
    return this.#inDoubt;
  }

  /** Batches of which it is known that they are not stored. */
  get refused(): readonly Batch[] {
    return this.#refused;
  }

  /** Why nothing more is sent; null while it goes well, or only because of the interrupt. */
  get failure(): ClientFailure | null {
    return this.#failure;
  }

  /** Sends a batch when there is room; false if nothing more is sent, and so it was not either. */
  async send(batch: Batch): Promise<boolean> {
    while (this.#isOpen && (this.#isRepeating || this.#inFlight.length >= BATCHES_IN_FLIGHT_MAX))
      await this.#nextChange();
    if (!this.#isOpen) return false;
    this.#sent += 1;
    const messageId = `${this.#run}-${this.#sent}`;
    const outcome = this.#publish(batch, messageId);
    this.#inFlight.push({ batch, messageId, firstSent: now(), times: 1, outcome });
    this.#settling ??= this.#settle();
    return true;
  }

  /** Settles when everything that was sent is stored, in doubt, or refused. Throws what a hook has thrown. */
  async finish(): Promise<void> {
    while (this.#settling !== null) await this.#settling;
    if (this.#mistake !== null) throw this.#mistake.error;
  }

  get #isOpen(): boolean {
    return this.#failure === null && this.#mistake === null && !this.#interrupt.aborted;
  }

  /** An answer that throws is settled like one that comes: where it is looked at. */
  #publish(batch: Batch, messageId: string): Promise<AppendOutcome> {
    const { publish, subjects } = this.#target;
    const outcome = publish({ subject: subjects.submit, data: batch.data, messageId });
    outcome.catch(() => {});
    return outcome;
  }

  /** Never throws: what goes wrong is kept for `finish`. */
  async #settle(): Promise<void> {
    try {
      for (let oldest = this.#inFlight[0]; oldest !== undefined; oldest = this.#inFlight[0]) {
        const settled = await oldest.outcome;
        if (settled.outcome === "stored") await this.#takeStored(settled.sequence);
        else if (this.#mayRepeat(oldest, settled.reason)) await this.#repeat(settled.reason);
        else await this.#giveUp(settled.reason);
      }
    } catch (error) {
      if (error instanceof ClientFailure) this.#failure ??= error;
      else this.#mistake ??= { error };
      await this.#giveUp(error instanceof Error ? error.message : String(error));
    } finally {
      // At once with the last look at what is in flight: whoever sends then has it settled anew.
      this.#settling = null;
    }
  }

  async #takeStored(sequence: number): Promise<void> {
    const oldest = this.#inFlight.shift();
    this.#stored += 1;
    if (oldest !== undefined) await this.#hooks.onStored(oldest.batch, sequence);
    this.#changed();
  }

  #mayRepeat(sent: Sent, reason: string): boolean {
    // Nobody has ever taken anything here: there is no reason to wait for it.
    if (this.#stored === 0 && isUntaken(reason)) throw nothingTakesJobs(this.#target.namespace);
    return this.#isOpen && !this.#target.nc.isClosed() && this.#timeLeftMs(sent) > 0;
  }

  #timeLeftMs({ firstSent }: Sent): number {
    const { monotonicMs, wallMs } = now();
    return this.#repeatMsMax - Math.max(monotonicMs - firstSent.monotonicMs, wallMs - firstSent.wallMs);
  }

  /** All that is not stored is sent again in its order, when what else is under way has been answered. */
  async #repeat(reason: string): Promise<void> {
    this.#isRepeating = true;
    const outcomes = await Promise.all(this.#inFlight.map(({ outcome }) => outcome));
    this.#hooks.onRepeat(reason);
    const [oldest] = this.#inFlight;
    const isReachable = await this.#reach(oldest === undefined ? 0 : this.#timeLeftMs(oldest), this.#interrupt);
    for (const [index, sent] of this.#inFlight.entries()) {
      // Where there is no more time, the outcome stays as it is.
      if (!isReachable || this.#timeLeftMs(sent) <= 0 || outcomes[index]?.outcome === "stored") continue;
      sent.times += 1;
      sent.outcome = this.#publish(sent.batch, sent.messageId);
    }
    this.#isRepeating = false;
    this.#changed();
  }

  /** What is under way is waited for; what is not stored then is in doubt, unless the server has said that it takes nothing. */
  async #giveUp(reason: string): Promise<void> {
    if (!this.#interrupt.aborted && this.#mistake === null) this.#failure ??= unanswered(reason);
    this.#changed();
    for (const { batch, outcome, times } of this.#inFlight.splice(0)) {
      const settled = await outcome.catch(() => null);
      if (settled?.outcome === "stored") await this.#tellStored(batch, settled.sequence);
      else if (times === 1 && (settled === null || isUntaken(settled.reason))) this.#refused.push(batch);
      else this.#inDoubt.push(batch);
    }
  }

  async #tellStored(batch: Batch, sequence: number): Promise<void> {
    try {
      await this.#hooks.onStored(batch, sequence);
    } catch (error) {
      this.#mistake ??= { error };
    }
  }

  #changed(): void {
    this.#changes.dispatchEvent(new Event("change"));
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#changes.removeEventListener("change", done);
        this.#interrupt.removeEventListener("abort", done);
        resolve();
      };
      this.#changes.addEventListener("change", done);
      this.#interrupt.addEventListener("abort", done);
    });
  }
}

const now = (): Moment => ({ monotonicMs: performance.now(), wallMs: Date.now() });

/** In the publisher's words: nobody was there to store it. */
const isUntaken = (reason: string): boolean => reason.startsWith("no stream");

const unanswered = (reason: string): ClientFailure =>
  new ClientFailure("unanswered", `the server has not acknowledged a batch for too long: ${reason}`, {
    hint: "Lines with an id of their own can be repeated safely: a second submission with the same id changes nothing.",
  });
