/** `groups`: lists the groups of jobs. */
import type { Command } from "commander";
import type { GroupListItem } from "../../../projections/views/views.js";
import type { Questions } from "../../client/questions.js";
import { wholeNumber } from "../arguments.js";
import { GROUP_COLUMNS } from "../columns.js";
import { addExamples } from "../examples.js";
import { pagesOf } from "../pages.js";
import { printList } from "../printing.js";
import { drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { addWatch, type ShowOptions, showAnswer, WATCHED_MAX } from "../watching.js";
import { countsText, paintStatus } from "../wording.js";

export function defineGroups(command: Command, terminal: Terminal): void {
  command
    .description("Lists the groups, in the order in which they came, and how each of them stands.")
    .option("--limit <n>", "at most so many", wholeNumber(1))
    .action(({ limit = Number.POSITIVE_INFINITY }: { limit?: number }, self: Command) =>
      showAnswer(self, terminal, (questions, options, shown) => showGroups(questions, limit, options, shown)),
    );
  addWatch(command);
  addExamples(command, ["signalbox groups", "signalbox groups -o csv", "signalbox groups --log backup.jsonl --at 812"]);
}

async function showGroups(
  questions: Questions,
  limit: number,
  { output, watch = false }: ShowOptions,
  terminal: Terminal,
): Promise<void> {
  const groups = await pagesOf(
    (page) => questions.query("groups", page),
    watch ? Math.min(limit, WATCHED_MAX) : limit,
    ({ id }) => id,
  );
  const toText = () => {
    if (groups.length > 0) return groupsTable(groups, terminal);
    terminal.err("no groups");
    return "";
  };
  printList(terminal, output, groups, toText, GROUP_COLUMNS);
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
