/**
 * A client's connection to the server, with the habits of the real one: an acknowledgement is waited for five seconds; a lost
 * connection settles everything in flight as unknown, while what was sent may still land; it dials again for ever; and what is
 * published while it is down is lost, unless it came after the last dial.
 */
import type { Append, AppendOutcome } from "../../src/log/log.js";
import type { Chance } from "./chance.js";
import type { Line, Link } from "./link.js";
import type { Loop } from "./loop.js";
import { PendingAppends } from "./pending-appends.js";
import type { Program } from "./program.js";
import { Requests } from "./requests.js";
import type { Session, SimServer } from "./sim-server.js";
import type { Answer, SimStream } from "./sim-stream.js";
import type { Tally } from "./tally.js";

const ANSWER_WAIT_MS = 5_000;
const LEADER_ANSWER_MS = 1_500;
const DIAL_EVERY_MS = 250;
const PING_EVERY_MS = 5_000;
const PINGS_OUT_MAX = 2;
/** A connection that its client gave up without a word stands at the server until it notices. */
const HALF_OPEN_US = 60_000_000;
/** What a broken connection leaves on its way may take this long to be read. */
const LATE_US = { min: 1_000, max: 8_000_000 };

export interface ConnectionOptions {
  readonly loop: Loop;
  readonly chance: Chance;
  readonly program: Program;
  readonly link: Link;
  readonly server: SimServer;
  readonly tally: Tally;
  /** An append to the ledger has left, or has been stored and its acknowledgement is on its way. */
  readonly onMoment?: (moment: "sent" | "stored") => void;
}

/** The wire as it is while the connection stands. */
interface Wire {
  readonly session: Session;
  readonly out: Line;
  readonly in: Line;
}

export class SimConnection {
  readonly #of: ConnectionOptions;
  #wire: Wire | null = null;
  #isUp = false;
  #isClosed = false;
  readonly #pending: PendingAppends;
  /** Published while down, since the last dial. */
  #queued: (() => void)[] = [];
  readonly #upListeners = new Set<() => void>();
  readonly #downListeners = new Set<() => void>();
  #leads = false;
  #pingsOut = 0;
  #halfOpen: Session | null = null;
  readonly requests: Requests;

  constructor(options: ConnectionOptions) {
    this.#of = options;
    this.requests = new Requests({
      program: options.program,
      server: options.server,
      wire: () => (this.#isUp ? this.#wire : null),
      onUp: (act) => this.onUp(act),
      onDown: (act) => {
        this.#downListeners.add(act);
        return () => this.#downListeners.delete(act);
      },
    });
    this.#pending = new PendingAppends(options.loop, options.program, options.tally);
    this.#dial();
    this.#pingLater();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  publish(stream: SimStream, append: Append): Promise<AppendOutcome> {
    // The caller may use its buffer again.
    const sent = { ...append, data: append.data.slice() };
    return new Promise((settle) => {
      const token = this.#pending.add(settle);
      const transmit = () => this.#transmit(token, stream, sent);
      if (this.#isUp) transmit();
      else this.#queued.push(transmit);
    });
  }

  /** Asks the server when the connection stands, however long that takes; rejects if it goes away before the answer. */
  async ask<T>(act: (session: Session) => T): Promise<T> {
    if (!this.#isUp) await new Promise<void>((resolve) => this.#once(this.#upListeners, resolve));
    const { program } = this.#of;
    return new Promise((resolve, reject) => {
      const wire = this.#wire;
      if (wire === null) return reject(new ConnectionProblem("link-lost", "there is no connection"));
      const stopListening = this.#once(this.#downListeners, () => end(() => reject(lost())));
      const lost = () => new ConnectionProblem("link-lost", "the connection was lost before the answer came");
      const stopWaiting = program.after(ANSWER_WAIT_MS, () =>
        end(() => reject(new ConnectionProblem("timeout", "no answer came in time"))),
      );
      const end = (settle: () => void) => {
        stopListening();
        stopWaiting();
        settle();
      };
      wire.out.send(() => {
        const answer = outcomeOf(() => act(wire.session));
        wire.session.answer(() => program.deliver(() => end(() => answer(resolve, reject))));
      });
    });
  }

  onUp(act: () => void): () => void {
    this.#upListeners.add(act);
    return () => this.#upListeners.delete(act);
  }

  /** Asks whether anybody leads, as over core NATS: a server without a listener says so, a listener may stay silent. */
  askLeader(): Promise<"leads" | "nobody" | "silent"> {
    const { program, server } = this.#of;
    return new Promise((resolve) => {
      program.after(LEADER_ANSWER_MS, () => resolve("silent"));
      const wire = this.#wire;
      if (wire === null || !this.#isUp) return;
      wire.out.send(() => {
        const leaders = server.leaders();
        const tell = (word: "leads" | "nobody") => wire.session.answer(() => program.deliver(() => resolve(word)));
        if (leaders.length === 0) tell("nobody");
        for (const leader of leaders) leader.answer(() => leader.answerAsLeader?.(() => tell("leads")));
      });
    });
  }

  answerAsLeader(): () => void {
    this.#leads = true;
    this.#subscribe();
    return () => {
      this.#leads = false;
      this.#subscribe();
    };
  }

  /** Both sides notice at once that the connection is gone. What is on its way lands, or not, or a part of it, soon or late. */
  cut(landing: "none" | "some" | "all" = "some"): void {
    const wire = this.#wire;
    if (wire === null) return;
    const { server, program } = this.#of;
    if (landing !== "some") wire.out.giveUp(landing === "all" ? wire.out.onTheWay : 0, 0);
    this.#abandon(wire);
    server.drop(wire.session);
    program.deliver(() => this.#down("the connection was lost before the acknowledgement"));
  }

  /** The program is dead, or its whole machine; then nobody tells the server. */
  close(withTheMachine: boolean): void {
    this.#isClosed = true;
    const wire = this.#wire;
    const { loop, server } = this.#of;
    this.#pending.forget();
    if (wire === null) return;
    this.#abandon(wire);
    if (withTheMachine) loop.after(HALF_OPEN_US, () => server.drop(wire.session));
    else server.drop(wire.session);
  }

  #transmit(token: number, stream: SimStream, append: Append): void {
    const wire = this.#wire;
    const { server, program, tally, onMoment } = this.#of;
    if (wire === null) return;
    const isLedger = stream === server.ledger;
    wire.out.send(() =>
      server.append(stream, append, (answer) => {
        if (answer.kind === "error") tally.count("append answered with an error");
        if (answer.kind === "stored") this.#pending.noteStored(token);
        if (answer.kind === "stored" && isLedger) onMoment?.("stored");
        wire.session.answer(() => program.deliver(() => this.#pending.settle(token, appendOutcome(answer))));
      }),
    );
    if (isLedger) onMoment?.("sent");
  }

  // Connecting

  #dial(): void {
    const { program, server, link } = this.#of;
    this.#queued = [];
    if (this.#isClosed) return;
    if (!server.isUp || server.isHanging || !link.isOpen) {
      program.after(DIAL_EVERY_MS, () => this.#dial());
      return;
    }
    if (this.#halfOpen !== null) server.drop(this.#halfOpen);
    this.#halfOpen = null;
    const incoming = link.line("in");
    const wire = { session: server.accept(incoming), out: link.line("out"), in: incoming };
    this.#wire = wire;
    incoming.send(() => program.deliver(() => this.#up(wire)));
  }

  #up(wire: Wire): void {
    if (this.#wire !== wire) return;
    this.#isUp = true;
    this.#pingsOut = 0;
    if (this.#leads) this.#subscribe();
    for (const transmit of this.#queued.splice(0)) transmit();
    for (const act of [...this.#upListeners]) act();
  }

  #down(reason: string): void {
    this.#isUp = false;
    this.#pending.settleAll(reason);
    for (const act of [...this.#downListeners]) act();
    this.#of.program.after(DIAL_EVERY_MS, () => this.#dial());
  }

  #pingLater(): void {
    const { program, link } = this.#of;
    program.after(PING_EVERY_MS, () => {
      this.#pingLater();
      this.#pingsOut = this.#wire === null || link.isOpen ? 0 : this.#pingsOut + 1;
      if (this.#pingsOut > PINGS_OUT_MAX) this.#giveUp();
    });
  }

  /** Too many pings without an answer: the client leaves, and nobody tells the server. */
  #giveUp(): void {
    const wire = this.#wire;
    if (wire === null) return;
    this.#abandon(wire);
    this.#halfOpen = wire.session;
    this.#of.loop.after(HALF_OPEN_US, () => this.#of.server.drop(wire.session));
    this.#of.tally.count("connection given up");
    this.#down("the connection was lost before the acknowledgement");
  }

  #abandon(wire: Wire): void {
    const { chance } = this.#of;
    this.#wire = null;
    this.#pingsOut = 0;
    const delayUs = chance.happens(0.5) ? 0 : chance.spread(LATE_US.min, LATE_US.max);
    wire.out.giveUp(chance.whole(0, wire.out.onTheWay), delayUs);
    wire.in.giveUp(0, 0);
  }

  #subscribe(): void {
    const wire = this.#wire;
    if (wire === null || !this.#isUp) return;
    const answer = this.#leads ? (reply: () => void) => this.#answerLeader(wire, reply) : null;
    wire.out.send(() => {
      if (wire.session.isOpen) wire.session.answerAsLeader = answer;
    });
  }

  #answerLeader(wire: Wire, reply: () => void): void {
    this.#of.program.deliver(() => {
      if (this.#leads) wire.out.send(reply);
    });
  }

  #once(listeners: Set<() => void>, act: () => void): () => void {
    const listener = () => {
      listeners.delete(listener);
      act();
    };
    listeners.add(listener);
    return () => listeners.delete(listener);
  }
}

/** The connection is gone, or the server does not answer. */
class ConnectionProblem extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

function appendOutcome(answer: Answer): AppendOutcome {
  switch (answer.kind) {
    case "stored":
      return { outcome: "stored", sequence: answer.sequence };
    case "wrong-sequence":
      return { outcome: "refused", reason: answer.reason };
    case "error":
      return { outcome: "unknown", reason: answer.reason };
    default:
      return answer satisfies never;
  }
}

type Settle<T> = (resolve: (value: T) => void, reject: (error: unknown) => void) => void;

/** What the server found when it was asked; told to the client later. */
function outcomeOf<T>(act: () => T): Settle<T> {
  try {
    const value = act();
    return (resolve) => resolve(value);
  } catch (error) {
    return (_resolve, reject) => reject(error);
  }
}
