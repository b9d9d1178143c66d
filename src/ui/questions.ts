/** What a request asks, read from its URL: bounded, and refused with the name of what is wrong. */
import { z } from "zod";
import { JOB_STATES } from "../../events/states.js";
import { readAs } from "../../events/submission.js";
import { parseUntil, type Until } from "../client/until.js";
import { FACTS_PER_PAGE_MAX, type Place, parsePlace } from "./fact-pages.js";
import { RequestRefused } from "./refusal.js";

const JOBS_PER_PAGE_MAX = 500;
const PAGE_DEFAULT = 100;
const TEXT_CHARS_MAX = 200;
const NAMED_MAX = 50;

/** Every parameter may stand in a URL several times; these may not. */
const once = <S extends z.ZodType<unknown, string>>(schema: S) =>
  z
    .array(z.string())
    .max(1, { error: "may be given once only" })
    .transform(([value = ""]) => value)
    .pipe(schema);
const text = z.string().min(1).max(TEXT_CHARS_MAX);
const when = z.string().transform((given, context): Until => {
  const until = parseUntil(given);
  if (until !== null) return until;
  context.addIssue({
    code: "custom",
    message: "must be a position such as 812, or a time such as 2026-12-01T08:00:00Z",
  });
  return z.NEVER;
});
const place = z.string().transform((given, context): Place => {
  const read = parsePlace(given);
  if (read !== null) return read;
  context.addIssue({
    code: "custom",
    message: "must be a position such as 812, or the address of a fact such as 812.3",
  });
  return z.NEVER;
});
const count = (from: number, to: number) => z.coerce.number<string>().int().min(from).max(to);
const names = z.array(text).max(NAMED_MAX);

export const nothingAsked = z.strictObject({});
export const momentAsked = z.strictObject({ at: once(when).optional() });
export const jobsAsked = z.strictObject({
  at: once(when).optional(),
  state: z.array(z.enum(JOB_STATES, { error: `must be among ${JOB_STATES.join(", ")}` })).optional(),
  type: once(text).optional(),
  text: once(text).optional(),
  offset: once(count(0, 1_000_000)).default(0),
  limit: once(count(1, JOBS_PER_PAGE_MAX)).default(PAGE_DEFAULT),
});
export const factsAsked = z.strictObject({
  before: once(place).optional(),
  after: once(place).optional(),
  limit: once(count(1, FACTS_PER_PAGE_MAX)).default(PAGE_DEFAULT),
  text: once(text).optional(),
  type: names.optional(),
  job: once(text).optional(),
});
export const historyAsked = z.strictObject({
  from: once(when).optional(),
  to: once(when).optional(),
  pool: names.optional(),
});

/** Throws `RequestRefused` if the parameters are not what the schema says. */
export function readQuestion<S extends z.ZodObject>(schema: S, parameters: URLSearchParams): z.infer<S> {
  const given = Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]));
  const read = readAs(schema, given);
  if (!read.ok) throw new RequestRefused("invalid", read.reason);
  return read.value;
}
