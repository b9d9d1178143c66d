/** For programs outside the scheduler: submit, watch, ask and command, over NATS or from an exported log. */

export type { CommandVerb } from "../dispatcher/orders.js";
export { entryOf } from "../log/entry.js";
export { entryLine, headerLine } from "./exported-log.js";
export { ClientFailure, type ClientFailureCode } from "./failure.js";
export { asOf, openExportedLog } from "./offline.js";
export type { Answers, HealthAnswer, Questions } from "./questions.js";
export { firstAfter, foldLedger, parseUntil, readMessages, type Until } from "./reader.js";
export { readResult } from "./result.js";
export { type CommandAnswer, openSession, type Session } from "./session.js";
export { type SubmissionRequest, type Submitted, submitJob } from "./submit.js";
export { type AnnouncedFact, type WatchHooks, watchJob } from "./watch.js";
export { watchGroup } from "./watch-group.js";
