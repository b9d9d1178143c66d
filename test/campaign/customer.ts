/**
 * Whoever uses the schedulers in a round: submits, commands and reserves as any NATS client would, over a connection of its own, and
 * remembers what it was promised. What was not acknowledged is no promise: where a job has an id it is sent again, else it is let go.
 */
import { setTimeout as delay } from "node:timers/promises";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import type { Deed, PlannedJob } from "./deeds.js";

const PUBLISH_MS_MAX = 3_000;
const REQUEST_MS_MAX = 3_000;
const AGAIN_MS = 250;
const TRIES_WITHOUT_HEART_MAX = 8;
const BUSY = /does not lead|has only just ended/;

type ReserveDeed = Extract<Deed, { kind: "reserve" }>;
const asked = ({ id, resources, leaseMs }: ReserveDeed) => ({ id, resources, lease: leaseMs });

function keep(all: Set<Promise<void>>, one: Promise<void>): void {
  all.add(one);
  void one.finally(() => all.delete(one));
}

/** The JSON answer; a text: why it was refused; null: nobody answers. */
type Answer = Readonly<Record<string, unknown>> | string | null;

/** A command that was answered with its place in the ledger. */
export interface Answered {
  readonly verb: string;
  readonly args: object;
  /** `812.3`; null: it was so already. */
  readonly position: string | null;
}

export class Customer {
  readonly nc: NatsConnection;
  readonly #namespace: string;
  /** Jobs whose submission was acknowledged, by id. */
  readonly acknowledged = new Set<string>();
  readonly answered: Answered[] = [];
  readonly refused: string[] = [];
  /** Submissions and commands that nobody has acknowledged or answered. */
  unanswered = 0;
  readonly #underway = new Set<Promise<void>>();
  /** Holders of reservations, who may have to wait until a pool has room again. */
  readonly #holding = new Set<Promise<void>>();
  #isPatient = true;
  readonly #tell: (text: string) => void;

  private constructor(nc: NatsConnection, namespace: string, tell: (text: string) => void) {
    this.nc = nc;
    this.#namespace = namespace;
    this.#tell = tell;
  }

  static async open(natsUrl: string, namespace: string, tell: (text: string) => void): Promise<Customer> {
    const nc = await connect({
      ...{ servers: natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 50, noAsyncTraces: true },
      ...{ pingInterval: 1_000, maxPingOut: 3 },
    });
    return new Customer(nc, namespace, tell);
  }

  /** Begins something; `settled` waits for it. */
  do(deed: Deed): void {
    keep(this.#underway, this.#perform(deed));
  }

  /** Settles when all that was begun is acknowledged, answered or given up. */
  async settled(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all(this.#underway);
  }

  /** Settles when nobody holds a reservation or waits for one any more. */
  async released(): Promise<void> {
    while (this.#holding.size > 0) await Promise.all(this.#holding);
  }

  /** From now on nothing is tried again. */
  loseHeart(): void {
    this.#isPatient = false;
  }

  /** Asks until there is an answer, or the customer has lost heart: then null, after a few times. */
  async request(subject: string, args: object): Promise<Answer> {
    for (let tries = 1; this.#isPatient || tries <= TRIES_WITHOUT_HEART_MAX; tries += 1) {
      const answer = await this.#ask(subject, args);
      if (answer !== null && !(typeof answer === "string" && BUSY.test(answer))) return answer;
      await delay(AGAIN_MS);
    }
    return null;
  }

  /** Sends until it is acknowledged; gives the sequence. Null: given up. */
  async publish(subject: string, body: unknown, triesMax = Number.POSITIVE_INFINITY): Promise<number | null> {
    for (let tries = 0; tries < triesMax && this.#isPatient; tries += 1) {
      const ack = await this.nc
        .jetstream()
        .publish(`${this.#namespace}.${subject}`, JSON.stringify(body), { timeout: PUBLISH_MS_MAX })
        .catch(() => null);
      if (ack !== null) return ack.seq;
      await delay(AGAIN_MS);
    }
    return null;
  }

  async close(): Promise<void> {
    this.#isPatient = false;
    await this.nc.close();
  }

  async #perform(deed: Deed): Promise<void> {
    switch (deed.kind) {
      case "submit":
        return await this.#submit(deed.jobs, deed.batch);
      case "command":
        return deed.door === "api" ? await this.#command(deed.verb, deed.args) : await this.#send(deed.verb, deed.args);
      case "reserve":
        await this.#command("reserve", { ...asked(deed), holder: "the campaign" });
        return keep(this.#holding, this.#hold(deed));
      default:
        return deed satisfies never;
    }
  }

  async #submit(jobs: readonly PlannedJob[], batch: boolean): Promise<void> {
    const [first] = jobs;
    if (first === undefined) return;
    // A message without ids of its own must not be sent twice: each time it would be another job.
    const tries = jobs.every(({ id }) => id !== undefined) ? Number.POSITIVE_INFINITY : 1;
    const bodies = jobs.map(({ id, type, body }) => ({ ...body, ...(id !== undefined && { id }), type }));
    const sequence = batch
      ? await this.publish("submit", bodies, tries)
      : await this.publish(`submit.${first.type}`, bodies[0], tries);
    if (sequence === null) {
      this.unanswered += 1;
      return;
    }
    for (const [index, { id }] of jobs.entries())
      this.acknowledged.add(id ?? (batch ? `j${sequence}-${index}` : `j${sequence}`));
  }

  async #send(verb: string, args: object): Promise<void> {
    if ((await this.publish(`command.${verb}`, args)) === null) this.unanswered += 1;
  }

  async #command(verb: string, args: object): Promise<void> {
    const answer = await this.request(`api.${verb}`, args);
    if (answer === null) this.unanswered += 1;
    else if (typeof answer === "string") this.refused.push(`${verb} ${JSON.stringify(args)}: ${answer}`);
    else this.answered.push({ verb, args, position: answer["position"] as string | null });
  }

  /** A holder in a terminal: waits for its turn, works for a while, gives it back, or goes away without a word. */
  async #hold({ id, leaseMs, holdMs, isReleased }: ReserveDeed): Promise<void> {
    for (let heldMs = 0; heldMs < holdMs && this.#isPatient; ) {
      const pauseMs = Math.min(leaseMs / 3, holdMs);
      await delay(pauseMs);
      const renewed = await this.#ask("api.renew", { id });
      if (typeof renewed === "string" && !BUSY.test(renewed)) return;
      const reservation = typeof renewed === "object" ? (renewed?.["reservation"] as { state?: string }) : null;
      if (reservation?.state === "granted") heldMs += pauseMs;
    }
    if (isReleased) await this.#command("release", { id });
  }

  async #ask(subject: string, args: object): Promise<Answer> {
    const message = await this.nc
      .request(`${this.#namespace}.${subject}`, JSON.stringify(args), { timeout: REQUEST_MS_MAX })
      .catch((error: Error) => {
        this.#tell(`nobody answers ${subject} ${JSON.stringify(args)}: ${error.message}`);
        return null;
      });
    if (message === null) return null;
    const code = message.headers?.get("Nats-Service-Error-Code") ?? "";
    return code === "" ? message.json() : (message.headers?.get("Nats-Service-Error") ?? code);
  }
}
