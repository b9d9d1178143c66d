/** For programs outside the scheduler: submit, watch, ask and command, over NATS or from an exported log. */

export type { CommandVerb } from "../dispatcher/orders.js";
export { entryOf } from "../log/entry.js";
export { type Failing, type Fate, type Fates, hasEnded } from "./bulk-fates.js";
export type { WrongLine } from "./bulk-items.js";
export type { Batch } from "./bulk-packer.js";
export { type BulkReport, checkLines, type LineRange, submitLines } from "./bulk-submit.js";
export { BulkWait } from "./bulk-wait.js";
export { entryLine, headerLine, openExport } from "./exported-log.js";
export { ClientFailure, type ClientFailureCode } from "./failure.js";
export { measureForecasts } from "./forecast-error.js";
export { type HeldSlots, type Released, ReservationLost } from "./held-slots.js";
export { importLedger } from "./ledger-import.js";
export { asOf, openExportedLog } from "./offline.js";
export type { Answers, HealthAnswer, Questions } from "./questions.js";
export { firstAfter, foldLedger, parseUntil, readMessages, type Until } from "./reader.js";
export { reserveSlots } from "./reservation.js";
export { readResult } from "./result.js";
export { type CommandAnswer, openSession, type Session } from "./session.js";
export { faultOfType } from "./submission-check.js";
export { type SubmissionRequest, type Submitted, submitJob } from "./submit.js";
export { type VerifyOptions, type VerifyOutcome, verifyExport, verifyLedger } from "./verify.js";
export { type AnnouncedFact, type WatchHooks, watchJob } from "./watch.js";
export { watchGroup } from "./watch-group.js";
