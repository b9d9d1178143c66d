/** What is asked of the leader under `<ns>.api`, by verb: the commands, answered when their facts are stored, and a holder's renewal. */
import { readAs } from "../../events/submission.js";
import { reservationView } from "../../projections/views/views.js";
import type { Dispatcher } from "../dispatcher/dispatcher.js";
import { NOT_LEADING } from "../dispatcher/messages.js";
import { renewSchema } from "../dispatcher/order-schemas.js";
import { COMMAND_VERBS } from "../dispatcher/orders.js";
import type { Reply } from "./service.js";

type Act = (dispatcher: Dispatcher, args: unknown) => Promise<Reply>;

export const API_VERBS: Readonly<Record<string, Act>> = {
  ...Object.fromEntries(
    COMMAND_VERBS.map((verb): [string, Act] => [verb, (dispatcher, args) => command(dispatcher, verb, args)]),
  ),
  renew,
};

async function command(dispatcher: Dispatcher, verb: string, value: unknown): Promise<Reply> {
  const answered = await dispatcher.request({ verb, content: { value } });
  if (!answered.ok) return answered.refusal;
  const { position, id } = answered;
  // Position null: it was so already, and nothing had to be recorded.
  const done = { ok: true as const, position, ...(id !== null && { id }) };
  if (verb !== "reserve" || id === null) return { value: done };
  return await renewed(dispatcher, id, done);
}

/** A holder says that it is there still; answered with how its reservation stands. */
async function renew(dispatcher: Dispatcher, value: unknown): Promise<Reply> {
  const read = readAs(renewSchema, value);
  return read.ok ? await renewed(dispatcher, read.value.id, { ok: true }) : { refused: "invalid", reason: read.reason };
}

/** Whoever asks for a reservation, also for one that is there already, renews its lease by that. */
async function renewed(dispatcher: Dispatcher, id: string, done: { readonly ok: true }): Promise<Reply> {
  const found = await dispatcher.inReign(({ reservationLeases, fold }) => {
    const reservation = reservationView(fold, id);
    if (reservation !== null) reservationLeases.heard(id);
    return { reservation };
  });
  if (found === null) return NOT_LEADING;
  const { reservation } = found;
  if (reservation === null)
    return { refused: "not-found", reason: `there is no reservation ${id}: it was released, or has expired` };
  return { value: { ...done, reservation } };
}
