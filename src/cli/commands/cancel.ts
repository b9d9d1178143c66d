/** `cancel`: ends a job, or all of a group, at once while it waits, by asking its worker while it runs. */
import type { Command } from "commander";
import { anyId } from "../arguments.js";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";

interface CancelOptions {
  readonly group?: string;
  readonly reason?: string;
}

export function defineCancel(command: Command, terminal: Terminal): void {
  command
    .description(
      "Cancels a job. A waiting job ends at once. A running one keeps its slots until its worker says that nothing runs any " +
        "more. Cancelling a job that has ended is an error. With --group every member that has not ended is cancelled, and so " +
        "is one that comes later.",
    )
    .argument("[id]", "the job's id", anyId)
    .option("--group <id>", "all of this group, in place of a job", anyId)
    .option("--reason <text>", "why, for the log")
    .action(async (id: string | undefined, { group, reason }: CancelOptions, self: Command) => {
      if ((id === undefined) === (group === undefined))
        throw CliFailure.usage("give the id of a job, or a group with --group, and not both");
      await withSession(self, terminal, async (session, { output }) => {
        const target = id === undefined ? { group } : { id };
        const answer = await session.command("cancel", { ...target, ...(reason !== undefined && { reason }) });
        const name = id ?? `group ${group}`;
        printDocument(terminal, output, answer, ({ position }) =>
          position === null ? `${name} is being cancelled already` : `cancelled ${name}, recorded at ${position}`,
        );
      });
    });
  addExamples(command, [
    "signalbox cancel j42",
    `signalbox cancel chapter-7 --reason "wrong prompt"`,
    "signalbox cancel --group book-9",
  ]);
}
