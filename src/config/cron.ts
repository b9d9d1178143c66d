/** Checks a cron expression when the configuration is read, so that a mistake shows at start and not at night. */
import { cronRefusal } from "../cron.js";

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const fields: readonly Field[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of the month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12, names: months },
  { name: "weekday", min: 0, max: 7, names: weekdays },
];

/** What is wrong with a cron expression of five fields; null if it is sound. */
export function cronProblem(expression: string): string | null {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== fields.length || expression.trim() === "")
    return `must have five fields (minute hour day month weekday), for example "0 6 * * *" for six every morning`;
  for (const [index, field] of fields.entries()) {
    for (const item of (parts[index] ?? "").split(",")) {
      if (!fits(item, field)) return `${JSON.stringify(item)} is not valid as ${field.name}: ${allowed(field)}`;
    }
  }
  // The last word has the library that works the times out: an expression that it refuses must not get as far as a turn.
  return cronRefusal(expression);
}

/** One item of a list: `*`, `5`, `1-5`, and the first and the last of them with a step: `*\/15`, `1-30/2`. */
function fits(item: string, field: Field): boolean {
  const [range = "", step, ...rest] = item.split("/");
  if (rest.length > 0 || (step !== undefined && !isStep(step, field))) return false;
  if (range === "*") return true;
  const [from, to, ...more] = range.split("-").map((text) => numberOf(text, field));
  if (more.length > 0 || from === undefined || from === null || to === null) return false;
  return to === undefined ? step === undefined : from <= to;
}

/** A step no longer than the field has values. */
const isStep = (text: string, { min, max }: Field): boolean =>
  /^\d{1,2}$/.test(text) && Number(text) > 0 && Number(text) <= max - min + 1;

function numberOf(text: string, field: Field): number | null {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return named + field.min;
  const number = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return number >= field.min && number <= field.max ? number : null;
}

function allowed({ min, max, names }: Field): string {
  const byName = names === undefined ? "" : ` or ${names[0]} to ${names.at(-1)}`;
  return `allowed are * and ${min} to ${max}${byName}, lists (1,3), ranges (1-5) and steps (*/2)`;
}
