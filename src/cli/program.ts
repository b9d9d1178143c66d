/** The program: what all its commands have in common. */
import { Command } from "commander";
import { VERSION } from "../version.js";
import { addCommands } from "./command-entry.js";
import { COMMANDS } from "./command-list.js";
import { addExamples } from "./examples.js";
import { addCommonOptions, commonOptionsOf } from "./options.js";
import { prepareOutput } from "./printing.js";
import type { Terminal } from "./terminal.js";

const HELP_COLUMNS_DEFAULT = 100;

export function buildProgram(terminal: Terminal): Command {
  const program = new Command("signalbox")
    .description(
      "An event-sourced job scheduler on NATS JetStream: every start is granted or denied from a log,\n" +
        "and the log can be asked afterwards.",
    )
    .version(VERSION, "-V, --version", "print the version")
    // What follows is inherited by each command that is added afterwards.
    .exitOverride()
    .showHelpAfterError("Run the command with --help to see what it takes.")
    // Arguments and options of a command are told by its own help.
    .configureHelp({
      showGlobalOptions: true,
      subcommandTerm: (command) => command.name(),
      // Filled to the terminal's width, whatever the width of the source; an empty line begins a new paragraph.
      commandDescription: (command) => command.description().replaceAll(/(?<!\n)\n(?!\n)/g, " "),
    })
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.err(text.trimEnd()),
      getOutHelpWidth: () => helpWidth(terminal),
      getErrHelpWidth: () => helpWidth(terminal),
      getOutHasColors: () => terminal.colors.isColorSupported,
      getErrHasColors: () => terminal.errColors.isColorSupported,
    });
  addCommonOptions(program);
  program.hook("preAction", (_program, command) => prepareOutput(commonOptionsOf(command).output));
  addCommands(program, COMMANDS, terminal);
  addExamples(program, ["signalbox up", 'signalbox submit story --params \'{"prompt": "…"}\' --wait']);
  return program;
}

function helpWidth({ width }: Terminal): number {
  return Number.isFinite(width) ? width : HELP_COLUMNS_DEFAULT;
}
