/** `move <id>`: gives a waiting job another place inside its priority. */
import type { Command } from "commander";
import { anyId } from "../arguments.js";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";

interface MoveOptions {
  readonly first?: true;
  readonly last?: true;
  readonly before?: string;
  readonly after?: string;
}

export function defineMove(command: Command, terminal: Terminal): void {
  command
    .description(
      "Gives a waiting job another place among the jobs of its priority; `signalbox queue` shows the order. Jobs that wait for " +
        "their time or their next attempt keep a place too. To go before jobs of a higher priority, amend the priority.",
    )
    .argument("<id>", "the job's id", anyId)
    .option("--first", "before all others of its priority")
    .option("--last", "behind all others of its priority")
    .option("--before <id>", "right before this job", anyId)
    .option("--after <id>", "right behind this job", anyId)
    .action(async (id: string, own: MoveOptions, self: Command) => {
      if (Object.keys(own).length !== 1)
        throw CliFailure.usage("say where to: one of --first, --last, --before <id>, --after <id>");
      await withSession(self, terminal, async (session, { output }) => {
        const answer = await session.command("move", { id, ...own });
        printDocument(terminal, output, answer, ({ position }) =>
          position === null ? `${id} is there already` : `moved ${id}, recorded at ${position}`,
        );
      });
    });
  addExamples(command, ["signalbox move j42 --first", "signalbox move chapter-7 --before chapter-3"]);
}
