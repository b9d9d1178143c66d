/**
 * Admission: what becomes of one submission. Pure: the same submission, configuration and projection give the same fact.
 * Whatever does not fit is refused with a reason that names the key, what is allowed and where it was given (CC-6).
 */
import type { Fact, FactOf, IntakePoint, JobSpec, Membership } from "../events/facts.js";
import { isPlainObject, type JsonObject } from "../events/json.js";
import { DEFAULT_JOB_ID_PATTERN, defaultJobId, JOB_ID_PATTERN, type JobId } from "../events/names.js";
import {
  boundedReason,
  PARAMS_BYTES_MAX,
  readAs,
  type Submission,
  submissionSchema,
  utf8Bytes,
} from "../events/submission.js";
import type { Fold } from "./fold.js";
import { compareText } from "./jobs.js";
import type { Slots } from "./slots.js";

/** What a type or a template gives to its jobs. Times in milliseconds. */
export interface JobDefaults {
  readonly params?: JsonObject | undefined;
  readonly priority?: number | undefined;
  /** Tag → units; 0 removes an inherited tag. */
  readonly resources?: Readonly<Record<string, number>> | undefined;
  readonly maxAttempts?: number | undefined;
  readonly timeoutMs?: number | null | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}
export interface Template extends JobDefaults {
  readonly type: string;
}

/** The job types and templates that are configured. */
export interface Catalogue {
  readonly types: ReadonlyMap<string, JobDefaults>;
  readonly templates: ReadonlyMap<string, Template>;
}

/** A submission as it came out of the intake, still unread. */
export interface Arrival {
  readonly point: IntakePoint;
  /** The type that the subject names; null for an item of a batch, which names its own. */
  readonly subjectType: string | null;
  /** What was read from the message, or why nothing could be. */
  readonly content: { readonly value: unknown } | { readonly unreadable: string };
  /** The length of the whole message. */
  readonly bytes: number;
  /** When the message was stored, ISO 8601. */
  readonly storedAt: string;
}

/** DEC-007: three attempts in all. */
export const MAX_ATTEMPTS_DEFAULT = 3;
const ASKED_TYPE_CHARS_MAX = 64;

/** Decides one submission: JobSubmitted, JobRejected or SubmissionDuplicated. `now` is the turn's time. */
export function admit(arrival: Arrival, catalogue: Catalogue, fold: Fold, now: string): Fact {
  const { point, storedAt: createdAt } = arrival;
  const givenId = defaultJobId(point.sequence, point.index);
  const value = "value" in arrival.content ? arrival.content.value : undefined;
  const ownId = isPlainObject(value) ? asChosenId(value["id"]) : null;
  const job = ownId ?? givenId;
  if (fold.jobs.has(job)) return { type: "SubmissionDuplicated", job, intake: point };

  const refuse = (reason: string): Fact => {
    const asked =
      arrival.subjectType ?? (isPlainObject(value) && typeof value["type"] === "string" ? value["type"] : null);
    return { ...rejected(job, asked, createdAt, reason), intake: point };
  };
  if ("unreadable" in arrival.content) return refuse(arrival.content.unreadable);
  const read = readAs(submissionSchema, value);
  if (!read.ok) return refuse(read.reason);
  const { subjectType, bytes } = arrival;
  const request = { job, submission: read.value, subjectType, bytes, createdAt };
  const submitted = decideSubmission(request, catalogue, fold, now);
  return "refused" in submitted ? refuse(submitted.refused) : { ...submitted, intake: point };
}

/** A submission that was read, whoever makes it: a publisher or a schedule. */
export interface SubmissionRequest {
  readonly job: JobId;
  readonly submission: Submission;
  readonly subjectType: string | null;
  /** The length of the message that it was read from; 0: not from outside. */
  readonly bytes: number;
  readonly createdAt: string;
}

export function decideSubmission(
  request: SubmissionRequest,
  catalogue: Catalogue,
  fold: Fold,
  now: string,
): FactOf<"JobSubmitted"> | { readonly refused: string } {
  const { job, submission, createdAt } = request;
  const resolved = resolveSpec(request, catalogue, fold.slots);
  if ("refused" in resolved) return resolved;
  const membership = resolveMembership(submission, fold);
  if ("refused" in membership) return membership;
  const { group } = membership;
  const asked = startTime(submission, createdAt);
  const runAt = asked !== null && asked > now ? asked : null;
  return {
    type: "JobSubmitted",
    job,
    spec: group === null ? resolved.spec : { ...resolved.spec, group },
    position: fold.nextPlace,
    createdAt,
    // In a sequential group one waits for one's turn, as others wait for their time.
    runAt: runAt ?? (group?.sequential === true ? now : null),
    retryOf: null,
    intake: null,
  };
}

export function rejected(job: JobId, asked: string | null, createdAt: string, reason: string): FactOf<"JobRejected"> {
  const jobType = asked?.slice(0, ASKED_TYPE_CHARS_MAX) ?? null;
  return { type: "JobRejected", job, jobType, createdAt, reason: boundedReason(reason), intake: null };
}

/** The first member says whether a group is sequential; the others may leave it out, and may not contradict. */
function resolveMembership(
  { group }: Submission,
  fold: Fold,
): { readonly group: Membership | null } | { readonly refused: string } {
  if (group === undefined) return { group: null };
  const { id, order = 0 } = group;
  const known = fold.groups.all.get(id);
  const sequential = group.sequential ?? known?.sequential ?? false;
  if (known !== undefined && known.sequential !== sequential)
    return {
      refused: `group.sequential: group ${id} is ${known.sequential ? "" : "not "}sequential; its members must agree`,
    };
  return { group: { id, order, sequential } };
}

function asChosenId(id: unknown): JobId | null {
  return typeof id === "string" && JOB_ID_PATTERN.test(id) && !DEFAULT_JOB_ID_PATTERN.test(id) ? (id as JobId) : null;
}

type Resolved = { readonly spec: JobSpec } | { readonly refused: string };

/** Type, then template, then job, the later overriding the earlier (CC-4). */
function resolveSpec(request: SubmissionRequest, catalogue: Catalogue, slots: Slots): Resolved {
  const { submission, subjectType, bytes: messageBytes } = request;
  const refused = (reason: string): Resolved => ({ refused: reason });
  if (submission.runAt !== undefined && submission.delay !== undefined)
    return refused("runAt and delay: give one of them, not both");
  const template = submission.template === undefined ? undefined : catalogue.templates.get(submission.template);
  if (submission.template !== undefined && template === undefined) {
    return refused(`template: "${submission.template}" is unknown; ${listed("templates", catalogue.templates.keys())}`);
  }
  const named = [subjectType, submission.type, template?.type].filter(
    (type): type is string => typeof type === "string",
  );
  const type = named[0];
  if (type === undefined) return refused("type: is missing; name a job type or a template");
  const other = named.find((name) => name !== type);
  if (other !== undefined) return refused(`type: "${type}" and "${other}" are both named; they must agree`);
  const defaults = catalogue.types.get(type);
  if (defaults === undefined) return refused(`type: "${type}" is unknown; ${listed("types", catalogue.types.keys())}`);

  const own: JobDefaults = { ...submission, timeoutMs: submission.timeout };
  const layers: readonly Layer[] = [
    { given: `by type ${type}`, values: defaults },
    { given: `by template ${submission.template}`, values: template ?? {} },
    { given: "by the job", values: own },
  ];
  const tags = inheritTags(layers);
  const resources = Object.fromEntries([...tags].map(([tag, { units }]) => [tag, units]));
  const misfit = findMisfit(tags, slots);
  if (misfit !== null) return refused(misfit);
  const params: JsonObject = merged(layers.map(({ values }) => values.params));
  // JSON written anew is at most six times as long as it was read: most submissions need no counting.
  const isSmall = params === own.params && messageBytes * 6 <= PARAMS_BYTES_MAX;
  const bytes = isSmall ? 0 : utf8Bytes(JSON.stringify(params));
  if (bytes > PARAMS_BYTES_MAX)
    return refused(`params: ${bytes} bytes of JSON are too many; at most ${PARAMS_BYTES_MAX} are taken`);
  return {
    spec: {
      type,
      params,
      priority: own.priority ?? template?.priority ?? defaults.priority ?? 0,
      resources,
      maxAttempts: own.maxAttempts ?? template?.maxAttempts ?? defaults.maxAttempts ?? MAX_ATTEMPTS_DEFAULT,
      timeoutMs: own.timeoutMs ?? template?.timeoutMs ?? defaults.timeoutMs ?? null,
      labels: merged(layers.map(({ values }) => values.labels)),
      template: submission.template ?? null,
    },
  };
}

/** The later overriding the earlier, key by key; a key called `__proto__` is one like any other. */
function merged<V>(objects: readonly (Readonly<Record<string, V>> | undefined)[]): Readonly<Record<string, V>> {
  const given = objects.filter((object) => object !== undefined && Object.keys(object).length > 0);
  if (given.length <= 1) return given[0] ?? {};
  return Object.fromEntries(objects.flatMap((object) => Object.entries(object ?? {})));
}

interface Layer {
  /** Who gave the values, as a refusal says it. */
  readonly given: string;
  readonly values: JobDefaults;
}

interface Tag {
  readonly units: number;
  readonly given: string;
}

function inheritTags(layers: readonly Layer[]): ReadonlyMap<string, Tag> {
  const tags = new Map<string, Tag>();
  for (const { given, values } of layers) {
    if (values.resources === undefined) continue;
    for (const [tag, units] of Object.entries(values.resources)) tags.set(tag, { units, given });
  }
  if (tags.size === 0) return tags;
  // In order of name, so that equal demands are equal however they were written.
  return new Map([...tags].filter(([, { units }]) => units > 0).sort(([a], [b]) => compareText(a, b)));
}

/** What is wrong with a demand that comes from one place, such as a reservation's; null if it can be met one day (CC-6). */
export function findMisfitOf(resources: Readonly<Record<string, number>>, given: string, slots: Slots): string | null {
  return findMisfit(new Map(Object.entries(resources).map(([tag, units]) => [tag, { units, given }])), slots);
}

/** A demand that no pool can ever meet is refused at the door, not left to wait for ever. */
function findMisfit(tags: ReadonlyMap<string, Tag>, slots: Slots): string | null {
  const capacities = slots.limits.resources ?? {};
  const pools = Object.keys(capacities);
  if (pools.length === 0) return null;
  for (const [tag, { units, given }] of tags) {
    const capacity = Object.hasOwn(capacities, tag) ? capacities[tag] : undefined;
    if (capacity === undefined)
      return `resources.${tag}: there is no such pool (given ${given}); ${listed("pools", pools)}`;
    if (units > capacity) {
      return `resources.${tag}: demands ${units} (given ${given}), the pool's capacity is ${capacity}; allowed are 0 to ${capacity}`;
    }
  }
  return null;
}

function startTime(submission: Submission, storedAt: string): string | null {
  if (submission.runAt !== undefined) return new Date(submission.runAt).toISOString();
  if (submission.delay === undefined) return null;
  return new Date(Date.parse(storedAt) + submission.delay).toISOString();
}

const NAMES_LISTED_MAX = 20;

/** `configured types: a, b and 3 more`. */
export function listed(what: string, names: Iterable<string>): string {
  const all = [...names].sort(compareText);
  if (all.length === 0) return `no ${what} are configured`;
  const rest = all.length - NAMES_LISTED_MAX;
  return `configured ${what}: ${all.slice(0, NAMES_LISTED_MAX).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
