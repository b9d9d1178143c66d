/**
 * The library: signalbox inside a program, with job types that are functions. See docs/library.md for an example that runs.
 */
export type { Fact, RunError } from "../events/facts.js";
export type { Json, JsonObject } from "../events/json.js";
export type { Limits } from "../events/limits.js";
export type { AttemptOutcome, JobState, TerminalState } from "../events/states.js";
export type { Explanation } from "../projections/explain/explain.js";
export type {
  AttemptView,
  JobListItem,
  JobView,
  LimitsView,
  PoolView,
  QueueItem,
  SlotsView,
  WorkersView,
} from "../projections/views/views.js";
export type { Audit } from "./client/audit.js";
export type { Comparison } from "./client/comparison.js";
export {
  type Answers,
  ClientFailure,
  type ClientFailureCode,
  type CommandAnswer,
  type HeldSlots,
  type Released,
  ReservationLost,
} from "./client/index.js";
export type { VerifyOutcome } from "./client/verify.js";
export { EmbeddedServerError, NatsBinaryError } from "./embedded/index.js";
export { DrainFailed } from "./host.js";
export { SignalboxClosed } from "./library/endings.js";
export {
  type Duration,
  type NatsServer,
  type SignalboxOptions,
  SignalboxOptionsError,
  type TypeDefinition,
} from "./library/options.js";
export {
  type Moment,
  openLog,
  type RecordedFact,
  type RecordedLog,
  type WhatIfVariant,
} from "./library/recorded-log.js";
export type { ReserveOptions } from "./library/reservations.js";
export { type JobHandle, type Signalbox, type SubmitOptions, startSignalbox } from "./library/signalbox.js";
export { ConnectionFailed } from "./nats/connection.js";
export { StreamUnfit } from "./nats/streams.js";
export { type JobFunction, NotRetryable, type Outcome, type Run } from "./runners/index.js";
export { VERSION } from "./version.js";
