/** Readers of option values. What is wrong with one is said by commander, together with the option's name. */
import { InvalidArgumentError } from "commander";
import { DURATION_FORMS, parseDuration } from "../../events/duration.js";
import { JOB_ID_PATTERN, NAME_PATTERN } from "../../events/names.js";
import { chosenId } from "../../events/submission.js";

export function wholeNumber(from: number, to: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const number = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= from && number <= to) return number;
    const range = to === Number.MAX_SAFE_INTEGER ? `from ${from} on` : `from ${from} to ${to}`;
    throw new InvalidArgumentError(`Give a whole number ${range}.`);
  };
}

/** A duration such as `30s`, in milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError(`Write a duration as ${DURATION_FORMS}.`);
  return ms;
}

/** The id of a job or a group that is there. */
export function anyId(text: string): string {
  if (JOB_ID_PATTERN.test(text)) return text;
  throw new InvalidArgumentError("An id is up to 128 letters, digits, - and _, beginning with a letter or digit.");
}

export function scheduleName(text: string): string {
  if (NAME_PATTERN.test(text)) return text;
  throw new InvalidArgumentError("A name is up to 64 letters, digits, - and _, beginning with a letter or digit.");
}

/** An id for something new. */
export function newId(text: string): string {
  const read = chosenId.safeParse(text);
  if (read.success) return read.data;
  throw new InvalidArgumentError(`The id ${read.error.issues[0]?.message ?? "cannot be chosen"}.`);
}

/** Collects `key=value` of an option that may be repeated. */
export function keyValue(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Give it as key=value.");
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** Collects `tag=units` of an option that may be repeated; a tag alone is one unit. */
export function tagUnits(text: string, before: Readonly<Record<string, number>> = {}): Record<string, number> {
  const [tag = "", units = "1", ...more] = text.split("=");
  if (tag === "" || more.length > 0 || !/^\d{1,9}$/.test(units))
    throw new InvalidArgumentError("Give it as tag=units, such as ollama=1.");
  return { ...before, [tag]: Number(units) };
}

/** Collects the values of an option that may be repeated, or given with commas. */
export function oneOf<T extends string>(allowed: readonly T[]): (text: string, before?: readonly T[]) => readonly T[] {
  return (text, before = []) => {
    const given = text.split(",").map((part) => {
      const found = allowed.find((value) => value === part.trim());
      if (found === undefined) throw new InvalidArgumentError(`Allowed are ${allowed.join(", ")}.`);
      return found;
    });
    return [...before, ...given];
  };
}
