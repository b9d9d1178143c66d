/** Random facts of every type in the catalogue. The compiler sees to it that none is forgotten. */
import fc from "fast-check";
import { type Fact, type FactOf, type FactType, type JobSpec, MISSED_POLICIES } from "../../events/facts.js";
import type { Json, JsonObject } from "../../events/json.js";
import {
  dispatcherId,
  epoch,
  factAddress,
  groupId,
  intakeSequence,
  jobId,
  type PoolName,
  poolName,
  position,
  reservationId,
  workerId,
} from "../../events/names.js";

const text = fc.string({ unit: "grapheme", maxLength: 30 });
const natural = fc.nat({ max: 2 ** 40 });
const units = fc.integer({ min: 1, max: 1_000_000 });
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/);
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const literal = <T extends string>(value: T) => fc.constant(value);
const job = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/).map(jobId);
const grant = natural.map(position);
const worker = fc.string({ minLength: 1, maxLength: 40 }).map(workerId);
const pool = fc
  .oneof(
    literal("global"),
    name.map((one) => `type:${one}`),
    name.map((one) => `resource:${one}`),
  )
  .map(poolName);
const time = fc
  .date({ min: new Date("1970-01-01T00:00:00.000Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true })
  .map((date) => date.toISOString());
const json: fc.Arbitrary<Json> = fc
  .jsonValue({ stringUnit: "grapheme" })
  .map((value): Json => JSON.parse(JSON.stringify(value)));
const jsonObject: fc.Arbitrary<JsonObject> = fc.dictionary(text, json, { noNullPrototype: true });
const point = fc.record({ sequence: natural.map(intakeSequence), index: orNull(fc.nat()) });
const error = fc.record({ code: text, message: text });
const process = fc.record({ host: text, pid: fc.integer(), startedAt: text });
const retryAt = orNull(time);
const exitCode = orNull(fc.integer());

const group = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/).map(groupId);
const reservation = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/).map(reservationId);

const plainSpec: fc.Arbitrary<JobSpec> = fc.record({
  type: name,
  params: jsonObject,
  priority: fc.integer({ min: -1000, max: 1000 }),
  resources: fc.dictionary(name, units, { noNullPrototype: true }),
  maxAttempts: fc.integer({ min: 1, max: 100 }),
  timeoutMs: orNull(units),
  labels: fc.dictionary(name, text, { noNullPrototype: true }),
  template: orNull(name),
});
const membership = fc.record({ id: group, order: fc.integer(), sequential: fc.boolean() });
const spec: fc.Arbitrary<JobSpec> = fc
  .tuple(plainSpec, fc.option(membership, { nil: undefined }))
  .map(([plain, member]) => (member === undefined ? plain : { ...plain, group: member }));

const result = fc.oneof(
  fc.record({ inline: json }),
  fc.record({ stored: fc.record({ bucket: text, digest: text, bytes: fc.nat() }) }),
);
const block = fc.record({
  pool: text,
  capacity: fc.nat(),
  used: fc.nat(),
  needs: fc.nat(),
  holders: fc.array(job),
  ahead: fc.array(job),
  cause: fc.constantFrom("full" as const, "paused" as const, "over-capacity" as const, "no-worker" as const),
});
const limits = fc.record(
  {
    global: units,
    types: fc.dictionary(name, units, { noNullPrototype: true }),
    resources: fc.dictionary(name, units, { noNullPrototype: true }),
    maxOvertakes: fc.nat({ max: 10_000 }),
  },
  { requiredKeys: [] },
);
const demand: fc.Arbitrary<Record<PoolName, number>> = fc
  .array(fc.tuple(pool, units))
  .map((entries) => Object.fromEntries(entries));

export const factArbitraries: { readonly [T in FactType]: fc.Arbitrary<FactOf<T>> } = {
  JobSubmitted: fc.record({
    type: literal("JobSubmitted"),
    job,
    spec,
    position: fc.integer(),
    createdAt: time,
    runAt: orNull(time),
    retryOf: orNull(job),
    intake: orNull(point),
  }),
  JobRejected: fc.record({
    type: literal("JobRejected"),
    job,
    jobType: orNull(text),
    createdAt: time,
    reason: text,
    intake: orNull(point),
  }),
  SubmissionDuplicated: fc.record({ type: literal("SubmissionDuplicated"), job, intake: orNull(point) }),
  JobDue: fc.record({ type: literal("JobDue"), job }),
  JobAmended: fc.record(
    { type: literal("JobAmended"), job, params: jsonObject, priority: fc.integer() },
    { requiredKeys: ["type", "job"] },
  ),
  JobMoved: fc.record({ type: literal("JobMoved"), job, position: fc.integer() }),
  StartDenied: fc.record({ type: literal("StartDenied"), job, blockedBy: fc.array(block) }),
  StartGranted: fc.record(
    {
      type: literal("StartGranted"),
      job,
      attempt: units,
      worker,
      demand,
      leaseMs: units,
      overtook: fc.array(job),
    },
    { requiredKeys: ["type", "job", "attempt", "worker", "demand", "leaseMs"] },
  ),
  RunStarted: fc.record({ type: literal("RunStarted"), job, grant, startedAt: time }),
  RunCompleted: fc.record({ type: literal("RunCompleted"), job, grant, exitCode, result }),
  RunSkipped: fc.record({ type: literal("RunSkipped"), job, grant, reason: text }),
  RunFailed: fc.record({ type: literal("RunFailed"), job, grant, exitCode, error, retryAt }),
  RunTimedOut: fc.record({ type: literal("RunTimedOut"), job, grant, error, retryAt }),
  LeaseExpired: fc.record({ type: literal("LeaseExpired"), job, grant, error, retryAt }),
  CancelRequested: fc.record({ type: literal("CancelRequested"), job, grant, reason: text }),
  JobCancelled: fc.record({ type: literal("JobCancelled"), job, reason: text }),
  WebhookFailed: fc.record({
    type: literal("WebhookFailed"),
    job,
    webhook: name,
    url: text,
    address: fc.tuple(grant, fc.nat()).map(([at, index]) => factAddress(at, index)),
    attempts: units,
    error,
  }),
  DispatcherElected: fc.record({
    type: literal("DispatcherElected"),
    epoch: natural.map(epoch),
    dispatcher: fc.string({ minLength: 1, maxLength: 40 }).map(dispatcherId),
    process,
    version: text,
  }),
  RunCancelled: fc.record({ type: literal("RunCancelled"), job, grant, reason: text }),
  GroupCancelRequested: fc.record({ type: literal("GroupCancelRequested"), group, reason: text }),
  GroupEnded: fc.record({
    type: literal("GroupEnded"),
    group,
    status: fc.constantFrom("completed" as const, "partial" as const, "cancelled" as const),
    members: units,
  }),
  ReservationRequested: fc.record({
    type: literal("ReservationRequested"),
    reservation,
    resources: fc.dictionary(name, units, { noNullPrototype: true }),
    leaseMs: units,
    holder: text,
  }),
  ReservationGranted: fc.record({ type: literal("ReservationGranted"), reservation, demand }),
  ReservationReleased: fc.record({ type: literal("ReservationReleased"), reservation, reason: text }),
  ReservationExpired: fc.record({ type: literal("ReservationExpired"), reservation, reason: text }),
  ScheduleSet: fc.record({
    type: literal("ScheduleSet"),
    schedule: name,
    template: name,
    cron: text,
    timezone: text,
    missed: fc.constantFrom(...MISSED_POLICIES),
    enabled: fc.boolean(),
    source: fc.constantFrom("configuration" as const, "command" as const),
    nextAt: orNull(time),
  }),
  ScheduleRemoved: fc.record({ type: literal("ScheduleRemoved"), schedule: name }),
  ScheduleEnabled: fc.record({ type: literal("ScheduleEnabled"), schedule: name, nextAt: orNull(time) }),
  ScheduleDisabled: fc.record({ type: literal("ScheduleDisabled"), schedule: name }),
  ScheduleFired: fc.record({
    type: literal("ScheduleFired"),
    schedule: name,
    dueAt: time,
    submits: job,
    triggered: fc.boolean(),
    nextAt: orNull(time),
  }),
  ScheduleMissed: fc.record({
    type: literal("ScheduleMissed"),
    schedule: name,
    from: time,
    to: time,
    count: units,
    nextAt: orNull(time),
  }),
  WorkerJoined: fc.record(
    {
      type: literal("WorkerJoined"),
      worker,
      process,
      capacity: units,
      types: orNull(fc.array(name)),
      remote: fc.boolean(),
    },
    { requiredKeys: ["type", "worker", "process", "capacity", "types"] },
  ),
  WorkerLeft: fc.record({ type: literal("WorkerLeft"), worker, reason: text }),
  LimitsChanged: fc.record({
    type: literal("LimitsChanged"),
    limits,
    source: fc.constantFrom("configuration" as const, "command" as const),
  }),
  PoolPaused: fc.record({ type: literal("PoolPaused"), pool }),
  PoolResumed: fc.record({ type: literal("PoolResumed"), pool }),
  IntakeOpened: fc.record({ type: literal("IntakeOpened"), stream: text }),
  IntakeReplaced: fc.record({ type: literal("IntakeReplaced"), stream: text, reason: text }),
  RetentionChanged: fc.record({ type: literal("RetentionChanged"), finishedJobsMax: units }),
  CommandRefused: fc.record({ type: literal("CommandRefused"), verb: text, reason: text, intake: point }),
};

export const anyFact: fc.Arbitrary<Fact> = fc.oneof(...Object.values<fc.Arbitrary<Fact>>(factArbitraries));
export { natural, time };
