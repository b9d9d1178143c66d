/**
 * Request and reply over core NATS, on a simulated connection: a subject that nobody listens to is told at once; whoever listens may
 * stay silent; of several answers the first one counts; and what is asked while the connection is down is lost.
 */
import type { Json } from "../../events/json.js";
import type { Line } from "./link.js";
import type { Program } from "./program.js";
import type { Session, SimServer } from "./sim-server.js";

/** Answers what is asked under a subject. It may never do so. */
export type Responder = (args: Json, reply: (answer: Json) => void) => void;

/** The answer, or why there is none. */
export type Answered = { readonly answer: Json } | { readonly silence: "nobody" | "timeout" | "link-lost" };

/** The wire as it is while the connection stands. */
export interface Wire {
  readonly session: Session;
  readonly out: Line;
}

export interface RequestsOptions {
  readonly program: Program;
  readonly server: SimServer;
  /** Null while the connection is down. */
  readonly wire: () => Wire | null;
  readonly onUp: (act: () => void) => () => void;
  readonly onDown: (act: () => void) => () => void;
}

export class Requests {
  readonly #of: RequestsOptions;
  readonly #served = new Map<string, Responder>();

  constructor(of: RequestsOptions) {
    this.#of = of;
    of.onUp(() => {
      for (const subject of this.#served.keys()) this.#subscribe(subject);
    });
  }

  /** Answers from now on; the returned function ends it. */
  serve(subject: string, responder: Responder): () => void {
    this.#served.set(subject, responder);
    this.#subscribe(subject);
    return () => {
      this.#served.delete(subject);
      this.#subscribe(subject);
    };
  }

  /** Settles when the connection stands. */
  up(): Promise<void> {
    const { wire, onUp } = this.#of;
    if (wire() !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = onUp(() => {
        stop();
        resolve();
      });
    });
  }

  ask(subject: string, args: object, waitMs: number): Promise<Answered> {
    const { program, server, onDown } = this.#of;
    const text = JSON.stringify(args);
    return new Promise((resolve) => {
      const wire = this.#of.wire();
      const end = (answered: Answered) => {
        stopWaiting();
        stopListening();
        resolve(answered);
      };
      const stopWaiting = program.after(waitMs, () => end({ silence: "timeout" }));
      const stopListening = onDown(() => end({ silence: "link-lost" }));
      if (wire === null) return;
      wire.out.send(() => {
        const tell = (answered: Answered) => wire.session.answer(() => program.deliver(() => end(answered)));
        const listeners = server.listeners(subject);
        if (listeners.length === 0) tell({ silence: "nobody" });
        for (const { session, responder } of listeners)
          session.answer(() =>
            responder(JSON.parse(text) as Json, (answer) =>
              tell({ answer: JSON.parse(JSON.stringify(answer)) as Json }),
            ),
          );
      });
    });
  }

  /** Tells the server, at the time when that arrives there, whether this one listens. */
  #subscribe(subject: string): void {
    const { program, wire: current } = this.#of;
    const wire = current();
    if (wire === null) return;
    const responder = this.#served.get(subject) ?? null;
    const deliver: Responder | null =
      responder === null
        ? null
        : (args, reply) =>
            program.deliver(() => responder(args, (answer) => this.#of.wire()?.out.send(() => reply(answer))));
    wire.out.send(() => {
      if (!wire.session.isOpen) return;
      if (deliver === null) wire.session.served.delete(subject);
      else wire.session.served.set(subject, deliver);
    });
  }
}
