/** `completion <shell>`: the script that lets a shell complete the program's commands. */
import { Argument, type Command, Option } from "commander";
import { SCRIPTS, SHELLS, type Shell } from "../completion/scripts.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { takesNoRows } from "../printing.js";
import type { Terminal } from "../terminal.js";
import { oneLine } from "../text-width.js";

export function defineCompletion(command: Command, terminal: Terminal): void {
  takesNoRows(command);
  command
    .description(
      "Prints a script that lets the shell complete commands, options, states, and with a running scheduler the ids of jobs " +
        "and groups, pools, types and schedules. It asks for them in passing: nothing is offered when nothing answers.",
    )
    .usage("[options] <shell>")
    .argument("[shell]", SHELLS.join(", "))
    .addArgument(new Argument("[words...]").default([]))
    .addOption(new Option("--words", "for the scripts: what the last word may be").hideHelp())
    .action(async (first: string | undefined, more: readonly string[], { words }: { words?: true }) => {
      if (words === true)
        return await printCandidates([...(first === undefined ? [] : [first]), ...more], command, terminal);
      const shell = SHELLS.find((known): known is Shell => known === first);
      if (shell === undefined || more.length > 0)
        throw CliFailure.usage(`completion: name one shell: ${SHELLS.join(", ")}`);
      terminal.write(SCRIPTS[shell]);
    });
  addExamples(command, [
    "signalbox completion bash > ~/.local/share/bash-completion/completions/signalbox",
    "signalbox completion zsh > ~/.zfunc/_signalbox",
    "signalbox completion fish > ~/.config/fish/completions/signalbox.fish",
  ]);
}

/** One a line: the value, and what it is after a tab. */
async function printCandidates(words: readonly string[], command: Command, terminal: Terminal): Promise<void> {
  const { complete } = await import("../completion/complete.js");
  const program = command.parent;
  if (program === null) return;
  const candidates = await complete(program, words, async (wanted, given) => {
    // Loaded only where somebody is asked: most words are completed without.
    const { askInPassing } = await import("../completion/ask.js");
    return await askInPassing(wanted, given, terminal);
  });
  for (const { value, text } of candidates) terminal.out(text === undefined ? value : `${value}\t${oneLine(text)}`);
}
