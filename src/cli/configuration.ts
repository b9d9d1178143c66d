/** The configuration that a command works with, by the common options. */

import { type ConfigurationSources, type LoadedConfiguration, loadConfiguration } from "../config/load.js";
import { describeProblems } from "../config/problems.js";
import { CliFailure } from "./failure.js";
import type { CommonOptions } from "./options.js";
import type { Terminal } from "./terminal.js";

/**
 * The configuration; its warnings go to standard error. Throws a usage failure that lists everything that is wrong, by
 * line and column.
 */
export function readConfiguration(
  options: CommonOptions,
  terminal: Terminal,
  more: Pick<ConfigurationSources, "typesInCode"> = {},
): LoadedConfiguration {
  const { config: path, namespace } = options;
  const loaded = loadConfiguration({ path, namespace, env: terminal.env, cwd: terminal.cwd, ...more });
  if (loaded.kind === "refused")
    throw CliFailure.usage(`the configuration is wrong:\n${describeProblems(loaded.problems)}`);
  if (loaded.warnings.length > 0)
    terminal.err(`${terminal.errColors.yellow("warning:")} ${describeProblems(loaded.warnings)}`);
  return loaded;
}
