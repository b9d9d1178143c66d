/** Checks a cron expression when the configuration is read, so that a mistake shows at start and not at night. */

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

/** More than any list of all values of a field needs; the expression stands in the ledger. */
const CRON_CHARS_MAX = 500;
/** The longest that each month may be. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** What is wrong with a cron expression of five fields; null if it is sound, and will come true one day. */
export function cronProblem(expression: string): string | null {
  if (expression.length > CRON_CHARS_MAX) return `must not be longer than ${CRON_CHARS_MAX} characters`;
  const parts = expression.split(/[ \t]+/).filter((part) => part !== "");
  if (parts.length !== fields.length)
    return `must have five fields (minute hour day month weekday), for example "0 6 * * *" for six every morning`;
  const values: (readonly number[])[] = [];
  for (const [index, field] of fields.entries()) {
    const items = (parts[index] ?? "").split(",").map((item) => [item, valuesOf(item, field)] as const);
    const wrong = items.find(([, found]) => found === null);
    if (wrong !== undefined) return `${JSON.stringify(wrong[0])} is not valid as ${field.name}: ${allowed(field)}`;
    values.push(items.flatMap(([, found]) => found ?? []));
  }
  const [, , days = [], months = []] = values;
  // With a weekday it comes true on either, so sooner or later.
  if (parts[4] === "*" && !months.some((month) => Math.min(...days) <= (MONTH_DAYS[month - 1] ?? 0)))
    return `never comes true: no such month has a day ${Math.min(...days)}`;
  return null;
}

/** The values of one item of a list: `*`, `5`, `1-5`, and ranges with a step: `*\/15`, `1-30/2`. Null if it is none. */
function valuesOf(item: string, field: Field): readonly number[] | null {
  const [range = "", step = null, ...rest] = item.split("/");
  const [from, to = from, ...more] = (range === "*" ? [field.min, field.max] : range.split("-")).map((end) =>
    typeof end === "number" ? end : numberOf(end, field),
  );
  if (rest.length > 0 || more.length > 0 || from == null || to == null || from > to) return null;
  if (step === null) return upTo(from, to, 1);
  // A step after a single value means different things to different programs.
  const isRange = range === "*" || range.includes("-");
  const isStep = /^\d{1,2}$/.test(step) && Number(step) > 0 && Number(step) <= field.max;
  return isRange && isStep ? upTo(from, to, Number(step)) : null;
}

function upTo(from: number, to: number, step: number): readonly number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

function numberOf(text: string, field: Field): number | null {
  const named = /^[A-Za-z]+$/.test(text) ? (field.names?.indexOf(text.toUpperCase()) ?? -1) : -1;
  if (named >= 0) return named + field.min;
  const number = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return number >= field.min && number <= field.max ? number : null;
}

function allowed({ min, max, names }: Field): string {
  const byName = names === undefined ? "" : ` or ${names[0]} to ${names.at(-1)}`;
  return `allowed are * and ${min} to ${max}${byName}, lists (1,3), ranges (1-5) and steps (*/2, 1-9/2)`;
}
