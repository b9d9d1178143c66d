/** `log`: the event log itself. Its subcommands register themselves here. */
import type { Command } from "commander";
import { addExamples } from "../examples.js";
import type { Terminal } from "../terminal.js";
import { registerLogExport } from "./log-export.js";
import { registerLogImport } from "./log-import.js";
import { registerLogTail } from "./log-tail.js";
import { registerLogVerify } from "./log-verify.js";

export function registerLog(program: Command, terminal: Terminal): void {
  const log = program
    .command("log")
    .summary("read, export, import and check the event log")
    .description("The event log: the ledger in which every decision stands, fact by fact.");
  registerLogTail(log, terminal);
  registerLogExport(log, terminal);
  registerLogImport(log, terminal);
  registerLogVerify(log, terminal);
  addExamples(log, ["signalbox log tail -f", "signalbox log export backup.jsonl"]);
}
