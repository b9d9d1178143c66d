/** Questions about the projection, by name: arguments in, JSON out. The same for the service and for whoever folds by itself. */
import { z } from "zod";
import type { JobId, PoolName } from "../../events/names.js";
import { JOB_STATES } from "../../events/states.js";
import { readAs } from "../../events/submission.js";
import { explain } from "../../projections/explain/explain.js";
import { explainPool } from "../../projections/explain/explain-pool.js";
import type { Fold } from "../../projections/fold.js";
import { withForecasts } from "../../projections/forecast/forecast.js";
import { poolNamed } from "../../projections/pool-name.js";
import type { JobSort } from "../../projections/views/sort-jobs.js";
import {
  groupsView,
  groupView,
  healthView,
  jobsView,
  limitsView,
  queueView,
  reservationsView,
  schedulesView,
  slotsView,
  workersView,
} from "../../projections/views/views.js";
import { entriesOf, indexedJob, readFacts, readJob } from "../log/job-facts.js";
import type { Log } from "../log/log.js";
import { VERSION } from "../version.js";
import { JOB_SORT_FIELDS, parseJobSort } from "./job-sort.js";
import { PAGE_JOBS_MAX } from "./page.js";

/** The names of `<ns>.query.<projection>`. */
export const QUERIES = [
  "slots",
  "jobs",
  "job",
  "queue",
  "limits",
  "explain",
  "explain-pool",
  "workers",
  "health",
  "group",
  "groups",
  "schedules",
  "reservations",
] as const;
export type QueryName = (typeof QUERIES)[number];

/** An answer must fit into one message of 1 MiB. */
const ANSWER_CHARS_MAX = 300_000;

export interface Question {
  readonly name: QueryName;
  readonly args: unknown;
  readonly ledger: Log;
  /** The time at which it is asked, ISO 8601, for forecasts; null: the time of the last entry. */
  readonly now: string | null;
  /** What whoever answers knows of itself. */
  readonly status: {
    readonly role: "leader" | "standby" | "reader";
    readonly state: string;
    readonly dispatcher: string;
  };
  /** Asks the projection when it is not ahead of what is stored. */
  readonly query: <T>(question: (fold: Fold) => T) => Promise<T>;
}

export type QueryAnswer =
  | { readonly value: unknown }
  | { readonly refused: "not-found" | "invalid"; readonly reason: string };

const page = { limit: z.number().int().min(1).optional(), offset: z.number().int().min(0).optional() };
const nothing = z.strictObject({});
const oneJob = z.strictObject({ id: z.string({ error: "must be a job's id" }) });
const onePool = z.strictObject({ pool: z.string({ error: "must be a pool's name, such as resource:ollama" }) });
const someJobs = z.strictObject({
  states: z.array(z.enum(JOB_STATES, { error: `must be among ${JOB_STATES.join(", ")}` })).optional(),
  type: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  /** Created at this time or later. */
  since: z.iso
    .datetime({ offset: true, error: "must be a time such as 2026-12-01T08:00:00Z" })
    .transform((time) => new Date(time).toISOString())
    .optional(),
  pool: z.string().optional(),
  group: z.string().optional(),
  sort: z.string().transform(readSort).optional(),
  ...page,
});
const oneGroup = z.strictObject({ id: z.string({ error: "must be a group's id" }), ...page });
const someGroups = z.strictObject(page);
const someQueue = z.strictObject({ pool: z.string().optional(), forecast: z.boolean().optional(), ...page });

export async function answerQuery({ name, args, ledger, now, status, query }: Question): Promise<QueryAnswer> {
  switch (name) {
    case "slots":
      return await withArguments(nothing, args, () => query(slotsView));
    case "limits":
      return await withArguments(nothing, args, () => query(limitsView));
    case "workers":
      return await withArguments(nothing, args, () => query(workersView));
    case "health":
      return await withArguments(nothing, args, () =>
        query((fold) => healthView(fold, { ...status, version: VERSION })),
      );
    case "jobs":
      return await jobsAnswer(args, query);
    case "queue":
      return await queueAnswer(args, { now, query });
    case "schedules":
      return await withArguments(nothing, args, () => query(schedulesView));
    case "reservations":
      return await withArguments(nothing, args, () => query((fold) => fitting(reservationsView(fold))));
    case "groups":
      return await withArguments(someGroups, args, ({ limit = PAGE_JOBS_MAX, offset = 0 }) =>
        query((fold) => fitting(groupsView(fold).slice(offset, offset + limit))),
      );
    case "group":
      return await groupAnswer(args, query);
    case "job":
      return await jobAnswer(args, ledger, query);
    case "explain":
      return await explainAnswer(args, { ledger, now, query });
    case "explain-pool":
      return await explainPoolAnswer(args, query);
    default:
      return name satisfies never;
  }
}

async function withArguments<S extends z.ZodObject>(
  schema: S,
  args: unknown,
  ask: (args: z.infer<S>) => Promise<unknown>,
): Promise<QueryAnswer> {
  const read = readAs(schema, args);
  return read.ok ? { value: await ask(read.value) } : { refused: "invalid", reason: read.reason };
}

/** Sorted, if that is asked for, before a page is cut out: a page is one of all the jobs. */
async function jobsAnswer(args: unknown, query: Question["query"]): Promise<QueryAnswer> {
  const read = readAs(someJobs, args);
  if (!read.ok) return { refused: "invalid", reason: read.reason };
  const { limit = PAGE_JOBS_MAX, offset = 0, pool, ...filter } = read.value;
  return await query((fold) =>
    inPool(fold, pool, (name) =>
      jobsView(fold, { ...filter, pool: name, limit: offset + Math.min(limit, PAGE_JOBS_MAX) }).slice(offset),
    ),
  );
}

async function queueAnswer(args: unknown, { now, query }: Pick<Question, "now" | "query">): Promise<QueryAnswer> {
  const read = readAs(someQueue, args);
  if (!read.ok) return { refused: "invalid", reason: read.reason };
  const { limit = PAGE_JOBS_MAX, offset = 0, pool, forecast = false } = read.value;
  return await query((fold) =>
    inPool(fold, pool, (name) => {
      const items = queueView(fold, { pool: name, limit: offset + Math.min(limit, PAGE_JOBS_MAX) }).slice(offset);
      return forecast ? withForecasts(fold, items, now) : items;
    }),
  );
}

/** A list of what has to do with a pool, by the name that was given for it, or with any. */
function inPool(
  fold: Fold,
  asked: string | undefined,
  list: (pool: PoolName | undefined) => readonly unknown[],
): QueryAnswer {
  if (asked === undefined) return { value: fitting(list(undefined)) };
  const found = poolNamed(fold, asked);
  return "refused" in found ? found : { value: fitting(list(found.name)) };
}

function readSort(text: string, context: z.RefinementCtx): JobSort {
  const sort = parseJobSort(text);
  if (sort !== null) return sort;
  context.addIssue(`must be ${JOB_SORT_FIELDS.join(", ")}, each with :desc if the other way round`);
  return z.NEVER;
}

/** One job, with what only the ledger keeps of it: up to the position at which the index was asked. */
async function jobAnswer(args: unknown, ledger: Log, query: Question["query"]): Promise<QueryAnswer> {
  const read = readAs(oneJob, args);
  if (!read.ok) return { refused: "invalid", reason: read.reason };
  const found = await query((fold) => {
    const row = fold.jobs.get(read.value.id as JobId);
    return row === undefined ? null : indexedJob(row, fold);
  });
  return found === null ? unknown(read.value.id) : { value: await readJob(found, entriesOf(ledger)) };
}

async function groupAnswer(args: unknown, query: Question["query"]): Promise<QueryAnswer> {
  const read = readAs(oneGroup, args);
  if (!read.ok) return { refused: "invalid", reason: read.reason };
  const { id, limit = PAGE_JOBS_MAX, offset = 0 } = read.value;
  const found = await query((fold) => {
    const group = groupView(fold, id, { limit: Math.min(limit, PAGE_JOBS_MAX), offset });
    return group === null ? null : { ...group, jobs: fitting(group.jobs) };
  });
  return found === null ? { refused: "not-found", reason: `there is no group ${id}` } : { value: found };
}

/** Why a job waits, or why it was granted when it was: the projection's answer, with the job's own facts to tell it from. */
async function explainAnswer(
  args: unknown,
  { ledger, now, query }: Pick<Question, "ledger" | "now" | "query">,
): Promise<QueryAnswer> {
  const read = readAs(oneJob, args);
  if (!read.ok) return { refused: "invalid", reason: read.reason };
  const id = read.value.id as JobId;
  const addresses = await query((fold) => [...(fold.jobs.get(id)?.addresses ?? [])]);
  const facts = await readFacts(addresses, entriesOf(ledger));
  const explained = await query((fold) => explain(fold, id, { facts, now }));
  return explained === null ? unknown(id) : { value: explained };
}

async function explainPoolAnswer(args: unknown, query: Question["query"]): Promise<QueryAnswer> {
  const read = readAs(onePool, args);
  if (!read.ok) return { refused: "invalid", reason: read.reason };
  const { pool } = read.value;
  return await query((fold): QueryAnswer => {
    const found = poolNamed(fold, pool);
    return "refused" in found ? found : { value: explainPool(fold, found.name) };
  });
}

/** As many of the items as fit into one answer; whoever wants more asks with `offset`. */
function fitting<T>(items: readonly T[]): readonly T[] {
  let chars = 0;
  const end = items.findIndex((item) => {
    chars += JSON.stringify(item).length + 1;
    return chars > ANSWER_CHARS_MAX;
  });
  return end === -1 ? items : items.slice(0, Math.max(1, end));
}

const unknown = (id: string): QueryAnswer => ({
  refused: "not-found",
  reason: `there is no job ${id}; finished ones leave the index after a while and stay in the ledger`,
});
