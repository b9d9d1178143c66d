/**
 * What workers in processes of their own and the leading scheduler say to each other, as JSON over NATS request and reply. The page
 * for other languages is docs/worker-protocol.md.
 *
 *   <ns>.worker.join | renew | report | leave     a worker asks the leader
 *   <ns>.worker.<worker>.start | abort            the leader asks a worker
 *   <ns>.worker.<worker>.running                  whoever audits asks a worker
 */
import { z } from "zod";
import { processSchema, timeSchema } from "../../events/facts.js";
import { isPlainObject, type Json } from "../../events/json.js";
import { jobIdSchema, NAME_PATTERN, positionSchema, type WorkerId } from "../../events/names.js";

/** A worker's id is a NATS token; whoever joins chooses it, a new one at each start. */
const worker = z
  .string({ error: "must be a worker's id" })
  .regex(NAME_PATTERN, { error: "must be up to 64 letters, digits, _ and -" })
  .transform((text) => text as WorkerId);
/** A renewal names all that runs, by ids of up to 128 letters, and must fit into one message of 1 MiB. */
export const WORKER_CAPACITY_MAX = 5_000;
const capacityError = `must be a whole number from 1 to ${WORKER_CAPACITY_MAX}`;

export const helloSchema = z.strictObject({
  worker,
  types: z.array(z.string().regex(NAME_PATTERN)).min(1, { error: "name at least one job type" }).max(1_000),
  /** How many jobs it executes at once (INV-003). */
  capacity: z
    .number({ error: capacityError })
    .int({ error: capacityError })
    .min(1, { error: capacityError })
    .max(WORKER_CAPACITY_MAX, { error: capacityError })
    .default(1),
  /** Where it runs, so that a scheduler on the same machine can see that it is gone; others leave it out. */
  process: processSchema.optional(),
});
export type Hello = z.output<typeof helloSchema>;

const run = { job: jobIdSchema, grant: positionSchema };

/**
 * What the worker has heard last, given back: a scheduler that was deposed and does not know it yet must not answer for its
 * successor, nor one that writes another ledger at all.
 */
const heard = { epoch: z.number().int().nonnegative().optional(), ledger: z.string().max(300).optional() };
export type Heard = { readonly epoch?: number | undefined; readonly ledger?: string | undefined };

/** Renews the lease of all that it runs; `running` holds every attempt whose end is not on record yet. */
export const renewalSchema = z.strictObject({
  worker,
  running: z.array(z.strictObject(run)).max(WORKER_CAPACITY_MAX),
  ...heard,
});
export type Renewal = z.output<typeof renewalSchema>;

export const farewellSchema = z.strictObject({ worker, reason: z.string().max(500).default("stopped"), ...heard });
export type Farewell = z.output<typeof farewellSchema>;

const MESSAGE_CHARS_MAX = 6_000;
const text = z.string().transform((whole) => whole.slice(0, MESSAGE_CHARS_MAX));
const error = z.strictObject({ code: z.string().max(100), message: text });
const exitCode = z.number().int().nullable().default(null);
const json = z.custom<Json>((value) => value !== undefined);

const endedSchema = z.discriminatedUnion("outcome", [
  z.strictObject({
    outcome: z.literal("completed"),
    result: json.default(null),
    /** In place of `result`, for a result that lies in the object store already. */
    stored: z.strictObject({ bucket: z.string(), digest: z.string(), bytes: z.number().int() }).optional(),
    exitCode,
  }),
  z.strictObject({ outcome: z.literal("skipped"), reason: text }),
  z.strictObject({ outcome: z.literal("cancelled"), reason: text }),
  z.strictObject({
    outcome: z.literal("failed"),
    error,
    retryable: z.boolean().default(true),
    exitCode,
    retryAfterMs: z.number().int().nonnegative().nullable().default(null),
  }),
  z.strictObject({ outcome: z.literal("timed-out"), error }),
  z.strictObject({ outcome: z.literal("lost"), error }),
]);
export type EndedWord = z.output<typeof endedSchema>;

/** A word about an attempt: that it has started, how it has ended, or both: for a short run, or when the first was not heard. */
export const wordSchema = z
  .strictObject({ worker, ...run, started: timeSchema.optional(), ended: endedSchema.optional(), ...heard })
  .refine(({ started, ended }) => started !== undefined || ended !== undefined, {
    error: "say started, ended or both",
  });
export type Word = z.output<typeof wordSchema>;

/** To a worker: do this. It refuses what is of an older reign than it has heard of, and more than its capacity (INV-003). */
export const startOrderSchema = z.object({
  epoch: z.number().int(),
  ...run,
  attempt: z.number().int(),
  type: z.string(),
  params: z.custom<Record<string, Json>>(isPlainObject),
  timeoutMs: z.number().int().nullable(),
  leaseMs: z.number().int(),
});
export type StartOrder = z.output<typeof startOrderSchema>;

export const abortOrderSchema = z.object({ epoch: z.number().int(), ...run, cause: z.enum(["cancel", "lease"]) });
export type AbortOrder = z.output<typeof abortOrderSchema>;

/** A worker's answer to either. */
export const obeyedSchema = z.object({ accepted: z.boolean(), reason: z.string().optional() });
export type Obeyed = z.output<typeof obeyedSchema>;

/** A worker's answer to whoever asks what it runs: every attempt whose end is not on record yet, as in a renewal. */
export const runningSchema = z.object({ worker: z.string(), running: z.array(z.object(run)).max(WORKER_CAPACITY_MAX) });
export type RunningAnswer = z.output<typeof runningSchema>;

/** What the leader answers to report and leave. */
export const okSchema = z.object({ ok: z.literal(true) });

/** What the leader answers to join and renew: how long the lease is, and which runs are to be aborted. */
export const leaseSchema = z.object({
  epoch: z.number().int(),
  /** Which ledger its grants stand in: two of one namespace, one after the other, have nothing in common. */
  ledger: z.string(),
  leaseMs: z.number().int(),
  /** Renew about this often. */
  renewMs: z.number().int(),
  abort: z.array(z.object({ ...run, cause: z.enum(["cancel", "lease"]) })),
});
export type Lease = z.output<typeof leaseSchema>;
