/**
 * Commands that are known by name and summary, and loaded when they are called. Their files import what they work with, and
 * starting Node.js with all of that takes several times as long as most commands take to do their work.
 */
import type { Command } from "commander";
import type { Terminal } from "./terminal.js";

/** Gives a command its description, arguments, options, examples and action. */
type Definition = (command: Command, terminal: Terminal) => void;

export interface CommandEntry {
  readonly name: string;
  /** What it does, for the list of commands. */
  readonly summary: string;
  /** Imports the command's own file. */
  readonly load: () => Promise<Definition>;
}

/** Adds the commands to `parent`, in this order, and its `help`. Each is defined as soon as the command line names it. */
export function addCommands(parent: Command, entries: readonly CommandEntry[], terminal: Terminal): void {
  const undefinedYet = new Map<Command, CommandEntry>();
  for (const entry of entries) undefinedYet.set(parent.command(entry.name).summary(entry.summary), entry);
  const define = async (command: Command): Promise<void> => {
    const entry = undefinedYet.get(command);
    if (entry === undefined) return;
    undefinedYet.delete(command);
    const definition = await entry.load();
    definition(command, terminal);
  };
  parent.hook("preSubcommand", (_parent, command) => define(command));
  addHelp(parent, define);
}

/** Commander's own `help` would print what is known of a command before it is defined. */
function addHelp(parent: Command, define: (command: Command) => Promise<void>): void {
  parent
    .helpCommand(false)
    .command("help")
    .summary("display help for command")
    .argument("[command]")
    .action(async (name: string | undefined) => {
      const command = parent.commands.find((one) => one.name() === name);
      if (command === undefined) return parent.help({ error: name !== undefined });
      await define(command);
      command.help();
    });
}
