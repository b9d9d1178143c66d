/** `retry <id>`: does once more what an ended job was to do, as a new job that names the old one. */
import type { Command } from "commander";
import { anyId, newId } from "../arguments.js";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";

export function defineRetry(command: Command, terminal: Terminal): void {
  command
    .description(
      "Submits a job that has ended once more, with the params, priority and demand that it had, as a new job that names the " +
        "old one, and prints the new id. However it ended, it may be retried; it stays what it is. A failed attempt is tried " +
        "again by itself until the job's attempts are spent: this is for afterwards.",
    )
    .argument("<id>", "the id of the job that has ended", anyId)
    .option("--as <id>", "the new job's id (default: the old one with -retry-1, -retry-2, … behind it)", newId)
    .action(async (id: string, own: { as?: string }, self: Command) => {
      await withSession(self, terminal, async (session, { output }) => {
        const answer = await session.command("retry", { id, ...(own.as !== undefined && { as: own.as }) });
        printDocument(terminal, output, answer, (told) => told.id ?? "");
      });
    });
  addExamples(command, [
    "signalbox retry j42",
    "signalbox retry chapter-7 --as chapter-7-second",
    "id=$(signalbox retry j42)",
  ]);
}
