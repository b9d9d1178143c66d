/** What the job machine's guards are to say of an event, told apart from the machine's code. */
import { diagramOf } from "../../machines/drawing.js";
import type { Vertex } from "../../machines/graph.js";
import { type JobEvent, jobMachine } from "../../machines/job.js";

const { transitions } = diagramOf(jobMachine);

export const guardedTransitions = transitions.filter(({ guard }) => guard !== null);

export interface Asked {
  /** The answers of the guards that are asked, one after the other, until one holds: `state event guard answer`. */
  readonly outcomes: readonly string[];
  /** Where the event leads by them; null: it is refused. */
  readonly target: string | null;
}

export function askGuards(from: Vertex, event: JobEvent): Asked {
  const outcomes: string[] = [];
  for (const { guard, to } of transitions.filter((one) => one.from === from.state && one.event === event.type)) {
    const holds = guard === null || answer(guard, event, from);
    if (guard !== null) outcomes.push(`${from.state} ${event.type} ${guard} ${holds}`);
    if (holds) return { outcomes, target: to };
  }
  return { outcomes, target: null };
}

function answer(guard: string, event: JobEvent, { snapshot: { context } }: Vertex): boolean {
  const wantsRetry = "retry" in event && event.retry;
  const isSpent = context.attempt >= context.maxAttempts;
  switch (guard) {
    case "isDelayed":
      return "delayed" in event && event.delayed;
    case "isFinal":
      return !wantsRetry;
    case "isSpent":
      return !wantsRetry && isSpent;
    case "retriesAndMay":
      return wantsRetry && !isSpent;
    default:
      throw new Error(`the test does not know the guard ${guard}`);
  }
}
