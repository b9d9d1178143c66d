/** `explain <id>`: why a job waits, or why it was granted when it was. */
import type { Command } from "commander";
import type { Explanation } from "../../../projections/explain.js";
import { withQuestions } from "../asking.js";
import { addExamples } from "../examples.js";
import { printDocument } from "../printing.js";
import { drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { oneLine } from "../text-width.js";

/** Of holders and jobs ahead the first are named; the whole lists are in the JSON. */
const NAMED_MAX = 5;

export function defineExplain(command: Command, terminal: Terminal): void {
  command
    .description(
      "Says why a job does not start: which pools it waits for, who holds their slots and who is ahead. For a job that was\n" +
        "granted or has ended it says when and why. The answer is the grant rule's own, as of the last entry of the ledger.",
    )
    .argument("<id>", "the job's id")
    .action(async (id: string, _own: unknown, self: Command) => {
      await withQuestions(self, terminal, async (questions, { output }) => {
        printDocument(terminal, output, await questions.query("explain", { id }), (told) =>
          explanationText(told, terminal),
        );
      });
    });
  addExamples(command, ["signalbox explain j43", "signalbox explain j43 --at 812 -o json"]);
}

function explanationText({ text, blockedBy }: Explanation, terminal: Terminal): string {
  if (blockedBy.length === 0) return oneLine(text);
  const table = drawTable(
    blockedBy,
    [
      { title: "POOL", text: ({ pool }) => pool },
      { title: "CAUSE", text: ({ cause }) => cause },
      { title: "CAPACITY", text: ({ capacity }) => String(capacity), align: "right" },
      { title: "USED", text: ({ used }) => String(used), align: "right" },
      { title: "NEEDS", text: ({ needs }) => String(needs), align: "right" },
      { title: "HOLDERS", text: ({ holders }) => named(holders), mayShrink: true },
      { title: "AHEAD", text: ({ ahead }) => named(ahead), mayShrink: true },
    ],
    terminal,
  );
  return `${oneLine(text)}\n\n${table}`;
}

function named(jobs: readonly string[]): string {
  const rest = jobs.length - NAMED_MAX;
  return jobs.slice(0, NAMED_MAX).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
