/** `types.<name>` of signalbox.yaml: which runner executes a type of job, with what options, and the type's defaults. */
import { z } from "zod";
import { durationSchema, formatDuration } from "../../events/duration.js";
import { isPlainObject, type Json, type JsonObject } from "../../events/json.js";
import { CAPACITY_MAX } from "../../events/limits.js";
import { NAME_PATTERN } from "../../events/names.js";
import { commandOptions, httpOptions, natsOptions, ollamaOptions } from "../runners/options.js";

/** Node.js cannot wait longer with one timer (2^31 - 1 ms, 24.8 days): above it, a timer fires at once. */
const waitMsMax = 24 * 86_400_000;

/** A duration that the program will wait for, from `minMs` to 24 days. */
export function waitSchema(minMs: number) {
  return durationSchema.refine((ms) => ms >= minMs && ms <= waitMsMax, {
    error: `must be from ${formatDuration(minMs)} to ${formatDuration(waitMsMax)}`,
  });
}

/** Names of types, tags, templates and schedules. */
export const nameSchema = z.string().regex(NAME_PATTERN, {
  error: "is not a valid name: up to 64 letters, digits, - and _, beginning with a letter or digit",
});

const unitsText = `must be a positive whole number up to ${CAPACITY_MAX}`;
const unitsSchema = z
  .number({ error: unitsText })
  .int({ error: unitsText })
  .min(1, { error: unitsText })
  .max(CAPACITY_MAX, { error: unitsText });

/** Deeper params are a mistake, and the call stack is not endless. */
const paramsDepthMax = 64;

export const paramsSchema = z
  .custom<JsonObject>((value) => isPlainObject(value) && isJson(value), {
    error: `must be a mapping of JSON values (no .inf or .nan), at most ${paramsDepthMax} levels deep`,
  })
  .meta({ type: "object" });
export const labelsSchema = z.record(z.string().min(1), z.string());
export const prioritySchema = z.int().min(-1000).max(1000);
export const maxAttemptsSchema = z.int().min(1).max(100);

const backoffBaseMs = 10_000;
const backoffCapMs = 600_000;

const backoffSchema = z
  .strictObject({
    base: waitSchema(0).default(backoffBaseMs).describe("Wait before the second attempt. Default 10s"),
    cap: waitSchema(0).optional().describe("The longest wait between two attempts. Default 10m"),
    factor: z.number().min(1).max(10).default(2).describe("Each wait is this many times the one before. Default 2"),
    jitter: z
      .boolean()
      .default(false)
      .describe("Vary each wait at random, so that jobs that failed together do not come back together. Default false"),
  })
  .refine(({ base, cap }) => cap === undefined || cap >= base, { path: ["cap"], error: "must not be below base" })
  .transform(({ base, cap, factor, jitter }) => ({
    baseMs: base,
    capMs: cap ?? Math.max(base, backoffCapMs),
    factor,
    jitter,
  }));

/** The keys that every type has, whatever its runner. */
const common = {
  resources: z
    .record(nameSchema, unitsSchema)
    .default({})
    .describe("Resource tags that a job of this type holds while it runs, with units, for example {ollama: 1}"),
  timeout: waitSchema(1).optional().describe("An attempt that takes longer is aborted, for example 10m. Default: none"),
  maxAttempts: maxAttemptsSchema.default(3).describe("How often a job is tried in all before it has failed. Default 3"),
  backoff: backoffSchema.prefault({}).describe("How long to wait between attempts. Default: 10s, 20s, 40s … up to 10m"),
  params: paramsSchema
    .default({})
    .describe("Parameters that a job has unless its template or the job itself gives them"),
  labels: labelsSchema.default({}).describe("Labels (text) for finding jobs of this type, for example {book: '9'}"),
  priority: prioritySchema.default(0).describe("Higher goes first among waiting jobs, from -1000 to 1000. Default 0"),
};

const kind = <const K extends string>(name: K, meaning: string) => z.literal(name).describe(meaning);

export const jobTypeSchema = z.discriminatedUnion("runner", [
  z
    .strictObject({ runner: kind("ollama", "Runner: a local LLM through Ollama"), ...common, ...ollamaOptions.shape })
    .transform(({ runner, ...rest }) => ({ runner, ...apart(rest) })),
  z
    .strictObject({ runner: kind("command", "Runner: a program here"), ...common, ...commandOptions.shape })
    .transform(({ runner, ...rest }) => ({ runner, ...apart(rest) })),
  z
    .strictObject({ runner: kind("http", "Runner: an HTTP request"), ...common, ...httpOptions.shape })
    .transform(({ runner, ...rest }) => ({ runner, ...apart(rest) })),
  z
    .strictObject({ runner: kind("nats", "Runner: remote workers through NATS"), ...common, ...natsOptions.shape })
    .transform(({ runner, ...rest }) => ({ runner, ...apart(rest) })),
]);

export type Backoff = z.output<typeof backoffSchema>;

type Common = z.output<z.ZodObject<typeof common>>;

/** Puts the runner's own options apart from what every type has. */
function apart<T extends Common>(all: T) {
  const { resources, timeout, maxAttempts, backoff, params, labels, priority, ...options } = all;
  return { options, resources, timeoutMs: timeout ?? null, maxAttempts, backoff, params, labels, priority };
}

/** YAML also has numbers that JSON lacks; they would silently become null on the way to a runner. */
function isJson(value: unknown, depth = 0): value is Json {
  if (depth > paramsDepthMax) return false;
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  return isPlainObject(value) && Object.values(value).every((item) => isJson(item, depth + 1));
}
