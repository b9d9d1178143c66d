/** The runners of the configured job types: for a scheduler, or for a worker in a process of its own. */
import type { Configuration } from "./config/index.js";
import { createRunner, functionRunner, type JobFunction, type Runner, type RunnerContext } from "./runners/index.js";

/** One runner a type; functions take precedence. A type for remote workers has none. Throws `RunnerOptionsError`. */
export function configuredRunners(
  types: Configuration["types"],
  context: RunnerContext,
  functions: ReadonlyMap<string, JobFunction> = new Map(),
): Map<string, Runner> {
  const runners = new Map<string, Runner>();
  for (const [name, type] of Object.entries(types)) {
    const runner = createRunner(type.runner, type.options, context);
    if (runner !== null) runners.set(name, runner);
  }
  for (const [name, jobFunction] of functions) runners.set(name, functionRunner(jobFunction));
  return runners;
}
