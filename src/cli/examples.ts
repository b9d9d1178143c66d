/** Examples at the end of a command's help text: each one can be typed as it stands. */
import type { Command } from "commander";

export function addExamples(command: Command, examples: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`);
}
