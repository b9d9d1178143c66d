/** The JSON shapes of the contract, section 4, written down once more: keys may be added to them, none may be missing. */
import { z } from "zod";

const time = z.iso.datetime({ precision: 3 });
const count = z.number().int().min(0);
const waiting = ["scheduled", "queued", "granted", "running", "cancelling", "retrying"] as const;
const terminal = ["completed", "skipped", "failed", "cancelled", "rejected"] as const;
const state = z.enum([...waiting, ...terminal]);

const attempt = z.object({
  number: count,
  worker: z.string(),
  grant: count,
  grantedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  outcome: z.enum(["completed", "skipped", "failed", "timed-out", "cancelled", "lost"]).nullable(),
  exitCode: z.number().int().nullable(),
  error: z.string().nullable(),
  artifacts: z.array(z.unknown()),
});

export const listedJob = z.object({
  id: z.string(),
  type: z.string().nullable(),
  state,
  priority: z.number().int(),
  /** Below zero for one that was moved before the first. */
  position: z.number().int(),
  createdAt: time,
  demand: z.record(z.string(), count),
  labels: z.record(z.string(), z.string()),
  attempt: count,
  maxAttempts: count,
  attempts: z.array(attempt),
  reason: z.string().nullable(),
  retryOf: z.string().nullable(),
  group: z.object({ id: z.string(), order: z.number().int(), sequential: z.boolean() }).nullable(),
});

export const job = listedJob.extend({
  params: z.record(z.string(), z.unknown()),
  result: z.json(),
  history: z.array(
    z.object({
      at: time,
      position: z.string().regex(/^\d+\.\d+$/),
      fact: z.string(),
      from: state.nullable(),
      to: state,
    }),
  ),
});

export const listedGroup = z.object({
  id: z.string(),
  status: z.enum(["running", "completed", "partial", "cancelled"]),
  sequential: z.boolean(),
  total: count,
  ended: count,
  counts: z.partialRecord(state, count),
  turn: z.string().nullable(),
  reason: z.string().nullable(),
});

export const group = listedGroup.extend({ jobs: z.array(listedJob) });

export const schedule = z.object({
  name: z.string(),
  template: z.string(),
  cron: z.string(),
  timezone: z.string(),
  missed: z.enum(["skip", "catch-up-one", "catch-up-all"]),
  enabled: z.boolean(),
  source: z.enum(["configuration", "command"]),
  nextAt: time.nullable(),
  lastAt: time.nullable(),
  lastJob: z.string().nullable(),
  fired: count,
  missedCount: count,
});

export const slots = z.object({
  position: count,
  at: time,
  pools: z.array(
    z.object({
      name: z.string(),
      capacity: count,
      used: count,
      free: count,
      paused: z.boolean(),
      waiting: count,
      holders: z.array(z.object({ job: z.string(), units: count, grant: count, since: time, worker: z.string() })),
    }),
  ),
});

export const explanation = z.object({
  job: z.string(),
  state,
  position: count,
  verdict: z.enum(["startable", "waiting", "paused", "never", "granted", "terminal"]),
  blockedBy: z.array(
    z.object({
      pool: z.string(),
      capacity: count,
      used: count,
      needs: count,
      holders: z.array(z.string()),
      ahead: z.array(z.string()),
    }),
  ),
  text: z.string().min(1),
});

export const commandAnswer = z.object({
  ok: z.literal(true),
  position: z
    .string()
    .regex(/^\d+\.\d+$/)
    .nullable(),
  id: z.string().optional(),
});

export const exportHeader = z.object({ version: z.literal(1), namespace: z.string(), stream: z.string(), last: count });
export const exportedEntry = z.object({
  position: z.number().int().positive(),
  storedAt: time,
  entry: z.object({ v: z.literal(1), facts: z.array(z.object({ type: z.string() })).min(1) }),
});
