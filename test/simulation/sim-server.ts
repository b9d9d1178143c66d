/**
 * The NATS server, as far as a scheduler sees it: two streams, sessions, and the question after the leader. It can be down, hang,
 * have a slow disk or a full one; what it has acknowledged it keeps.
 */
import type { Append, StoredMessage } from "../../src/log/log.js";
import type { Chance } from "./chance.js";
import type { Line } from "./link.js";
import type { Loop } from "./loop.js";
import type { Planted } from "./planted.js";
import type { Responder } from "./requests.js";
import { type Answer, Cursor, SimStream } from "./sim-stream.js";

/** A client's connection, as the server sees it. */
export class Session {
  isOpen = true;
  readonly cursors = new Set<Cursor>();
  /** Answers the question after the leader; null if this client does not lead. */
  answerAsLeader: ((reply: () => void) => void) | null = null;
  /** The subjects that it answers under. */
  readonly served = new Map<string, Responder>();
  readonly #toClient: Line;

  constructor(toClient: Line) {
    this.#toClient = toClient;
  }

  /** What arrives at the client later, if the connection still stands then. */
  answer(arrive: () => void): void {
    if (this.isOpen) this.#toClient.send(arrive);
  }

  close(): void {
    this.isOpen = false;
    this.answerAsLeader = null;
    this.served.clear();
    for (const cursor of this.cursors) cursor.end();
    this.cursors.clear();
    this.#toClient.giveUp(0, 0);
  }
}

export interface ServerOptions {
  readonly loop: Loop;
  readonly chance: Chance;
  /** Milliseconds since 1970 when the world began. */
  readonly epochMs: number;
  readonly planted?: Planted;
}

interface Write {
  readonly stream: SimStream;
  readonly append: Append;
  readonly done: (answer: Answer) => void;
}

export class SimServer {
  readonly ledger: SimStream;
  readonly intake: SimStream;
  readonly sessions = new Set<Session>();
  isUp = true;
  /** A server that hangs still has its connections, and makes none. */
  isHanging = false;
  /** Nothing more fits on the disk. */
  isFull = false;
  /** How long a write takes. */
  diskUs = 0;
  /** What its wall clock is ahead of true time. */
  clockMs = 0;
  readonly #loop: Loop;
  readonly #chance: Chance;
  readonly #epochMs: number;
  #writes: Write[] = [];

  constructor({ loop, chance, epochMs, planted = {} }: ServerOptions) {
    this.#loop = loop;
    this.#chance = chance;
    this.#epochMs = epochMs;
    const now = () => this.now();
    const { ignoresExpectations = false, losesEvery = 0 } = planted;
    this.ledger = new SimStream({ identity: "LEDGER@1", appendOnly: true, now, ignoresExpectations });
    this.intake = new SimStream({ identity: "INTAKE@1", appendOnly: false, now, losesEvery });
  }

  /** Milliseconds since 1970. */
  trueNow(): number {
    return this.#epochMs + Math.floor(this.#loop.now / 1_000);
  }

  /** The same by its own wall clock. */
  now(): number {
    return this.trueNow() + this.clockMs;
  }

  accept(toClient: Line): Session {
    const session = new Session(toClient);
    this.sessions.add(session);
    return session;
  }

  drop(session: Session): void {
    session.close();
    this.sessions.delete(session);
  }

  append(stream: SimStream, append: Append, done: (answer: Answer) => void): void {
    if (!this.isUp) return;
    if (this.isFull) return done({ kind: "error", reason: "insufficient resources" });
    if (this.diskUs === 0 && this.#writes.length === 0) return done(stream.append(append));
    this.#writes.push({ stream, append, done });
    if (this.#writes.length === 1) this.#write();
  }

  follow(
    session: Session,
    stream: SimStream,
    next: number,
    receive: (batch: readonly StoredMessage[]) => void,
  ): Cursor {
    const cursor = new Cursor(stream, next, (arrive) => session.answer(arrive), receive);
    session.cursors.add(cursor);
    return cursor;
  }

  /** Those who answer for the leader at this moment, as far as the server knows. */
  leaders(): readonly Session[] {
    return [...this.sessions].filter(({ answerAsLeader }) => answerAsLeader !== null);
  }

  /** Those who listen to a subject at this moment, as far as the server knows. */
  listeners(subject: string): readonly { readonly session: Session; readonly responder: Responder }[] {
    return [...this.sessions].flatMap((session) => {
      const responder = session.served.get(subject);
      return responder === undefined ? [] : [{ session, responder }];
    });
  }

  /** Killed: connections break, and of the writes in hand some may just have been made; the first ones, if any. */
  kill(): void {
    this.isUp = false;
    for (const session of [...this.sessions]) this.drop(session);
    const made = this.#chance.whole(0, this.#writes.length);
    const writes = this.#writes;
    this.#writes = [];
    for (const { stream, append } of writes.slice(0, made)) stream.append(append);
  }

  /** One write after the other, each as slow as the disk is when it begins. */
  #write(): void {
    const [write] = this.#writes;
    if (write === undefined) return;
    this.#loop.after(this.diskUs, () => {
      if (this.#writes[0] !== write) return;
      this.#writes.shift();
      write.done(write.stream.append(write.append));
      this.#write();
    });
  }
}
