/** Where a worker in a process of its own is told what to do, `<ns>.worker.<id>.start` and `abort`, and asked what it runs, `running`. */
import type { z } from "zod";
import type { WorkerId } from "../../events/names.js";
import { isAnswerable } from "../nats/answerable.js";
import type { Msg, NatsConnection } from "../nats/door.js";
import type { Subjects } from "../nats/subjects.js";
import {
  type AbortOrder,
  abortOrderSchema,
  type Obeyed,
  type RunningAnswer,
  type StartOrder,
  startOrderSchema,
} from "./protocol.js";

/** Who carries orders out. Null: no answer, so that the order comes again. */
export interface Hands {
  start(order: StartOrder): Promise<Obeyed | null>;
  abort(order: AbortOrder): Promise<Obeyed | null>;
  /** What it runs now. */
  runs(): RunningAnswer;
  /** Orders cannot be heard: the server does not let these credentials listen. */
  deaf(reason: string): void;
}

export interface OrderDesk {
  /** Takes orders for a worker from now on; the returned function ends it. */
  serve(worker: WorkerId, hands: Hands): () => void;
}

export function orderDesk(nc: NatsConnection, subjects: Subjects): OrderDesk {
  function listen<S extends z.ZodType>(
    subject: string,
    schema: S,
    act: (order: z.output<S>) => Promise<Obeyed | null>,
    deaf: (reason: string) => void,
  ): () => void {
    const subscription = nc.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) deaf(`these credentials may not subscribe to ${subject}: ${error.message}`);
        else if (isAnswerable(message.reply, subjects.namespace)) void answer(message, schema, act);
      },
    });
    return () => {
      if (!nc.isClosed()) subscription.unsubscribe();
    };
  }
  /** That nobody may ask is no reason not to work: a server may have permissions from before there was this question. */
  function tell(subject: string, answer: () => RunningAnswer): () => void {
    const subscription = nc.subscribe(subject, {
      callback: (error, message) => {
        if (error === null && isAnswerable(message.reply, subjects.namespace))
          message.respond(JSON.stringify(answer()));
      },
    });
    return () => {
      if (!nc.isClosed()) subscription.unsubscribe();
    };
  }
  return {
    serve: (worker, hands) => {
      const deaf = (reason: string) => hands.deaf(reason);
      const closeStart = listen(subjects.start(worker), startOrderSchema, (order) => hands.start(order), deaf);
      const closeAbort = listen(subjects.abort(worker), abortOrderSchema, (order) => hands.abort(order), deaf);
      const closeRunning = tell(subjects.running(worker), () => hands.runs());
      return () => {
        closeStart();
        closeAbort();
        closeRunning();
      };
    },
  };
}

async function answer<S extends z.ZodType>(
  message: Msg,
  schema: S,
  act: (order: z.output<S>) => Promise<Obeyed | null>,
): Promise<void> {
  const obeyed = await carryOut(message, schema, act);
  if (obeyed !== null) message.respond(JSON.stringify(obeyed));
}

async function carryOut<S extends z.ZodType>(
  message: Msg,
  schema: S,
  act: (order: z.output<S>) => Promise<Obeyed | null>,
): Promise<Obeyed | null> {
  try {
    const read = schema.safeParse(message.json());
    return read.success
      ? await act(read.data)
      : { accepted: false, reason: `it cannot be read: ${read.error.message}` };
  } catch (error) {
    return { accepted: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
