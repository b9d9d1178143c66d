/** Checks a value against a schema, and says what is wrong in words for people: by key, not yet by line and column. */
import { z } from "zod";
import { closest } from "./suggestion.js";

/** One thing that is wrong, by its place in the value; `at` says whether the key itself or its value is meant. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly at: "key" | "value";
  readonly message: string;
  readonly suggestion?: string;
  readonly allowed?: readonly string[];
}

type Checked<T> =
  | { readonly value: T; readonly findings?: never }
  | { readonly findings: readonly Finding[]; readonly value?: never };

/** The value as the schema gives it, or everything that is wrong with it. Values are never repeated: one may be a secret. */
export function check<T>(schema: z.ZodType<T>, input: unknown): Checked<T> {
  // Zod reports an unknown key without the known ones; they are noted here, by the object that has the unknown key.
  const knownKeys = new Map<unknown, readonly string[]>();
  const parsed = schema.safeParse(input, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys" && issue.inst instanceof z.ZodObject)
        knownKeys.set(issue.input, Object.keys(issue.inst.shape));
      return explain(issue);
    },
  });
  if (parsed.success) return { value: parsed.data };
  const findings = parsed.error.issues.flatMap((issue) => findingsOf(issue, issue.path, input, knownKeys));
  return { findings: findings.filter((finding) => !isMistyped(finding, findings)) };
}

/** A finding about a name that should have been one of `allowed`; of those, the `likely` ones are suggested. */
export function unknownName(
  path: readonly PropertyKey[],
  at: Finding["at"],
  message: string,
  name: string,
  allowed: readonly string[],
  likely: readonly string[] = allowed,
): Finding {
  const suggestion = closest(name, likely);
  return { path, at, message, allowed, ...(suggestion === undefined ? {} : { suggestion }) };
}

function findingsOf(
  issue: z.core.$ZodIssue,
  path: readonly PropertyKey[],
  input: unknown,
  knownKeys: ReadonlyMap<unknown, readonly string[]>,
): readonly Finding[] {
  const given = valueAt(input, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        const known = knownKeys.get(given) ?? [];
        return unknownName([...path, key], "key", "unknown key", key, known, unused(known, given));
      });
    case "invalid_key":
      return [{ path, at: "key", message: issue.issues[0]?.message ?? issue.message }];
    case "invalid_value": {
      const allowed = issue.values.map(String);
      return [unknownName(path, "value", absent(given) ?? "unknown value", String(given), allowed)];
    }
    case "invalid_union": {
      if (issue.discriminator !== undefined) {
        const allowed = ("options" in issue ? (issue.options ?? []) : []).map(String);
        const message = absent(given) ?? `unknown ${issue.discriminator}`;
        return [unknownName(path, given === undefined ? "key" : "value", message, String(given), allowed)];
      }
      // If only one of the forms was meant (`nats: {…}` and not `nats: embedded`), say what is wrong with that one.
      const meant = issue.errors.filter((errors) => errors.every((one) => one.path.length > 0 || !isOtherForm(one)));
      const [only, ...others] = meant;
      if (only !== undefined && others.length === 0)
        return only.flatMap((one) => findingsOf(one, [...path, ...one.path], input, knownKeys));
      return [{ path, at: "value", message: issue.message }];
    }
    default:
      return [describeOther(path, given, issue.message)];
  }
}

function describeOther(path: readonly PropertyKey[], given: unknown, message: string): Finding {
  if (given !== undefined) return { path, at: "value", message };
  return { path, at: "key", message: message.startsWith(missing) ? message : `${missing}; ${message}` };
}

/** A key is reported as missing only because it is mistyped; that was said already. */
function isMistyped(finding: Finding, all: readonly Finding[]): boolean {
  if (!finding.message.startsWith(missing)) return false;
  const place = pathText(finding.path);
  return all.some(
    ({ path, suggestion }) => suggestion !== undefined && pathText([...path.slice(0, -1), suggestion]) === place,
  );
}

/** What a schema that has no text of its own says. */
function explain(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return explainType(issue.inst instanceof z.ZodNumberFormat ? "int" : issue.expected, issue.input);
    case "too_small":
      return issue.origin === "string"
        ? "may not be empty"
        : issue.origin === "array"
          ? `needs at least ${issue.minimum} in the list`
          : `must be at least ${issue.minimum}`;
    case "too_big":
      return issue.origin === "string" || issue.origin === "array"
        ? `is too long: ${issue.maximum} at most`
        : `must be at most ${issue.maximum}`;
    default:
      return undefined;
  }
}

function explainType(expected: string, input: unknown): string {
  const wanted = wantedWords[expected] ?? expected;
  if (input === undefined) return `${missing}; must be ${wanted}`;
  if (input === null) return `is empty; must be ${wanted}, or leave the key out`;
  const scalar = typeof input === "number" || typeof input === "boolean";
  if (expected === "string" && scalar) return `must be text: write it in quotes`;
  if (typeof input === "number") return `must be ${wanted}`;
  return `must be ${wanted}, not ${kindOf(input)}`;
}

const missing = "is missing";

const wantedWords: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping (key: value)",
  record: "a mapping (key: value)",
  array: "a list",
  tuple: "a list",
};

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a mapping" : typeof value === "string" ? "text" : String(typeof value);
}

function isOtherForm(issue: z.core.$ZodIssue): boolean {
  return issue.code === "invalid_type" || issue.code === "invalid_value";
}

function absent(given: unknown): string | null {
  return given === undefined ? missing : given === null ? "is empty" : null;
}

/** Known keys that are not already there: suggesting those would help nobody. */
function unused(known: readonly string[], given: unknown): readonly string[] {
  return typeof given === "object" && given !== null ? known.filter((key) => !Object.hasOwn(given, key)) : known;
}

/** A path for people, and for comparing. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map(String).join(".");
}

/** What stands at a path; undefined if nothing does. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
