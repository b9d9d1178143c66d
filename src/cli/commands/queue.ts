/** `queue`: the waiting jobs in the order of granting, each with what keeps it from starting. */
import type { Command } from "commander";
import type { QueueItem } from "../../../projections/views.js";
import type { Questions } from "../../client/questions.js";
import { wholeNumber } from "../arguments.js";
import { QUEUE_COLUMNS } from "../columns.js";
import { addExamples } from "../examples.js";
import { pagesOf } from "../pages.js";
import { printList } from "../printing.js";
import { drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { addWatch, type ShowOptions, showAnswer, WATCHED_MAX } from "../watching.js";
import { demandText, relativeTime } from "../wording.js";

interface QueueOptions {
  readonly pool?: string;
  readonly limit?: number;
}

const SHOWN_JOBS_DEFAULT = 50;

export function defineQueue(command: Command, terminal: Terminal): void {
  command
    .description(
      "Lists the jobs that wait for slots in the order in which they will be granted, with the pools that keep each from\n" +
        "starting. `signalbox explain <id>` tells more about one of them.",
    )
    .option(
      "--pool <name>",
      "only jobs that need units of this pool, such as resource:ollama, or ollama where that is clear",
    )
    .option("--limit <n>", "at most so many", wholeNumber(1))
    .action((own: QueueOptions, self: Command) =>
      showAnswer(self, terminal, (questions, options, shown) => showQueue(questions, own, options, shown)),
    );
  addWatch(command);
  addExamples(command, [
    "signalbox queue --limit 10",
    "signalbox queue --pool resource:ollama -o json",
    "signalbox queue --pool ollama --watch",
  ]);
}

async function showQueue(
  questions: Questions,
  own: QueueOptions,
  { output, watch = false }: ShowOptions,
  terminal: Terminal,
): Promise<void> {
  const isCut = own.limit === undefined && (watch || (terminal.isInteractive && output === "table"));
  const limit = own.limit ?? (isCut ? SHOWN_JOBS_DEFAULT : Number.POSITIVE_INFINITY);
  const filter = own.pool === undefined ? {} : { pool: own.pool };
  const items = await pagesOf(
    (page) => questions.query("queue", { ...filter, ...page }),
    watch ? Math.min(limit, WATCHED_MAX) : limit,
    ({ job }) => job,
  );
  printList(terminal, output, items, () => queueTable(items, terminal), QUEUE_COLUMNS);
  if (isCut && items.length === limit && output === "table")
    terminal.err(`the first ${limit} are shown; --limit shows more`);
}

function queueTable(items: readonly QueueItem[], terminal: Terminal): string {
  if (items.length === 0) {
    terminal.err("no job waits for a slot");
    return "";
  }
  const now = Date.now();
  return drawTable(
    items,
    [
      { title: "PLACE", text: ({ place }) => String(place), align: "right" },
      { title: "JOB", text: ({ job }) => job, mayShrink: true },
      { title: "TYPE", text: ({ type }) => type, mayShrink: true },
      { title: "PRIO", text: ({ priority }) => String(priority), align: "right" },
      { title: "TRY", text: ({ attempt }) => String(attempt), align: "right" },
      { title: "CREATED", text: ({ createdAt }) => relativeTime(createdAt, now) },
      { title: "NEEDS", text: ({ demand }) => demandText(demand), mayShrink: true },
      {
        title: "WAITS FOR",
        text: ({ blockedBy }) => blockedBy.map(({ pool, cause }) => `${pool} (${cause})`).join(", ") || "nothing",
        mayShrink: true,
      },
    ],
    terminal,
  );
}
