/** A forecast in words, with how sure it is. */
import { formatDuration } from "../../events/duration.js";
import { clockTime, listed } from "../explain/phrases.js";
import type { Basis, Forecast } from "./forecast.js";

interface Told extends Pick<Forecast, "basis"> {
  readonly expected: string;
  readonly earliest: string;
  readonly latest: string;
}

/** From fewer runs than this, nothing is said about how far off it usually is. */
const RUNS_FOR_A_SPREAD_MIN = 5;

/** `expected in 4 min, at 10:46:07Z (10:45:10Z to 10:47:30Z), from 42 runs of story; usually within ±20 %` */
export function forecastText({ expected, earliest, latest, basis }: Told, now: string): string {
  const msFrom = (from: string, to: string) => Date.parse(to) - Date.parse(from);
  const waitMs = msFrom(now, expected);
  if (waitMs <= 0 && basis.length === 0) return "expected at once";
  const clock = (at: string) => clockTime(at, now);
  const when = `expected in ${formatDuration(waitMs)}, at ${clock(expected)} (${clock(earliest)} to ${clock(latest)})`;
  const runs = Math.min(...basis.map((one) => one.runs));
  const from = `from ${listed(basis.map(basisText))}`;
  if (runs < RUNS_FOR_A_SPREAD_MIN) return `${when}, ${from}, which is little to go by`;
  if (waitMs <= 0) return `${when}, ${from}`;
  const offMs = Math.max(msFrom(expected, latest), msFrom(earliest, expected));
  return `${when}, ${from}; usually within ±${Math.round((100 * offMs) / waitMs)} %`;
}

function basisText({ type, model, runs }: Basis): string {
  return `${runs} ${runs === 1 ? "run" : "runs"} of ${type}${model === null ? "" : ` with ${model}`}`;
}
