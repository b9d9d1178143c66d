/** A submission as publishers write it (contract, section 1): what comes from outside, before anything is decided about it. */
import { z } from "zod";
import { durationSchema } from "./duration.js";
import { isPlainObject, type JsonObject } from "./json.js";
import { DEFAULT_JOB_ID_PATTERN, type GroupId, JOB_ID_PATTERN, type JobId, NAME_PATTERN } from "./names.js";

/** Params larger than this, as JSON in UTF-8, are refused: an entry must stay below the server's 1 MiB. */
export const PARAMS_BYTES_MAX = 512 * 1024;
/** Params nested deeper than this are refused; no honest input is, and programs that walk JSON overflow on it. */
export const PARAMS_DEPTH_MAX = 100;
/** Submissions in one batch message. */
export const BATCH_SUBMISSIONS_MAX = 1_000;
const LABELS_MAX = 64;
const TAGS_MAX = 64;
const UNITS_MAX = 1_000_000;
/** A member's order in its group, above and below zero. */
export const GROUP_ORDER_MAX = 1_000_000_000;

const ID_RULE = "must match [A-Za-z0-9][A-Za-z0-9_-]{0,127}";
const name = z
  .string({ error: "must be a name" })
  .regex(NAME_PATTERN, { error: "must be a name of letters, digits, _ and -" });
const wholeNumber = (from: number, to: number) => {
  const error = `must be a whole number from ${from} to ${to}`;
  return z.number({ error }).int({ error }).min(from, { error }).max(to, { error });
};

/** An id that a publisher chose. Default ids (`j42`, `j42-7`) are given, so that no choice can collide with one. */
export const chosenId = z
  .string({ error: ID_RULE })
  .regex(JOB_ID_PATTERN, { error: ID_RULE })
  .refine((id) => !DEFAULT_JOB_ID_PATTERN.test(id), { error: "looks like a default id (j42, j42-7); choose another" })
  .transform((id) => id as JobId);

const params = z
  .custom<JsonObject>(isPlainObject, { error: "must be a JSON object" })
  .refine((value) => !isDeeperThan(value, PARAMS_DEPTH_MAX), {
    error: `must not be nested deeper than ${PARAMS_DEPTH_MAX}`,
  });

/** 0 units remove a tag that type or template gave (CC-4). */
const resources = z
  .record(name, wholeNumber(0, UNITS_MAX), { error: "must be an object of tag: units" })
  .refine((value) => Object.keys(value).length <= TAGS_MAX, { error: `must not be more than ${TAGS_MAX}` });

const labelRecord = z
  .record(z.string().min(1).max(64), z.string({ error: "must be text" }).max(256), {
    error: "must be an object of text",
  })
  .refine((value) => Object.keys(value).length <= LABELS_MAX, { error: `must not be more than ${LABELS_MAX}` });

/** The schema library leaves out a key called `__proto__` without a word; nothing that was given may get lost like that. */
const labels = z
  .custom<unknown>((value) => !isPlainObject(value) || !Object.hasOwn(value, "__proto__"), {
    error: "__proto__ cannot be a label",
  })
  .pipe(labelRecord);

const timeError = "must be an ISO 8601 time in UTC, such as 2026-12-01T08:00:00.000Z";
/** Longer waits than ten years are typing errors, and times past the year 9999 cannot be written down. */
const DURATION_MS_MAX = 10 * 365 * 86_400_000;
const duration = durationSchema.refine((ms) => ms <= DURATION_MS_MAX, { error: "must not be longer than 3650d" });

const groupIdRule = "must match [A-Za-z0-9][A-Za-z0-9_-]{0,127}";
/** Members run side by side, or one after the other by `order` if the group is sequential. */
const membership = z.strictObject(
  {
    id: z
      .string({ error: groupIdRule })
      .regex(JOB_ID_PATTERN, { error: groupIdRule })
      .transform((text) => text as GroupId),
    order: wholeNumber(-GROUP_ORDER_MAX, GROUP_ORDER_MAX).optional(),
    sequential: z.boolean({ error: "must be true or false" }).optional(),
  },
  { error: "must be an object such as {id: book-9, order: 7, sequential: true}" },
);

/** The keys, all optional. A key that is not known is an error: a misspelt `priority` must not be silently ignored. */
export const submissionSchema = z.strictObject({
  id: chosenId.optional(),
  type: name.optional(),
  params: params.optional(),
  priority: wholeNumber(-1000, 1000).optional(),
  resources: resources.optional(),
  template: name.optional(),
  runAt: z.iso.datetime({ error: timeError }).optional(),
  delay: duration.optional(),
  timeout: duration.refine((ms) => ms > 0, { error: "must be longer than 0" }).optional(),
  maxAttempts: wholeNumber(1, 100).optional(),
  labels: labels.optional(),
  group: membership.optional(),
});
export type Submission = z.infer<typeof submissionSchema>;

export const amendmentSchema = z.strictObject({
  params: params.optional(),
  priority: wholeNumber(-1000, 1000).optional(),
});

export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Checks a value against a schema; a refusal names the first few offending keys, what is wrong and what is allowed. */
export function readAs<S extends z.ZodObject>(schema: S, value: unknown): Reading<z.infer<S>> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const told = parsed.error.issues
    .slice(0, ISSUES_TOLD_MAX)
    .map((issue) => describe(issue, value, Object.keys(schema.shape)));
  const more = parsed.error.issues.length - told.length;
  return { ok: false, reason: told.join("; ") + (more > 0 ? `; and ${more} more` : "") };
}

/** A reason stands in the ledger for good, and whoever provoked it chose the words that it quotes. */
const REASON_CHARS_MAX = 1_000;
export const boundedReason = (reason: string): string =>
  reason.length > REASON_CHARS_MAX ? `${reason.slice(0, REASON_CHARS_MAX)}…` : reason;

const ISSUES_TOLD_MAX = 3;
const VALUE_SHOWN_CHARS_MAX = 40;

function describe(issue: z.core.$ZodIssue, whole: unknown, allowed: readonly string[]): string {
  if (issue.code === "unrecognized_keys") {
    return `${issue.keys.map((key) => JSON.stringify(shorten(key))).join(", ")}: unknown; allowed are ${allowed.join(", ")}`;
  }
  const path = issue.path.map((key) => shorten(String(key))).join(".");
  const value = issue.path.reduce<unknown>(
    (inner, key) => (isPlainObject(inner) ? inner[String(key)] : undefined),
    whole,
  );
  const shown = typeof value === "object" || value === undefined ? "" : `, got ${shorten(JSON.stringify(value))}`;
  return `${path === "" ? "submission" : path}: ${issue.message}${shown}`;
}

const shorten = (text: string): string =>
  text.length > VALUE_SHOWN_CHARS_MAX ? `${text.slice(0, VALUE_SHOWN_CHARS_MAX)}…` : text;

/** Walks no deeper than `depth`, so it cannot itself overflow. */
function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((member) => isDeeperThan(member, depth - 1));
}

/** Bytes of a text in UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    // Each half of a surrogate pair counts as two of the pair's four bytes.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
