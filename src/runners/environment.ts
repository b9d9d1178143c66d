/** Where a runner lives: the ledger that grants its runs, and the scheduler's environment variables as far as a runner may see them. */

import { type Environment, fillFromEnvironment } from "../config/environment.js";

export type { Environment } from "../config/environment.js";

export interface RunnerContext {
  /** The ledger's identity: two schedulers on one machine may have the same namespace and not the same ledger. */
  readonly ledger: string;
  /** Normally `process.env`. */
  readonly environment: Environment;
}

/** An option that cannot be used as it is. The message names the option and what to do. */
export class RunnerOptionsError extends Error {
  override readonly name = "RunnerOptionsError";
  readonly code = "runner-options";
}

/**
 * Fills in every `${env:NAME}` of an option, so that secrets stay out of the configuration file.
 * @param where the option, for the error text, for example `headers.Authorization`
 * @throws RunnerOptionsError when a variable is not set or empty; the message names it, never a value
 */
export function fillOption(text: string, environment: Environment, where: string): string {
  const filled = fillFromEnvironment(text, environment);
  if ("text" in filled) return filled.text;
  throw new RunnerOptionsError(
    `${where} refers to the environment variable ${JSON.stringify(filled.missing)}, which is not set: ` +
      `set it before the scheduler starts, or take the reference out of the configuration`,
  );
}
