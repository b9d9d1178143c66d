/**
 * How far each webhook is settled, kept on the server: whoever leads next goes on from there. Written after the fact, and not
 * for each fact: what is on the server may be behind, never ahead, so that a delivery may be made twice and none is left out.
 * For the same reason two writers do no harm: each writes what is true.
 */
import { z } from "zod";
import { type Position, positionSchema } from "../../events/names.js";
import type { Clock } from "../clock.js";
import type { Logger } from "../logger.js";
import type { KeyValue } from "../nats/key-value.js";

export const POSITIONS_KEY = "webhooks";

/** Between two writes; and after one that failed. */
export const SAVE_EVERY_MS = 250;
const SAVE_AGAIN_MS = 2_000;
/** The last write is waited for no longer than this: a server that is away must not keep a scheduler from ending. */
const LAST_SAVE_MS_MAX = 3_000;

const storedSchema = z.strictObject({
  v: z.literal(1),
  /** The ledger's identity: in another one these positions mean nothing. */
  ledger: z.string(),
  settled: z.record(z.string(), positionSchema),
});

/** What stands under the key is not what we write there. Whoever has put it there may delete it; we do not guess. */
export class PositionsUnreadable extends Error {
  readonly code = "positions-unreadable";
}

export interface PositionsOptions {
  readonly state: KeyValue;
  readonly ledger: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Positions {
  readonly #of: PositionsOptions;
  readonly #settled: Map<string, Position>;
  #isDirty = false;
  #isSaving = false;
  #isClosed = false;
  #cancel: (() => void) | null = null;
  #saved: Promise<void> = Promise.resolve();

  private constructor(of: PositionsOptions, settled: Map<string, Position>) {
    this.#of = of;
    this.#settled = settled;
  }

  /**
   * The positions of these webhooks. One without a position begins at `begin`, which is stored before anything else happens:
   * from then on it misses nothing. Others that have one lose it: should they come back, they begin anew.
   * Throws `PositionsUnreadable`, or what the server answers.
   */
  static async open(of: PositionsOptions, webhooks: readonly string[], begin: Position): Promise<Positions> {
    const text = await of.state.get(POSITIONS_KEY);
    const stored = text === null ? null : read(text);
    const isOurs = stored?.ledger === of.ledger;
    if (stored !== null && !isOurs)
      of.log.warn({ ledger: of.ledger }, "the ledger was made anew: webhooks begin at its present end");
    const known = new Map(Object.entries(isOurs ? stored.settled : {}));
    const positions = new Positions(of, new Map(webhooks.map((name) => [name, known.get(name) ?? begin])));
    if (webhooks.some((name) => !known.has(name)) || known.size !== webhooks.length) await positions.#put();
    return positions;
  }

  of(webhook: string): Position | undefined {
    return this.#settled.get(webhook);
  }

  settle(webhook: string, position: Position): void {
    if (this.#settled.get(webhook) === position) return;
    this.#settled.set(webhook, position);
    this.#isDirty = true;
    this.#schedule(SAVE_EVERY_MS);
  }

  /** Writes what is not written yet, and nothing after that. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    this.#cancel = null;
    const { clock } = this.#of;
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(LAST_SAVE_MS_MAX, resolve);
    });
    const last = this.#saved.then(() => (this.#isDirty ? this.#save() : undefined));
    await Promise.race([last, late]);
    cancel();
  }

  #schedule(ms: number): void {
    if (this.#isClosed || this.#isSaving || this.#cancel !== null) return;
    this.#cancel = this.#of.clock.after(ms, () => {
      this.#cancel = null;
      this.#saved = this.#save();
    });
  }

  async #save(): Promise<void> {
    this.#isSaving = true;
    this.#isDirty = false;
    let nextMs = SAVE_EVERY_MS;
    try {
      await this.#put();
    } catch (error) {
      this.#isDirty = true;
      nextMs = SAVE_AGAIN_MS;
      this.#of.log.warn({ err: error }, "how far webhooks have come was not stored; trying again");
    }
    this.#isSaving = false;
    if (this.#isDirty) this.#schedule(nextMs);
  }

  async #put(): Promise<void> {
    const { state, ledger } = this.#of;
    const stored: z.input<typeof storedSchema> = { v: 1, ledger, settled: Object.fromEntries(this.#settled) };
    await state.put(POSITIONS_KEY, JSON.stringify(stored));
  }
}

function read(text: string): z.output<typeof storedSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const parsed = storedSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PositionsUnreadable(
    `the key ${POSITIONS_KEY} of the state bucket does not hold the positions of webhooks: delete it, and they begin at the end of the ledger`,
  );
}
