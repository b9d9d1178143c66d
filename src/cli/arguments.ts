/** Readers of option values. What is wrong with one is said by commander, together with the option's name. */
import { InvalidArgumentError } from "commander";
import { DURATION_FORMS, parseDuration } from "../../events/duration.js";

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
