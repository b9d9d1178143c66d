/**
 * The life of a job. Facts are its events: this machine is what the fold folds with, and what the paths of the tests are
 * drawn from (D4). No `invoke`, no `after`, no clock; the context is an attempt number capped by the job's own maximum.
 *
 *   scheduled   waits for its time (`runAt`, `delay`), or for the member before it in a sequential group. The dispatcher
 *               records JobDue when it has come, after a restart too.
 *   queued      waits for its slots. Left by a grant or a cancel; survives every restart in the same order (DEC-008).
 *   granted     holds its slots; the worker has been told and has not confirmed yet. If the worker dies: LeaseExpired.
 *   running     holds its slots; the worker confirmed. If the worker dies: LeaseExpired.
 *   cancelling  holds its slots; the worker was asked to abort. Ends by what the worker says first, or LeaseExpired.
 *   retrying    an attempt failed or was lost, attempts remain; waits for its backoff. Then JobDue.
 *   completed, skipped, failed, cancelled, rejected   the end; never changes again (INV-007).
 */
import { assign, setup } from "xstate";
import type { JobFact } from "../events/facts.js";
import { remember } from "../events/remember.js";
import type { JobState } from "../events/states.js";
import { type Node, Stepper } from "./stepper.js";

export interface JobContext {
  /** The number of the latest attempt; 0 before the first grant. */
  readonly attempt: number;
  readonly maxAttempts: number;
}

/** A fact reduced to what the machine may look at. */
export type JobEvent =
  | { readonly type: "JobSubmitted"; readonly maxAttempts: number; readonly delayed: boolean }
  | { readonly type: "RunFailed" | "RunTimedOut" | "LeaseExpired"; readonly retry: boolean }
  | { readonly type: Exclude<JobFact["type"], "JobSubmitted" | "RunFailed" | "RunTimedOut" | "LeaseExpired"> };

const failure = [
  { guard: "retriesAndMay", target: "retrying" },
  { guard: "isFinal", target: "failed" },
] as const;

/** A runner may say that trying again cannot help; a timeout and a lost worker say nothing of the kind (DEC-007, DEC-008). */
const mishap = [
  { guard: "retriesAndMay", target: "retrying" },
  { guard: "isSpent", target: "failed" },
] as const;

export const jobMachine = setup({
  types: { context: {} as JobContext, events: {} as JobEvent },
  guards: {
    isDelayed: ({ event }) => event.type === "JobSubmitted" && event.delayed,
    isFinal: ({ event }) => "retry" in event && !event.retry,
    /** Final because no attempt remains. */
    isSpent: ({ event, context }) => "retry" in event && !event.retry && context.attempt >= context.maxAttempts,
    /** A failure that names a time for the next attempt is refused when no attempt remains (DEC-007). */
    retriesAndMay: ({ event, context }) => "retry" in event && event.retry && context.attempt < context.maxAttempts,
  },
  actions: {
    setMaximum: assign(({ event }) => (event.type === "JobSubmitted" ? { maxAttempts: event.maxAttempts } : {})),
    countAttempt: assign(({ context }) => ({ attempt: context.attempt + 1 })),
  },
}).createMachine({
  id: "job",
  context: { attempt: 0, maxAttempts: 0 },
  initial: "new",
  states: {
    new: {
      on: {
        JobSubmitted: [
          { guard: "isDelayed", target: "scheduled", actions: "setMaximum" },
          { target: "queued", actions: "setMaximum" },
        ],
        JobRejected: "rejected",
      },
    },
    scheduled: {
      on: { JobDue: "queued", JobAmended: "scheduled", JobMoved: "scheduled", JobCancelled: "cancelled" },
    },
    queued: {
      on: {
        StartDenied: "queued",
        StartGranted: { target: "granted", actions: "countAttempt" },
        JobAmended: "queued",
        JobMoved: "queued",
        JobCancelled: "cancelled",
      },
    },
    granted: {
      on: {
        RunStarted: "running",
        // The word that it started may have been lost; that it ended is what counts.
        RunCompleted: "completed",
        RunSkipped: "skipped",
        RunCancelled: "cancelled",
        RunFailed: failure,
        RunTimedOut: mishap,
        LeaseExpired: mishap,
        // The worker may have begun: the slots stay held until it says that nothing runs any more.
        CancelRequested: "cancelling",
      },
    },
    running: {
      on: {
        RunCompleted: "completed",
        RunSkipped: "skipped",
        RunCancelled: "cancelled",
        RunFailed: failure,
        RunTimedOut: mishap,
        LeaseExpired: mishap,
        CancelRequested: "cancelling",
      },
    },
    cancelling: {
      on: {
        RunStarted: "cancelling",
        RunCompleted: "completed",
        RunSkipped: "skipped",
        RunCancelled: "cancelled",
        RunFailed: { guard: "isFinal", target: "cancelled" },
        RunTimedOut: { guard: "isFinal", target: "cancelled" },
        LeaseExpired: { guard: "isFinal", target: "cancelled" },
      },
    },
    retrying: {
      on: { JobDue: "queued", JobMoved: "retrying", JobCancelled: "cancelled" },
    },
    completed: { type: "final" },
    skipped: { type: "final" },
    failed: { type: "final" },
    cancelled: { type: "final" },
    rejected: { type: "final" },
  },
});

/** A job's snapshot: shared by all jobs that are in the same state with the same counts. */
export type JobNode = Node;

const stepper = new Stepper<JobEvent>(jobMachine);

export const newJob: JobNode = stepper.initial;

/** The job's next snapshot after a fact, or null where the machine refuses the fact. */
export function stepJob(from: JobNode, fact: JobFact): JobNode | null {
  return stepper.step(from, jobEvent(fact))?.to ?? null;
}

/** The state's name for the outside. `new` is before the first fact, so no stored job is ever in it. */
export const jobState = (node: JobNode): JobState => node.state as JobState;

/** What a node counts. */
export const jobContext = ({ snapshot }: JobNode): JobContext => snapshot.context;

const restored = new Map<string, JobNode>();

/** The node of a job that is in a state with these counts: the very one that its facts lead to. Throws if there is no such state. */
export const jobNodeAt = (state: JobState, { attempt, maxAttempts }: JobContext): JobNode =>
  remember(restored, `${state} ${attempt}/${maxAttempts}`, () => stepper.nodeAt(state, { attempt, maxAttempts }));

const submitted = new Map<string, JobEvent>();
const failed = {
  RunFailed: { retry: { type: "RunFailed", retry: true }, final: { type: "RunFailed", retry: false } },
  RunTimedOut: { retry: { type: "RunTimedOut", retry: true }, final: { type: "RunTimedOut", retry: false } },
  LeaseExpired: { retry: { type: "LeaseExpired", retry: true }, final: { type: "LeaseExpired", retry: false } },
} as const satisfies Record<string, Record<"retry" | "final", JobEvent>>;
const plain = new Map<string, JobEvent>();

/** The machine's event for a fact; one shared object per distinct event, as the stepper wants it. */
export function jobEvent(fact: JobFact): JobEvent {
  switch (fact.type) {
    case "JobSubmitted": {
      const { maxAttempts } = fact.spec;
      const delayed = fact.runAt !== null;
      return remember(submitted, `${maxAttempts}/${delayed}`, () => ({ type: fact.type, maxAttempts, delayed }));
    }
    case "RunFailed":
    case "RunTimedOut":
    case "LeaseExpired":
      return failed[fact.type][fact.retryAt === null ? "final" : "retry"];
    default: {
      const { type } = fact;
      return remember(plain, type, () => ({ type }));
    }
  }
}
