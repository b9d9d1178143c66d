/** Where a runner lives: the namespace, and the scheduler's environment variables as far as a runner may see them. */

export interface RunnerContext {
  readonly namespace: string;
  /** Normally `process.env`. */
  readonly environment: Environment;
}
export type Environment = Readonly<Record<string, string | undefined>>;

/** An option that cannot be used as it is. The message names the option and what to do. */
export class RunnerOptionsError extends Error {
  override readonly name = "RunnerOptionsError";
  readonly code = "runner-options";
}

const reference = /\$\{env:([^}]*)\}/g;

/**
 * Fills in every `${env:NAME}` of a text, so that secrets stay out of the configuration file.
 * @param where the option, for the error text, for example `headers.Authorization`
 * @throws RunnerOptionsError when a variable is not set; the message names it, never a value
 */
export function fillFromEnvironment(text: string, environment: Environment, where: string): string {
  return text.replaceAll(reference, (_whole, name: string) => {
    const value = environment[name];
    if (value !== undefined) return value;
    throw new RunnerOptionsError(
      `${where} refers to the environment variable ${JSON.stringify(name)}, which is not set: ` +
        `set it before the scheduler starts, or take the reference out of the configuration`,
    );
  });
}
