/** `amend <id>`: changes a job that waits. Once granted, a job is fixed. */
import type { Command } from "commander";
import { wholeNumber } from "../arguments.js";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { readJsonObject } from "../json-input.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";

export function defineAmend(command: Command, terminal: Terminal): void {
  command
    .description(
      "Changes a job that waits: its parameters, which are replaced as a whole, or its priority. A job that was granted a start once is fixed.",
    )
    .argument("<id>", "the job's id")
    .option("--params <json>", "new parameters: a JSON object, @file, or - for standard input")
    .option("--priority <n>", "from -1000 to 1000, higher first", wholeNumber(-1000, 1000))
    .action(async (id: string, own: { params?: string; priority?: number }, self: Command) => {
      if (own.params === undefined && own.priority === undefined)
        throw CliFailure.usage("nothing to amend: give --params or --priority");
      await withSession(self, terminal, async (session, { output }) => {
        const params =
          own.params === undefined ? {} : { params: await readJsonObject("--params", own.params, terminal) };
        const priority = own.priority === undefined ? {} : { priority: own.priority };
        const answer = await session.command("amend", { id, ...params, ...priority });
        printDocument(terminal, output, answer, ({ position }) => `amended ${id}, recorded at ${position}`);
      });
    });
  addExamples(command, ["signalbox amend j42 --priority 100", "signalbox amend chapter-7 --params @chapter-7.json"]);
}
