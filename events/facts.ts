/**
 * The catalogue of facts: everything that can have happened, once, in the past tense.
 *
 * A fact that is about a job carries `job`. A fact about an attempt also carries `grant`, the position of the entry
 * that granted it: the fencing token by which a late word of an older attempt is recognised (INV-007, D8).
 * Times are ISO 8601 UTC with milliseconds; durations are milliseconds.
 *
 * To add a fact: add it here, give it its place in the job machine if it is a job's, and a case in the fold.
 */
import { z } from "zod";
import { isPlainObject, type Json, type JsonObject } from "./json.js";
import { limitsSchema } from "./limits.js";
import {
  dispatcherIdSchema,
  epochSchema,
  factAddressSchema,
  groupIdSchema,
  holderIdSchema,
  intakeSequenceSchema,
  jobIdSchema,
  NAME_PATTERN,
  poolNameSchema,
  positionSchema,
  reservationIdSchema,
  workerIdSchema,
} from "./names.js";

export const timeSchema = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const units = z.number().int().positive();
const name = z.string().regex(NAME_PATTERN);
const json = z.custom<Json>((value) => value !== undefined);
const jsonObject = z.custom<JsonObject>(isPlainObject);

/** A job's place in a group: `order` counts where members run one after the other (INV-006, DEC-012). */
export const membershipSchema = z.object({
  id: groupIdSchema,
  order: z.number().int(),
  sequential: z.boolean(),
});
export type Membership = z.infer<typeof membershipSchema>;

/** What a job is, decided at submission from type, template and job (CC-4). Frozen by the first grant (INV-001). */
export const jobSpecSchema = z.object({
  type: name,
  params: jsonObject,
  priority: z.number().int().min(-1000).max(1000),
  /** Units of each resource tag. Which pools they mean is a matter of the limits in force (CC-1, CC-5). */
  resources: z.record(name, units),
  maxAttempts: z.number().int().min(1).max(100),
  timeoutMs: z.number().int().positive().nullable(),
  labels: z.record(z.string(), z.string()),
  template: name.nullable(),
  group: membershipSchema.exactOptional(),
});
export type JobSpec = z.infer<typeof jobSpecSchema>;

/** Where a submission or command came from: message `sequence` of the intake, item `index` if that was a batch. */
export const intakePointSchema = z.object({
  sequence: intakeSequenceSchema,
  index: z.number().int().nonnegative().nullable(),
});
export type IntakePoint = z.infer<typeof intakePointSchema>;

/** A process that could be looked for: `host` names machine, boot and process namespace; `startedAt` guards against a reused pid. */
export const processSchema = z.object({ host: z.string(), pid: z.number().int(), startedAt: z.string() });
export type ProcessIdentity = z.infer<typeof processSchema>;

/** Why an attempt went wrong: `code` for programs, `message` for people. */
export const runErrorSchema = z.object({ code: z.string(), message: z.string() });
export type RunError = z.infer<typeof runErrorSchema>;

/** A result is kept inline up to 64 kB; a larger one lies in the object store under its digest. */
export const resultSchema = z.union([
  z.object({ inline: json }),
  z.object({ stored: z.object({ bucket: z.string(), digest: z.string(), bytes: z.number().int() }) }),
]);
export type Result = z.infer<typeof resultSchema>;

/** One pool's part in a denial. `holders` and `ahead` name the first few; the full lists are `explain`'s to give. */
export const blockSchema = z.object({
  pool: z.string(),
  capacity: z.number().int(),
  used: z.number().int(),
  needs: z.number().int(),
  holders: z.array(holderIdSchema),
  ahead: z.array(holderIdSchema),
  /** `full`: in use or set aside; the other reasons do not pass by waiting for a slot. */
  cause: z.enum(["full", "paused", "over-capacity", "no-worker"]),
});
export type Block = z.infer<typeof blockSchema>;

/** What a schedule does about times that passed while nobody led. */
export const MISSED_POLICIES = ["skip", "catch-up-one", "catch-up-all"] as const;
export type MissedPolicy = (typeof MISSED_POLICIES)[number];

/** How a group stands; decided for good only when every member has ended (INV-006). */
export const GROUP_STATUSES = ["running", "completed", "partial", "cancelled"] as const;
export type GroupStatus = (typeof GROUP_STATUSES)[number];

const job = { job: jobIdSchema };
const group = { group: groupIdSchema };
const reservation = { reservation: reservationIdSchema };
const schedule = { schedule: name };
/** When a schedule fires next, worked out outside, where time zones are known; null: never again (D6, DEC-010). */
const nextAt = { nextAt: timeSchema.nullable() };
const attempt = { ...job, grant: positionSchema };
/** When the next attempt is due; null if the failure is final. Jitter is drawn before, once, and is in it (DEC-007). */
const retryAt = { retryAt: timeSchema.nullable() };

export const factSchema = z.discriminatedUnion("type", [
  // A job's life
  z.object({
    type: z.literal("JobSubmitted"),
    ...job,
    spec: jobSpecSchema,
    position: z.number().int(),
    createdAt: timeSchema,
    runAt: timeSchema.nullable(),
    retryOf: jobIdSchema.nullable(),
    intake: intakePointSchema.nullable(),
  }),
  z.object({
    type: z.literal("JobRejected"),
    ...job,
    jobType: z.string().nullable(),
    createdAt: timeSchema,
    reason: z.string(),
    intake: intakePointSchema.nullable(),
  }),
  z.object({ type: z.literal("SubmissionDuplicated"), ...job, intake: intakePointSchema.nullable() }),
  z.object({ type: z.literal("JobDue"), ...job }),
  z.object({
    type: z.literal("JobAmended"),
    ...job,
    params: jsonObject.optional(),
    priority: z.number().int().optional(),
  }),
  z.object({ type: z.literal("JobMoved"), ...job, position: z.number().int() }),
  z.object({ type: z.literal("StartDenied"), ...job, blockedBy: z.array(blockSchema) }),
  z.object({
    type: z.literal("StartGranted"),
    ...job,
    attempt: z.number().int().positive(),
    worker: workerIdSchema,
    /** The slots taken: pool → units. */
    demand: z.record(poolNameSchema, units),
    leaseMs: z.number().int().positive(),
    /** Waiting jobs ahead that this start overtook, where `limits.maxOvertakes` allows it (INV-004). */
    overtook: z.array(jobIdSchema).optional(),
  }),
  z.object({ type: z.literal("RunStarted"), ...attempt, startedAt: timeSchema }),
  z.object({
    type: z.literal("RunCompleted"),
    ...attempt,
    exitCode: z.number().int().nullable(),
    result: resultSchema,
  }),
  z.object({ type: z.literal("RunSkipped"), ...attempt, reason: z.string() }),
  z.object({
    type: z.literal("RunFailed"),
    ...attempt,
    exitCode: z.number().int().nullable(),
    error: runErrorSchema,
    ...retryAt,
  }),
  z.object({ type: z.literal("RunTimedOut"), ...attempt, error: runErrorSchema, ...retryAt }),
  z.object({ type: z.literal("LeaseExpired"), ...attempt, error: runErrorSchema, ...retryAt }),
  /** The runner itself says that the job is to end here, neither done nor failed. */
  z.object({ type: z.literal("RunCancelled"), ...attempt, reason: z.string() }),
  z.object({ type: z.literal("CancelRequested"), ...attempt, reason: z.string() }),
  z.object({ type: z.literal("JobCancelled"), ...job, reason: z.string() }),
  // Groups
  /** Every member that has not ended is to be cancelled; later members too. */
  z.object({ type: z.literal("GroupCancelRequested"), ...group, reason: z.string() }),
  /** All members have ended. Recorded again if members were added after it. */
  z.object({
    type: z.literal("GroupEnded"),
    ...group,
    status: z.enum(GROUP_STATUSES).exclude(["running"]),
    members: z.number().int().positive(),
  }),
  // Direct execution (DEC-004)
  z.object({
    type: z.literal("ReservationRequested"),
    ...reservation,
    resources: z.record(name, units),
    leaseMs: z.number().int().positive(),
    /** Who holds it, for people: a host and a process, say. */
    holder: z.string().max(200),
  }),
  z.object({ type: z.literal("ReservationGranted"), ...reservation, demand: z.record(poolNameSchema, units) }),
  z.object({ type: z.literal("ReservationReleased"), ...reservation, reason: z.string() }),
  z.object({ type: z.literal("ReservationExpired"), ...reservation, reason: z.string() }),
  // Schedules (DEC-010)
  z.object({
    type: z.literal("ScheduleSet"),
    ...schedule,
    template: name,
    cron: z.string(),
    timezone: z.string(),
    missed: z.enum(MISSED_POLICIES),
    enabled: z.boolean(),
    source: z.enum(["configuration", "command"]),
    ...nextAt,
  }),
  z.object({ type: z.literal("ScheduleRemoved"), ...schedule }),
  z.object({ type: z.literal("ScheduleEnabled"), ...schedule, ...nextAt }),
  z.object({ type: z.literal("ScheduleDisabled"), ...schedule }),
  /** It was due at `dueAt` and has submitted the job `submits`, in this entry; by hand if `triggered`, which moves nothing. */
  z.object({
    type: z.literal("ScheduleFired"),
    ...schedule,
    dueAt: timeSchema,
    submits: jobIdSchema,
    triggered: z.boolean(),
    ...nextAt,
  }),
  /** `count` times from `from` to `to` passed while nobody led, and are left out. */
  z.object({
    type: z.literal("ScheduleMissed"),
    ...schedule,
    from: timeSchema,
    to: timeSchema,
    count: z.number().int().positive(),
    ...nextAt,
  }),
  /** An endpoint could not be told that a job has ended, tried as often as it is tried (DEC-009). The job is as it was. */
  z.object({
    type: z.literal("WebhookFailed"),
    ...job,
    webhook: name,
    /** The endpoint, without user, password and query. */
    url: z.string(),
    /** The fact by which the job ended. */
    address: factAddressSchema,
    attempts: z.number().int().positive(),
    /** What became of the last attempt. */
    error: runErrorSchema,
  }),
  // The scheduler's own
  z.object({
    type: z.literal("DispatcherElected"),
    epoch: epochSchema,
    dispatcher: dispatcherIdSchema,
    process: processSchema,
    version: z.string(),
  }),
  z.object({
    type: z.literal("WorkerJoined"),
    worker: workerIdSchema,
    process: processSchema,
    capacity: z.number().int().positive(),
    /** The job types that it runs; null: every type. */
    types: z.array(name).nullable(),
    /** True for a worker in a process of its own: it outlives the reign, as long as it renews its lease (D8). */
    remote: z.boolean().exactOptional(),
  }),
  z.object({ type: z.literal("WorkerLeft"), worker: workerIdSchema, reason: z.string() }),
  z.object({ type: z.literal("LimitsChanged"), limits: limitsSchema, source: z.enum(["configuration", "command"]) }),
  z.object({ type: z.literal("PoolPaused"), pool: poolNameSchema }),
  z.object({ type: z.literal("PoolResumed"), pool: poolNameSchema }),
  /** Which stream the submissions come from: what is decided of it counts for this very stream only. */
  z.object({ type: z.literal("IntakeOpened"), stream: z.string() }),
  /** From now on submissions come from another stream: the ledger was imported from elsewhere, and a scheduler goes on with it. */
  z.object({ type: z.literal("IntakeReplaced"), stream: z.string(), reason: z.string() }),
  /** How many finished jobs the index keeps; older ones are answered from the ledger. */
  z.object({ type: z.literal("RetentionChanged"), finishedJobsMax: z.number().int().positive() }),
  /** A fire-and-forget command from the intake that could not be carried out: nobody waits for an answer, so it is on record. */
  z.object({ type: z.literal("CommandRefused"), verb: z.string(), reason: z.string(), intake: intakePointSchema }),
]);

export type Fact = Readonly<z.infer<typeof factSchema>>;
export type FactType = Fact["type"];
export type FactOf<T extends FactType> = Extract<Fact, { type: T }>;
/** Facts that name a job and change nothing about it. */
type Aside = "SubmissionDuplicated" | "WebhookFailed";
/** A fact that moves a job's machine. */
export type JobFact = Exclude<Extract<Fact, { job: unknown }>, FactOf<Aside>>;
/** A fact about an attempt, fenced by its grant. */
export type AttemptFact = Extract<Fact, { grant: unknown }>;

const asides: ReadonlySet<string> = new Set<Aside>(["SubmissionDuplicated", "WebhookFailed"]);

export const isJobFact = (fact: Fact): fact is JobFact => "job" in fact && !asides.has(fact.type);
