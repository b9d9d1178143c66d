/**
 * signalbox.yaml, key by key: what may stand there, what it means (the descriptions are the editor's hover texts) and
 * what holds when a key is absent. The output has units in its names: `lease: 30s` becomes `leaseMs: 30000`.
 */
import { z } from "zod";
import { CAPACITY_MAX, capacitySchema, DEFAULT_LIMITS, limitsSchema } from "../../events/limits.js";
import { hasMalformedReference, hasReference } from "./environment.js";
import {
  jobTypeSchema,
  labelsSchema,
  maxAttemptsSchema,
  nameSchema,
  paramsSchema,
  prioritySchema,
  waitSchema,
} from "./job-type.js";
import { scheduleSchema } from "./schedule.js";
import { parseServers } from "./server-address.js";
import { webhooksSchema } from "./webhook.js";

const namespaceDefault = "signalbox";
const namespacePattern = /^[a-z][a-z0-9-]{0,31}$/;
/** Beside the configuration file, or in the working folder if there is none. */
const stateFolderDefault = ".signalbox";

export const namespaceSchema = z.string().regex(namespacePattern, {
  error: "must be up to 32 small letters, digits and -, beginning with a letter",
});

const reference = "$" + "{env:NAME}";
/** Texts of the connection. The errors never repeat what was written: it may be a secret. */
const natsText = z
  .string({ error: `must be text, in quotes, or ${reference}` })
  .min(1)
  .refine((text) => !hasMalformedReference(text), { error: `has a malformed reference; write ${reference}` });
const pathText = natsText.refine((text) => !text.includes("\0"), { error: "may not contain a NUL character" });

const tlsSchema = z
  .strictObject({
    ca: pathText.optional().describe("File with the certificates (PEM) that the server is trusted by"),
    cert: pathText.optional().describe("File with the client's certificate (PEM); needs key"),
    key: pathText.optional().describe("File with the client's private key (PEM); needs cert"),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), { error: "needs both cert and key" });

const natsServerSchema = z
  .strictObject({
    url: natsText.describe("Address of the server, for example nats://127.0.0.1:4222; several with commas between"),
    creds: pathText.optional().describe("Credentials file (.creds). Relative to this file; ~/ is the home folder"),
    token: natsText.optional().describe(`Token; ${reference} keeps it out of this file`),
    user: natsText.optional().describe("User name; needs password"),
    password: natsText.optional().describe(`Password; ${reference} keeps it out of this file`),
    nkey: pathText.optional().describe("File with an NKey seed"),
    tls: tlsSchema.optional().describe("TLS; {} trusts what the system trusts"),
    replicas: z
      .union([z.literal(1), z.literal(3), z.literal(5)], { error: "must be 1, 3 or 5" })
      .default(1)
      .describe("Copies of each stream in a cluster, when they are made. Default 1; 3 survives the loss of a node"),
  })
  .superRefine(({ url, creds, token, user, password, nkey }, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    const servers = hasReference(url) ? null : parseServers(url);
    if (servers !== null && "problem" in servers) wrong(["url"], servers.problem);
    if ((user === undefined) !== (password === undefined)) wrong([], "needs both user and password");
    const ways = Object.entries({ creds, token, user, nkey }).filter(([, value]) => value !== undefined);
    if (ways.length > 1) wrong([], `has several ways to log in (${ways.map(([key]) => key).join(", ")}); keep one`);
  });

const capacityHover = `(a positive whole number up to ${CAPACITY_MAX})`;
const limitsKeys = limitsSchema.shape;
/** As in `limitsSchema`, with an error text that says what a name is. */
const capacities = z.record(nameSchema, capacitySchema).optional();
const configuredLimits = limitsSchema.extend({
  global: limitsKeys.global.describe(`How many jobs may run at once, whatever they are ${capacityHover}`),
  types: capacities.describe(`How many jobs of a type may run at once: {story: 1} ${capacityHover}`),
  resources: capacities.describe(`Units of each resource tag in all: {ollama: 1} ${capacityHover}`),
  maxOvertakes: limitsKeys.maxOvertakes.describe(
    "How often a waiting job that needs several pools may be overtaken by later ones. Default 0: never",
  ),
});

const unitsOrZero = z.int().min(0).max(CAPACITY_MAX);
const templateSchema = z
  .strictObject({
    type: nameSchema.describe("The job type that this is a template of"),
    params: paramsSchema.default({}).describe("Parameters, over those of the type; a job may override them"),
    resources: z
      .record(nameSchema, unitsOrZero)
      .default({})
      .describe("Resource tags with units, over those of the type; 0 removes a tag"),
    priority: prioritySchema.optional().describe("Priority, in place of the type's (-1000 to 1000)"),
    maxAttempts: maxAttemptsSchema.optional().describe("Attempts in all, in place of the type's (1 to 100)"),
    timeout: waitSchema(1).optional().describe("Time limit of an attempt, in place of the type's, for example 10m"),
    labels: labelsSchema.default({}).describe("Labels, over those of the type"),
  })
  .transform(({ timeout, priority, maxAttempts, ...rest }) => ({
    ...rest,
    priority: priority ?? null,
    maxAttempts: maxAttempts ?? null,
    timeoutMs: timeout ?? null,
  }));

const checkpointsSchema = z.strictObject({
  facts: z
    .int()
    .min(100)
    .max(10_000_000)
    .default(50_000)
    .describe("A checkpoint after so many facts: so many are folded in about half a second. Default 50000"),
  every: waitSchema(100).default(60_000).describe("How often it is looked at whether there are so many. Default 1m"),
});

export const configurationSchema = z
  .strictObject({
    namespace: namespaceSchema
      .default(namespaceDefault)
      .describe("Prefix of all NATS names; schedulers with different namespaces share nothing. Default signalbox"),
    nats: z
      .union([z.literal("embedded"), natsServerSchema], { error: "must be embedded, or a mapping with at least url" })
      .default("embedded")
      .describe(
        "The NATS server: embedded (an own one, on this machine only) or {url: …}. --nats and NATS_URL override",
      ),
    limits: configuredLimits
      .optional()
      .describe("Capacities. Absent: {global: 1}, one job at a time. Giving limits without global removes that cap"),
    lease: waitSchema(1_000)
      .default(30_000)
      .describe("A worker that is silent for this long has lost its jobs, which are tried again. Default 30s"),
    grace: waitSchema(0)
      .default(10_000)
      .describe("At shutdown, running jobs have this long to end before they are handed back. Default 10s"),
    stateDir: z
      .string()
      .regex(/^[^\0]+$/, { error: "must be the path of a folder" })
      .default(stateFolderDefault)
      .describe("Folder for the embedded server's store and other state, relative to this file. Default .signalbox"),
    history: z
      .strictObject({
        keep: z
          .int()
          .min(1)
          .max(10_000_000)
          .default(100_000)
          .describe("Finished jobs kept in memory for quick answers; older ones are read from the log. Default 100000"),
      })
      .prefault({})
      .describe("What is kept about finished jobs"),
    checkpoints: z
      .union([z.literal(false), checkpointsSchema], { error: "must be false, or a mapping with facts and every" })
      .prefault({})
      .describe("What the ledger was folded to is kept at some positions, so that a restart need not fold all of it"),
    worker: z
      .strictObject({
        capacity: z
          .int()
          .min(1)
          .max(10_000)
          .default(100)
          .describe("Jobs at once in the worker inside the scheduler; high, so that limits decide. Default 100"),
      })
      .prefault({})
      .describe("The worker that runs inside the scheduler"),
    types: z
      .record(nameSchema, jobTypeSchema)
      .default({})
      .describe("Job types by name: which runner, with what options"),
    templates: z.record(nameSchema, templateSchema).default({}).describe("Prepared jobs by name, for submissions"),
    schedules: z.record(nameSchema, scheduleSchema).default({}).describe("Jobs submitted at certain times, by name"),
    webhooks: webhooksSchema.default({}).describe("Endpoints that are told when jobs end, by name"),
  })
  .transform(({ limits, lease, grace, history, worker, checkpoints, ...rest }) => ({
    ...rest,
    /** Null: none are written. Those that are there are used. */
    checkpoints: checkpoints === false ? null : { facts: checkpoints.facts, everyMs: checkpoints.every },
    limits: limits ?? DEFAULT_LIMITS,
    /** False where the file gives no limits; then the ledger's stay in force, if it has any. */
    limitsGiven: limits !== undefined,
    leaseMs: lease,
    graceMs: grace,
    historyKeep: history.keep,
    workerCapacity: worker.capacity,
  }));

/** The configuration as the program uses it: checked, complete, durations in milliseconds. */
export type Configuration = z.output<typeof configurationSchema>;
