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

/** Commands of which only name and summary are known yet, and what defines the rest of each. */
const undefinedYet = new WeakMap<Command, () => Promise<void>>();

/** Adds the commands to `parent`, in this order, and its `help`. Each is defined as soon as the command line names it. */
export function addCommands(parent: Command, entries: readonly CommandEntry[], terminal: Terminal): void {
  for (const { name, summary, load } of entries) {
    const command = parent.command(name).summary(summary);
    undefinedYet.set(command, async () => (await load())(command, terminal));
  }
  parent.hook("preSubcommand", (_parent, command) => defineCommand(command));
  addHelp(parent);
}

/** Gives a command its description, arguments, options and own commands, if it does not have them yet. */
export async function defineCommand(command: Command): Promise<void> {
  const define = undefinedYet.get(command);
  undefinedYet.delete(command);
  await define?.();
}

/** Commander's own `help` would print what is known of a command before it is defined. */
function addHelp(parent: Command): void {
  parent
    .helpCommand(false)
    .command("help")
    .summary("display help for command")
    .argument("[command]")
    .action(async (name: string | undefined) => {
      const command = parent.commands.find((one) => one.name() === name);
      if (command === undefined) return parent.help({ error: name !== undefined });
      await defineCommand(command);
      command.help();
    });
}
