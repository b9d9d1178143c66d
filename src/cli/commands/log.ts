/** `log`: the event log itself. A new subcommand is one more entry here. */
import type { Command } from "commander";
import { addCommands, type CommandEntry } from "../command-entry.js";
import { addExamples } from "../examples.js";
import type { Terminal } from "../terminal.js";

const COMMANDS: readonly CommandEntry[] = [
  {
    name: "tail",
    summary: "show the last facts, or follow them",
    load: async () => (await import("./log-tail.js")).defineLogTail,
  },
  {
    name: "export",
    summary: "write the ledger to a file",
    load: async () => (await import("./log-export.js")).defineLogExport,
  },
  {
    name: "import",
    summary: "make an exported log the ledger of a namespace",
    load: async () => (await import("./log-import.js")).defineLogImport,
  },
  {
    name: "verify",
    summary: "check the ledger from its first entry on",
    load: async () => (await import("./log-verify.js")).defineLogVerify,
  },
];

export function defineLog(command: Command, terminal: Terminal): void {
  command.description("The event log: the ledger in which every decision stands, fact by fact.");
  addCommands(command, COMMANDS, terminal);
  addExamples(command, ["signalbox log tail -f", "signalbox log export backup.jsonl"]);
}
