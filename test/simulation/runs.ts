/**
 * What the workers really do: job functions that follow their behaviour, and the record of every execution, kept by the world and
 * not by the scheduler. An execution ends when nothing of it runs any more: by itself, with its process, or killed as an orphan.
 */
import type { Result } from "../../events/facts.js";
import type { Json } from "../../events/json.js";
import type { JobId, Position } from "../../events/names.js";
import { type JobFunction, NotRetryable, type Run } from "../../src/runners/index.js";
import type { Execution, PhysicalRecord, RealOutcome } from "../support/auditor-runs.js";
import { type Behaviour, behaviourOf, type Hardness } from "./behaviour.js";
import type { Loop } from "./loop.js";
import type { Planted } from "./planted.js";
import type { Program } from "./program.js";
import type { SlotBook, Use } from "./slot-book.js";
import type { Trace } from "./trace.js";

/** A process in which jobs are executed, as far as an execution knows it. */
export interface Place {
  readonly program: Program;
  /** Its machine, and the process on it. */
  readonly host: string;
  readonly process: string;
}

interface Live {
  readonly run: Run;
  readonly execution: Execution;
  readonly use: Use;
  readonly place: Place;
  readonly isDetached: boolean;
  readonly stop: () => void;
  /** Its worker sees that its process was killed. */
  readonly killed: () => void;
}

interface Executed {
  readonly place: Place;
  readonly run: Run;
  readonly behaviour: Behaviour;
  readonly execution: Execution;
  readonly use: Use;
}

export interface RunsOptions {
  readonly loop: Loop;
  readonly seed: number;
  readonly hardness: Hardness;
  readonly record: PhysicalRecord;
  readonly slots: SlotBook;
  readonly trace: Trace;
  readonly planted: Planted;
  readonly onMoment: (moment: "run begun" | "run ended", place: Place) => void;
}

export class Runs {
  readonly #of: RunsOptions;
  readonly #live = new Set<Live>();
  #calls = 0;

  constructor(options: RunsOptions) {
    this.#of = options;
  }

  get live(): number {
    return this.#live.size;
  }

  /** The function that runs all jobs at this place. */
  functionAt(place: Place): JobFunction {
    const { runsTwiceEvery = 0 } = this.#of.planted;
    return (_params, run) => {
      this.#calls += 1;
      if (runsTwiceEvery > 0 && this.#calls % runsTwiceEvery === 0) void this.#execute(place, run);
      return this.#execute(place, run);
    };
  }

  behaviourOf(job: string, attempt: number): Behaviour {
    return behaviourOf(this.#of.seed, job, attempt, this.#of.hardness);
  }

  /** The result store: at once, later, or never. */
  keep(place: Place, inline: Json, { job, grant }: { readonly job: string; readonly grant: number }): Promise<Result> {
    const attempt = this.#of.record.attemptOf(job, grant);
    // A leader is brought by workers outside what they have kept.
    if (this.#of.record.processOf(job, grant) !== place.process) return Promise.resolve({ inline });
    const { keeping, abortMs } = this.behaviourOf(job, attempt);
    if (keeping === "fails") return Promise.reject(new Error("the store does not answer"));
    if (keeping === "at once") return Promise.resolve({ inline });
    return new Promise((resolve) => void place.program.after(abortMs, () => resolve({ inline })));
  }

  /** A process has ended, with all that ran inside it. */
  endAt(place: Place): void {
    for (const live of [...this.#live]) if (live.place === place && !live.isDetached) this.#end(live, "killed");
  }

  /** The machine has ended. */
  endOn(host: string): void {
    for (const live of [...this.#live]) if (live.place.host === host) this.#end(live, "killed");
  }

  /** Ends the processes on this machine of runs that are said to be lost, whether their workers are dead or only stopped. */
  endOrphans(host: string, isLost: (job: JobId, grant: Position) => boolean): number {
    const orphans = [...this.#live].filter(
      ({ place, isDetached, run }) => isDetached && place.host === host && isLost(run.job, run.grant),
    );
    for (const live of orphans) {
      this.#end(live, "killed");
      live.place.program.deliver(live.killed);
    }
    return orphans.length;
  }

  #execute(place: Place, run: Run): unknown {
    // A process that died in this very moment runs nothing.
    if (place.program.isDead) return new Promise(() => {});
    const behaviour = this.behaviourOf(run.job, run.attempt);
    const { job, grant, attempt } = run;
    const { isDetached } = behaviour;
    // As the runners do that start processes.
    if (isDetached && run.mayStart?.() === false) return fail("aborted", "its lease is nearly over");
    const execution = this.#of.record.begin({ job, grant, attempt, process: place.process, host: place.host });
    this.#of.trace.note(place.process, "begins", () => `${job}@${grant} ${JSON.stringify(behaviour)}`);
    const use = this.#of.slots.begin({ name: job, grant, place, isDetached });
    this.#of.onMoment("run begun", place);
    const { hangsEvery = 0 } = this.#of.planted;
    if (hangsEvery > 0 && this.#calls % hangsEvery === 0) return new Promise(() => {});
    if (behaviour.durationMs === null) {
      const outcome = outcomeOf(behaviour);
      this.#of.record.end(execution, outcome);
      this.#of.slots.end(use);
      return perform(behaviour, run);
    }
    return this.#executeFor(behaviour.durationMs, { place, run, behaviour, execution, use });
  }

  #executeFor(durationMs: number, { place, run, behaviour, execution, use }: Executed): Promise<unknown> {
    const { loop } = this.#of;
    const { isDetached, onAbort, abortMs } = behaviour;
    const after = isDetached
      ? (ms: number, act: () => void) => {
          const timer = loop.after(ms * 1_000, act);
          return () => timer.cancel();
        }
      : (ms: number, act: () => void) => place.program.after(ms, act);
    return new Promise((resolve, reject) => {
      const finish = (act: () => unknown, outcome: RealOutcome) => {
        if (!this.#end(live, outcome)) return;
        const tell = () => {
          try {
            resolve(act());
          } catch (error) {
            reject(error);
          }
        };
        if (isDetached) place.program.deliver(tell);
        else tell();
        this.#of.onMoment("run ended", place);
      };
      const complete = () => finish(() => perform(behaviour, run), outcomeOf(behaviour));
      let cancel = after(durationMs, complete);
      const killed = () => reject(new Error("its process was killed"));
      const live: Live = { run, execution, use, place, isDetached, stop: () => cancel(), killed };
      this.#live.add(live);
      const told = () => {
        use.toldUs ??= loop.now;
      };
      run.signal.addEventListener("abort", told, { once: true });
      if (onAbort === "deaf") return;
      const giveUp = () => finish(() => fail("aborted", "it was told to end"), { outcome: "failed" });
      run.signal.addEventListener(
        "abort",
        () => {
          if (onAbort === "completes") return complete();
          if (onAbort === "ends at once") return giveUp();
          cancel();
          cancel = after(abortMs, giveUp);
        },
        { once: true },
      );
    });
  }

  /** True if it ran until now. */
  #end(live: Live, outcome: RealOutcome | "killed"): boolean {
    if (!this.#live.delete(live)) return false;
    live.stop();
    const { job, grant } = live.execution;
    this.#of.trace.note(live.place.process, "ends", () => `${job}@${grant} ${JSON.stringify(outcome)}`);
    this.#of.record.end(live.execution, outcome);
    this.#of.slots.end(live.use);
    return true;
  }
}

/** The result names job, attempt and grant, so that a result under a wrong name is recognised. */
const resultOf = ({ job, attempt, grant }: Pick<Run, "job" | "attempt" | "grant">): Json => ({
  of: `${job} ${attempt} ${grant}`,
});

function outcomeOf({ ending, keeping }: Behaviour): RealOutcome {
  if (ending === "completed") return { outcome: keeping === "fails" ? "failed" : "completed" };
  return { outcome: ending === "skipped" ? "skipped" : "failed" };
}

function perform({ ending, retryAfterMs }: Behaviour, run: Run): unknown {
  switch (ending) {
    case "completed":
      return resultOf(run);
    case "skipped":
      return { outcome: "skipped", reason: "there was nothing to do" };
    case "threw":
      return fail("threw", "it went wrong");
    case "not-retryable":
      throw new NotRetryable("it can never go well");
    case "failed":
      return { outcome: "failed", retryable: true, error: { code: "wrong", message: "it says so itself" } };
    case "failed-retry-after":
      return { outcome: "failed", retryable: true, error: { code: "busy", message: "later" }, retryAfterMs };
    default:
      return ending satisfies never;
  }
}

function fail(code: string, message: string): never {
  throw Object.assign(new Error(message), { code });
}
