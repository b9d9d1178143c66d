/** A failure as a story: what the world consisted of, what happened in it by plan, and the trace up to where it broke. */
import { isFault, type Plan } from "./plan.js";
import type { TraceLine } from "./trace.js";
import { describeBroken, type Verdict } from "./verdict.js";

const TRACE_LINES_MAX = 80;
const LINE_CHARS_MAX = 400;

export function tellPlan({ seed, settings, happenings }: Plan): string {
  const { hosts, publishers, latency, hardness, configuration, spanMs } = settings;
  const faults = happenings.filter(isFault).length;
  return [
    `seed ${seed}: schedulers ${hosts.map((host, index) => `s${index + 1} on ${host}`).join(", ")}; ${publishers} publishers`,
    `  latency ${latency.minUs}–${latency.maxUs} µs, jobs up to ${Math.round(hardness.durationMsMax)} ms, ${hardness.failing} fail; healed at ${spanMs} ms`,
    `  limits ${JSON.stringify(configuration["limits"] ?? "by default")}, lease ${String(configuration["lease"])} ms, grace ${String(configuration["grace"])} ms`,
    `  ${happenings.length - faults} deeds and ${faults} faults:`,
    ...happenings.map(({ atMs, kind, ...more }) => `  ${time(atMs)} ${kind} ${cut(JSON.stringify(more))}`),
  ].join("\n");
}

export function tellStory(plan: Plan, { broken, trace }: Verdict): string {
  const lines = trace.lines.slice(-TRACE_LINES_MAX);
  const left = trace.lines.length - lines.length;
  return [
    tellPlan(plan),
    "",
    left > 0 ? `what happened (the first ${left} lines are left out):` : "what happened:",
    ...lines.map(tellLine),
    "",
    ...broken.slice(0, 5).map((each) => `BROKEN ${describeBroken(each)}`),
  ].join("\n");
}

const tellLine = ({ atMs, who, text }: TraceLine): string => `  ${time(atMs)} ${who.padEnd(7)} ${cut(text)}`;
const time = (ms: number): string => ms.toFixed(3).padStart(11);
const cut = (text: string): string => (text.length > LINE_CHARS_MAX ? `${text.slice(0, LINE_CHARS_MAX)}…` : text);
