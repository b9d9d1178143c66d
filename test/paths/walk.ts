/** Walks paths of the job machine in a running system, and compares the job with the model after every step. */
import { canonicalJson } from "../../events/json.js";
import type { JobState } from "../../events/states.js";
import type { Path, Step, Vertex } from "../../machines/graph.js";
import { type JobEvent, jobEvent } from "../../machines/job.js";
import type { Lane } from "./lane.js";

let walked = 0;

/** Where a walk has come to. */
export interface Walk {
  readonly job: string;
  readonly at: Vertex;
}

/** Drives a new job along the path. Throws at the first step after which it is not where the model is. */
export async function walk(lane: Lane, { from, steps }: Path<JobEvent>): Promise<Walk> {
  walked += 1;
  const job = `walker-${walked}`;
  let at = from;
  const taken: Step<JobEvent>[] = [];
  for (const step of steps) {
    await lane.provoke(step.event, job);
    taken.push(step);
    at = step.to;
    await expectAt(lane, job, at, taken);
  }
  return { job, at };
}

/** How the steps so far read, for a failure. */
const tell = (steps: readonly Step<JobEvent>[]): string =>
  steps.map(({ event, to }) => `${canonicalJson(event)} → ${to.state}`).join("; ");

export async function expectAt(lane: Lane, job: string, to: Vertex, taken: readonly Step<JobEvent>[]): Promise<void> {
  const shown = await lane.shown(job);
  const { attempt, maxAttempts } = to.snapshot.context as { attempt: number; maxAttempts: number };
  const wanted = to.state === "new" ? null : [to.state, attempt, maxAttempts];
  const found = shown === null ? null : [shown.state, shown.attempt, shown.maxAttempts];
  if (canonicalJson(found) !== canonicalJson(wanted))
    throw new Error(`${job} is ${canonicalJson(found)}, the model ${canonicalJson(wanted)}, after ${tell(taken)}`);
}

/** The events that the ledger holds of a job, as the machine sees them, without the denials that waiting brings by itself. */
export function eventsOf(lane: Lane, job: string): readonly string[] {
  return lane
    .factsOf(job)
    .map(jobEvent)
    .filter(({ type }) => type !== "StartDenied")
    .map(canonicalJson);
}

export const isState = (vertex: Vertex, ...states: readonly (JobState | "new")[]): boolean =>
  states.some((state) => state === vertex.state);
