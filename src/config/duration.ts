/**
 * Durations as people write them (`30s`, `10m`) and as the program keeps them (whole milliseconds).
 *
 * One unit per duration, and no fractions: `90s` is as short as `1m30s`, and can be read in only one way.
 */
import { z } from "zod";

/** Milliseconds in one of each unit that may be written. */
const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** The accepted forms, for error texts. */
const durationForms = "500ms, 30s, 10m, 2h, 1d or a whole number of milliseconds";

const written = /^(\d{1,16})(ms|s|m|h|d)?$/;

/**
 * Reads a duration such as `500ms`, `30s`, `10m`, `2h`, `1d`, or a whole number of milliseconds.
 * Returns milliseconds; null if it is not written in one of these forms, or is too long to be counted exactly.
 */
export function parseDuration(value: string | number): number | null {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : null;
  const match = written.exec(value);
  const unit = match?.[2] ?? "ms";
  if (match === null || !isUnit(unit)) return null;
  const ms = Number(match[1]) * unitMs[unit];
  return Number.isSafeInteger(ms) ? ms : null;
}

/**
 * Writes milliseconds short for people, in the two largest units: `250 ms`, `9.5 s`, `10 s`, `4 min 10 s`, `2 h`, `1 d 3 h`.
 * What is smaller is cut off, not rounded: a wait is never said to be longer than it is. Below zero is `0 ms`,
 * because two clocks may disagree.
 */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.floor(ms));
  if (whole < unitMs.s) return `${whole} ms`;
  if (whole < 10 * unitMs.s) return `${Math.floor(whole / 100) / 10} s`;
  if (whole < unitMs.m) return `${Math.floor(whole / unitMs.s)} s`;
  if (whole < unitMs.h) return inTwoUnits(whole, unitMs.m, "min", unitMs.s, "s");
  if (whole < unitMs.d) return inTwoUnits(whole, unitMs.h, "h", unitMs.m, "min");
  return inTwoUnits(whole, unitMs.d, "d", unitMs.h, "h");
}

const error = ({ input }: { input?: unknown }): string =>
  typeof input === "string" || typeof input === "number"
    ? `${JSON.stringify(input)} is not a duration; write ${durationForms}`
    : `must be a duration: ${durationForms}`;

/** A duration in a file or a request; its output is milliseconds. */
export const durationSchema = z
  .union([z.string({ error }).regex(written, { error }), z.number({ error }).int({ error }).min(0, { error })], {
    error,
  })
  .transform((value, context): number => {
    const ms = parseDuration(value);
    if (ms !== null) return ms;
    context.issues.push({ code: "custom", input: value, message: error({ input: value }) });
    return z.NEVER;
  });

function isUnit(text: string): text is keyof typeof unitMs {
  return Object.hasOwn(unitMs, text);
}

function inTwoUnits(ms: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const rest = Math.floor((ms % largeMs) / smallMs);
  const first = `${Math.floor(ms / largeMs)} ${large}`;
  return rest === 0 ? first : `${first} ${rest} ${small}`;
}
