/** `queue`: the waiting jobs in the order of granting, each with what keeps it from starting. */
import type { Command } from "commander";
import { formatDuration } from "../../../events/duration.js";
import type { Forecast } from "../../../projections/forecast/forecast.js";
import type { QueueItem } from "../../../projections/views/views.js";
import type { Questions } from "../../client/questions.js";
import { wholeNumber } from "../arguments.js";
import { QUEUE_COLUMNS } from "../columns.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { pagesOf } from "../pages.js";
import { printList } from "../printing.js";
import { drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { addWatch, type ShowOptions, showAnswer, WATCHED_MAX } from "../watching.js";
import { demandText, relativeTime } from "../wording.js";

interface QueueOptions {
  readonly pool?: string;
  readonly limit?: number;
  readonly forecastError?: true;
  readonly watch?: true;
}

const SHOWN_JOBS_DEFAULT = 50;

export function defineQueue(command: Command, terminal: Terminal): void {
  command
    .description(
      "Lists the jobs that wait for slots in the order in which they will be granted, with the pools that keep each from\n" +
        "starting, and when each is expected to start, from how long runs of each type took. `signalbox explain <id>` tells more\n" +
        "about one of them. With --forecast-error it walks the ledger instead, and measures how far off such forecasts would\n" +
        "have been.",
    )
    .option(
      "--pool <name>",
      "only jobs that need units of this pool, such as resource:ollama, or ollama where that is clear",
    )
    .option("--limit <n>", "at most so many", wholeNumber(1))
    .option("--forecast-error", "measure on the ledger how far off forecasts would have been")
    .action(async (own: QueueOptions, self: Command) => {
      if (own.forecastError !== true)
        return await showAnswer(self, terminal, (questions, options, shown) =>
          showQueue(questions, own, options, shown),
        );
      if (own.pool !== undefined || own.limit !== undefined || own.watch === true)
        throw CliFailure.usage("--forecast-error measures the whole ledger: leave out --pool, --limit and --watch");
      const { forecastError } = await import("./forecast-error.js");
      return await forecastError(self, terminal);
    });
  addWatch(command);
  addExamples(command, [
    "signalbox queue --limit 10",
    "signalbox queue --pool resource:ollama -o json",
    "signalbox queue --pool ollama --watch",
    "signalbox queue --forecast-error --log backup.jsonl",
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
  // Forecasts move with the clock: as lines of JSON, one for each change, there would be no end of them.
  const filter = { forecast: !watch || output === "table", ...(own.pool !== undefined && { pool: own.pool }) };
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
      { title: "EXPECTED", text: ({ forecast }) => (forecast === undefined ? "–" : expectedText(forecast, now)) },
      {
        title: "WAITS FOR",
        text: ({ blockedBy }) => blockedBy.map(({ pool, cause }) => `${pool} (${cause})`).join(", ") || "nothing",
        mayShrink: true,
      },
    ],
    terminal,
  );
}

/** What was expected longer ago than this is no more expected now: the queue of an exported log, or of the past, is shown. */
const OVERDUE_MS_MAX = 60_000;

/**
 * `in 4 min (2 min to 6 min)`, or the time that was expected in the past; a dash where no forecast can be made, for which `explain`
 * tells the reason.
 */
function expectedText({ expected, earliest, latest }: Forecast, now: number): string {
  if (expected === null || earliest === null || latest === null) return "–";
  const inMs = (at: string) => Math.max(0, Date.parse(at) - now);
  if (now - Date.parse(latest) > OVERDUE_MS_MAX) return expected;
  if (inMs(latest) === 0) return "now";
  return `in ${formatDuration(inMs(expected))} (${formatDuration(inMs(earliest))} to ${formatDuration(inMs(latest))})`;
}
