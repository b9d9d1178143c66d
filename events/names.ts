/**
 * Ids and positions. Each is a branded primitive with one constructor, so that a worker's id cannot be passed
 * where a job's is wanted, nor an intake sequence where a ledger position is.
 */
import { z } from "zod";

/** A job's id, for life: chosen by the publisher, or `j<seq>` / `j<seq>-<index>` by default. */
export type JobId = string & z.$brand<"JobId">;
/** A group's id, chosen by the publisher of its first member. */
export type GroupId = string & z.$brand<"GroupId">;
/** A reservation's id: chosen by whoever reserves, so that a request can be repeated (DEC-004). */
export type ReservationId = string & z.$brand<"ReservationId">;
/** A worker's id: one per worker process and start. */
export type WorkerId = string & z.$brand<"WorkerId">;
/** A dispatcher's id: one per scheduler process and start. */
export type DispatcherId = string & z.$brand<"DispatcherId">;
/** An entry's own id, random: how an append whose outcome is unknown is found again (D9). */
export type EntryId = string & z.$brand<"EntryId">;
/** `global`, `type:<name>` or `resource:<name>` (CC-1). */
export type PoolName = string & z.$brand<"PoolName">;
/** An entry's stream sequence in the ledger; 0 is "before the first". */
export type Position = number & z.$brand<"Position">;
/** A message's stream sequence in the intake stream; 0 is "before the first". */
export type IntakeSequence = number & z.$brand<"IntakeSequence">;
/** The number of a dispatcher's reign; 0 is "nobody has led yet". */
export type Epoch = number & z.$brand<"Epoch">;
/** The place of a fact: `812.3` is the fourth fact of entry 812. */
export type FactAddress = `${number}.${number}`;

/** What a publisher may choose as an id (contract, section 1). */
export const JOB_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
/** Ids that are given, never chosen: `j42`, `j42-7`. */
export const DEFAULT_JOB_ID_PATTERN = /^j[0-9]+(-[0-9]+)?$/;
/** Names of types, tags, templates: also NATS subject tokens, hence no dots, blanks or wildcards. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

const wholeNumber = z.number().int().nonnegative();

export const jobIdSchema = z.string().regex(JOB_ID_PATTERN).brand<"JobId">();
export const groupIdSchema = z.string().regex(JOB_ID_PATTERN).brand<"GroupId">();
export const reservationIdSchema = z.string().regex(JOB_ID_PATTERN).brand<"ReservationId">();
/** Who holds slots or is ahead: a job or a reservation. */
export const holderIdSchema = z.string().regex(JOB_ID_PATTERN);
export const workerIdSchema = z.string().min(1).max(200).brand<"WorkerId">();
export const dispatcherIdSchema = z.string().min(1).max(200).brand<"DispatcherId">();
export const entryIdSchema = z.string().min(1).max(64).brand<"EntryId">();
export const poolNameSchema = z
  .string()
  .regex(/^(global|(type|resource):[A-Za-z0-9][A-Za-z0-9_-]{0,63})$/)
  .brand<"PoolName">();
export const positionSchema = wholeNumber.brand<"Position">();
export const intakeSequenceSchema = wholeNumber.brand<"IntakeSequence">();
export const epochSchema = wholeNumber.brand<"Epoch">();
export const factAddressSchema = z.custom<FactAddress>(
  (value) => typeof value === "string" && /^\d+\.\d+$/.test(value),
  { error: "is not the address of a fact" },
);

export const jobId = (text: string): JobId => jobIdSchema.parse(text);
export const groupId = (text: string): GroupId => groupIdSchema.parse(text);
export const reservationId = (text: string): ReservationId => reservationIdSchema.parse(text);
export const workerId = (text: string): WorkerId => workerIdSchema.parse(text);
export const dispatcherId = (text: string): DispatcherId => dispatcherIdSchema.parse(text);
export const entryId = (text: string): EntryId => entryIdSchema.parse(text);
export const poolName = (text: string): PoolName => poolNameSchema.parse(text);
export const position = (sequence: number): Position => positionSchema.parse(sequence);
export const intakeSequence = (sequence: number): IntakeSequence => intakeSequenceSchema.parse(sequence);
export const epoch = (number: number): Epoch => epochSchema.parse(number);

export const factAddress = (at: Position, index: number): FactAddress => `${at}.${index}`;

/** The default id of the submission at `sequence`, or of the one at `index` in the batch there. */
export function defaultJobId(sequence: IntakeSequence, index: number | null): JobId {
  return (index === null ? `j${sequence}` : `j${sequence}-${index}`) as JobId;
}

export const GLOBAL_POOL = "global" as PoolName;
export const typePool = (type: string): PoolName => `type:${type}` as PoolName;
export const resourcePool = (tag: string): PoolName => `resource:${tag}` as PoolName;
