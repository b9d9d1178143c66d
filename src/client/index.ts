/**
 * For programs outside the scheduler: submit, ask, command and reserve, over NATS. The command line imports the files one by one,
 * because it loads no more than a command needs.
 */

export type { CommandVerb } from "../dispatcher/orders.js";
export { headerLine } from "./export-header.js";
export { entryLine } from "./exported-log.js";
export { ClientFailure, type ClientFailureCode } from "./failure.js";
export { type HeldSlots, type Released, ReservationLost } from "./held-slots.js";
export { importLedger } from "./ledger-import.js";
export type { Answers, HealthAnswer, Questions } from "./questions.js";
export { foldLedger } from "./reader.js";
export { reserveSlots } from "./reservation.js";
export { type CommandAnswer, openSession, type Session } from "./session.js";
export { submitJob } from "./submit.js";
