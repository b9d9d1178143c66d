/** `explain <id>`: why a job waits, or why it was granted when it was. `explain --pool`: the same from a pool's side. */
import type { Command } from "commander";
import { formatDuration } from "../../../events/duration.js";
import type { Explanation } from "../../../projections/explain/explain.js";
import type { PoolExplanation } from "../../../projections/explain/explain-pool.js";
import { withQuestions } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { printDocument } from "../printing.js";
import { drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { oneLine } from "../text-width.js";

/** Of holders and jobs ahead the first are named; the whole lists are in the JSON. */
const NAMED_MAX = 5;
/** Of what a job has waited for, so many intervals are shown, the latest; all of them are in the JSON. */
const WAITS_SHOWN_MAX = 20;

export function defineExplain(command: Command, terminal: Terminal): void {
  command
    .description(
      "Says why a job does not start: which pools it waits for, who holds their slots since when, who is ahead and why, and\n" +
        "what has to happen next. For a job that was granted or has ended it says when and why, and what it had waited for, in\n" +
        "intervals. The answer is the grant rule's own, as of the last entry of the ledger, or as of --at. With --pool it\n" +
        "says the same from the side of a pool: who holds it, and who waits in which order.",
    )
    .argument("[id]", "the job's id")
    .option("--pool <name>", "explain this pool instead of a job: resource:ollama, or just ollama")
    .action(async (id: string | undefined, { pool }: { pool?: string }, self: Command) => {
      if ((id === undefined) === (pool === undefined))
        throw CliFailure.usage("explain: give a job's id, or --pool with a pool's name");
      await withQuestions(self, terminal, async (questions, { output }) => {
        if (pool !== undefined) {
          const told = await questions.query("explain-pool", { pool });
          return printDocument(terminal, output, told, (shown) => poolText(shown, terminal));
        }
        const told = await questions.query("explain", { id });
        printDocument(terminal, output, told, (shown) => explanationText(shown, terminal));
      });
    });
  addExamples(command, [
    "signalbox explain j43",
    "signalbox explain j43 --at 812 -o json",
    "signalbox explain --pool ollama",
  ]);
}

function explanationText(told: Explanation, terminal: Terminal): string {
  const { text, forecast } = told;
  const parts = [
    oneLine(forecast === null ? text : `${text} Start: ${forecast.text}.`),
    blocksTable(told, terminal),
    waitsTable(told, terminal),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function blocksTable({ blockedBy }: Explanation, terminal: Terminal): string {
  if (blockedBy.length === 0) return "";
  return drawTable(
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
}

/** The sentence tells a single interval by itself. */
function waitsTable({ waits }: Explanation, terminal: Terminal): string {
  if (waits.length < 2) return "";
  return drawTable(
    waits.slice(-WAITS_SHOWN_MAX),
    [
      { title: "WAITED FROM", text: ({ from }) => from },
      { title: "FOR", text: ({ ms }) => formatDuration(ms), align: "right" },
      { title: "POOL", text: ({ pool }) => pool ?? "–" },
      { title: "CAUSE", text: ({ cause }) => cause },
      { title: "BEHIND", text: ({ behind }) => named([...new Set(behind.map(({ job }) => job))]), mayShrink: true },
    ],
    terminal,
  );
}

function poolText({ text, waiting }: PoolExplanation, terminal: Terminal): string {
  if (waiting.length === 0) return oneLine(text);
  const shown = waiting.slice(0, WAITS_SHOWN_MAX);
  const table = drawTable(
    shown.map((waiter, index) => ({ ...waiter, place: index + 1 })),
    [
      { title: "PLACE", text: ({ place }) => String(place), align: "right" },
      { title: "WAITS", text: ({ job }) => job, mayShrink: true },
      { title: "NEEDS", text: ({ needs }) => String(needs), align: "right" },
      { title: "BEFORE THE NEXT BY", text: ({ why }) => why ?? "–" },
    ],
    terminal,
  );
  const rest = waiting.length - shown.length;
  return `${oneLine(text)}\n\n${table}${rest > 0 ? `\nand ${rest} more` : ""}`;
}

function named(jobs: readonly string[]): string {
  const rest = jobs.length - NAMED_MAX;
  return jobs.slice(0, NAMED_MAX).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
