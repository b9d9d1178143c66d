/** `groups`: lists the groups of jobs. */
import type { Command } from "commander";
import type { GroupListItem } from "../../../projections/views.js";
import { wholeNumber } from "../arguments.js";
import { withQuestions } from "../asking.js";
import { addExamples } from "../examples.js";
import { pagesOf } from "../pages.js";
import { printList } from "../printing.js";
import { drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { countsText, paintStatus } from "../wording.js";

export function defineGroups(command: Command, terminal: Terminal): void {
  command
    .description("Lists the groups, in the order in which they came, and how each of them stands.")
    .option("--limit <n>", "at most so many", wholeNumber(1))
    .action(async ({ limit = Number.POSITIVE_INFINITY }: { limit?: number }, self: Command) => {
      await withQuestions(self, terminal, async (questions, { output }) => {
        const groups = await pagesOf(
          (page) => questions.query("groups", page),
          limit,
          ({ id }) => id,
        );
        printList(terminal, output, groups, (shown) => {
          if (shown.length === 0) terminal.err("no groups");
          return shown.length === 0 ? "" : groupsTable(shown, terminal);
        });
      });
    });
  addExamples(command, [
    "signalbox groups",
    "signalbox groups -o jsonl",
    "signalbox groups --log backup.jsonl --at 812",
  ]);
}

function groupsTable(groups: readonly GroupListItem[], terminal: Terminal): string {
  return drawTable(
    groups,
    [
      { title: "GROUP", text: ({ id }) => id, mayShrink: true },
      {
        title: "STATUS",
        text: ({ status }) => status,
        paint: (cell, { status }) => paintStatus(terminal.colors, status, cell),
      },
      { title: "ENDED", text: ({ ended, total }) => `${ended}/${total}`, align: "right" },
      { title: "MEMBERS", text: ({ counts }) => countsText(counts), mayShrink: true },
      { title: "TURN", text: ({ sequential, turn }) => (sequential ? (turn ?? "–") : ""), mayShrink: true },
      { title: "REASON", text: ({ reason }) => reason ?? "", mayShrink: true },
    ],
    terminal,
  );
}
