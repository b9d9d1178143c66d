/** A publisher: a program of its own that submits to the intake, and tries again where nobody says that it was stored. */
import { isoTime } from "../../src/clock.js";
import { Chance } from "./chance.js";
import { SimConnection } from "./connection.js";
import { Holder } from "./holder.js";
import type { Link } from "./link.js";
import type { Loop } from "./loop.js";
import type { ReservePlan } from "./plan.js";
import { Program } from "./program.js";
import { SimLog } from "./sim-log.js";
import type { SimServer } from "./sim-server.js";
import type { SlotBook } from "./slot-book.js";
import type { Tally } from "./tally.js";

const RETRY_AFTER_MS = 200;

export interface PublisherOptions {
  readonly name: string;
  readonly seed: number;
  readonly loop: Loop;
  readonly link: Link;
  readonly server: SimServer;
  readonly tally: Tally;
  readonly slots: SlotBook;
}

/** What somebody was told to be stored. */
export interface Acknowledged {
  readonly sequence: number;
  readonly subject: string;
  readonly text: string;
}

export class Publisher {
  readonly name: string;
  readonly link: Link;
  readonly connection: SimConnection;
  readonly acknowledged: Acknowledged[] = [];
  #unsettled = 0;
  readonly #program: Program;
  readonly #log: SimLog;
  readonly #loop: Loop;
  readonly #of: PublisherOptions;
  readonly #holders = new Set<Holder>();

  constructor(of: PublisherOptions) {
    const { name, seed, loop, link, server, tally } = of;
    this.#of = of;
    this.name = name;
    this.link = link;
    this.#loop = loop;
    const program = new Program(loop);
    this.#program = program;
    const chance = new Chance(seed, `${name} connection`);
    this.connection = new SimConnection({ loop, chance, program, link, server, tally });
    this.#log = new SimLog({ connection: this.connection, program, server, stream: server.intake });
  }

  /** There are messages of which it does not know yet what became of them, or slots that it wants or holds. */
  get isBusy(): boolean {
    return this.#unsettled > 0 || this.#holders.size > 0;
  }

  /** Asks for slots, and works with them. */
  reserve(plan: ReservePlan): void {
    this.#loop.touch();
    const { slots, tally, server } = this.#of;
    const program = this.#program;
    const now = () => server.trueNow();
    const elapsedMs = () => this.#loop.now / 1_000;
    const holder = new Holder({
      ...{ plan, slots, requests: this.connection.requests },
      clock: { now, nowIso: () => isoTime(now()), elapsedMs, after: (ms, act) => program.after(ms, act) },
      onEnded: () => this.#holders.delete(holder),
      tally: (what) => tally.count(what),
    });
    this.#holders.add(holder);
  }

  /** Whoever still waits for slots gives up. */
  giveUpWaiting(): void {
    for (const holder of this.#holders) holder.giveUp();
  }

  publish(subject: string, text: string, retries: number): void {
    this.#unsettled += 1;
    this.#loop.touch();
    const data = Buffer.from(text);
    void this.#log.append({ subject, data }).then((appended) => {
      if (appended.outcome === "stored") this.acknowledged.push({ sequence: appended.sequence, subject, text });
      const again = appended.outcome !== "stored" && retries > 0;
      if (!again) this.#unsettled -= 1;
      else
        this.#program.after(RETRY_AFTER_MS, () => {
          this.#unsettled -= 1;
          this.publish(subject, text, retries - 1);
        });
    });
  }

  trim(sequence: number): void {
    this.#loop.touch();
    // Nobody waits for it: what was not trimmed now will be later.
    this.#log.trim(sequence).catch(() => {});
  }
}
