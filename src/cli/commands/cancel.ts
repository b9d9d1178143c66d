/** `cancel <id>`: ends a job, at once while it waits, by asking its worker while it runs. */
import type { Command } from "commander";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";

export function registerCancel(program: Command, terminal: Terminal): void {
  const command = program
    .command("cancel")
    .summary("cancel a job")
    .description(
      "Cancels a job. A waiting job ends at once. A running one keeps its slots until its worker says that nothing runs any\n" +
        "more. Cancelling a job that has ended is an error.",
    )
    .argument("<id>", "the job's id")
    .option("--reason <text>", "why, for the log")
    .action(async (id: string, own: { reason?: string }, self: Command) => {
      await withSession(self, terminal, async (session, { output }) => {
        const reason = own.reason === undefined ? {} : { reason: own.reason };
        const answer = await session.command("cancel", { id, ...reason });
        printDocument(terminal, output, answer, ({ position }) =>
          position === null ? `${id} is being cancelled already` : `cancelled ${id}, recorded at ${position}`,
        );
      });
    });
  addExamples(command, ["signalbox cancel j42", `signalbox cancel chapter-7 --reason "wrong prompt"`]);
}
