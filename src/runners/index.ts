/** The front of the runners: makes the runner of a job type from its options. */
import { commandRunner } from "./command.js";
import type { RunnerContext } from "./environment.js";
import { httpRunner } from "./http.js";
import { ollamaRunner } from "./ollama.js";
import type { RunnerKind, RunnerOptions } from "./options.js";
import type { Runner } from "./runner.js";

/** Null: jobs of this kind are executed elsewhere, by remote workers. */
const factories: { readonly [K in RunnerKind]: (options: RunnerOptions[K], context: RunnerContext) => Runner | null } =
  {
    ollama: ollamaRunner,
    command: commandRunner,
    http: httpRunner,
    nats: () => null,
  };

/**
 * Makes the runner of one job type; nothing is started or connected before the first run.
 * @param options the type's options as parsed by the schema of its kind
 * @throws RunnerOptionsError when an option cannot be used, for example refers to an environment variable that is not set
 */
export function createRunner<K extends RunnerKind>(
  kind: K,
  options: RunnerOptions[K],
  context: RunnerContext,
): Runner | null {
  return factories[kind](options, context);
}

export { type Environment, type RunnerContext, RunnerOptionsError } from "./environment.js";
export { functionRunner, type JobFunction, NotRetryable } from "./function.js";
export { ollamaAddress } from "./ollama-address.js";
export { killOrphanedRuns, type MarkedRun, OrphansRemainError } from "./orphans.js";
export type { Outcome, Run, Runner } from "./runner.js";
