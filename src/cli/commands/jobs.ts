/** `jobs`: lists jobs, those at work first, then the waiting ones in their order, then the finished ones; or sorted. */
import { type Command, InvalidArgumentError } from "commander";
import { JOB_STATES, type JobState } from "../../../events/states.js";
import { JOB_SORT_FIELDS, parseJobSort } from "../../api/job-sort.js";
import type { Questions } from "../../client/questions.js";
import { anyId, keyValue, oneOf, wholeNumber } from "../arguments.js";
import { JOB_COLUMNS } from "../columns.js";
import { addExamples } from "../examples.js";
import { pagesOf } from "../pages.js";
import { printList } from "../printing.js";
import { momentOf, readSince, type Since } from "../since.js";
import type { Terminal } from "../terminal.js";
import { addWatch, type ShowOptions, showAnswer, WATCHED_MAX } from "../watching.js";
import { jobsTable } from "./job-table.js";

interface JobsOptions {
  readonly state?: readonly JobState[];
  readonly type?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly since?: Since;
  readonly pool?: string;
  readonly group?: string;
  readonly sort?: string;
  readonly limit?: number;
}

/** On a terminal; in a file or a pipe all jobs are listed. */
const SHOWN_JOBS_DEFAULT = 50;

export function defineJobs(command: Command, terminal: Terminal): void {
  command
    .description(
      "Lists jobs: those that hold slots, oldest grant first; those that wait, in the order of granting; those that wait for\n" +
        "their time; the finished ones, newest first. With --sort all of them together. On a terminal, and with --watch, the\n" +
        `first ${SHOWN_JOBS_DEFAULT} are shown unless --limit says otherwise.`,
    )
    .option("--state <state>", `only in this state (may be repeated): ${JOB_STATES.join(", ")}`, oneOf(JOB_STATES))
    .option("--type <type>", "only of this type")
    .option("--label <key=value>", "only with this label (may be repeated)", keyValue)
    .option("--since <when>", "only created since then: 30m ago, or a time such as 2026-12-01T08:00:00Z", readSince)
    .option("--pool <name>", "only those that need units of this pool: resource:ollama, or ollama where that is clear")
    .option("--group <id>", "only members of this group", anyId)
    .option("--sort <field>", `by ${JOB_SORT_FIELDS.join(", ")}; with :desc the other way round`, readSort)
    .option("--limit <n>", "at most so many", wholeNumber(1))
    .action((own: JobsOptions, self: Command) =>
      showAnswer(self, terminal, (questions, options, shown) => showJobs(questions, own, options, shown)),
    );
  addWatch(command);
  addExamples(command, [
    "signalbox jobs --state running --state queued --watch",
    "signalbox jobs --type story --label book=9 -o json",
    "signalbox jobs --since 1h --pool ollama --sort finishedAt:desc -o csv",
    "signalbox jobs --log backup.jsonl --at 812",
  ]);
}

async function showJobs(
  questions: Questions,
  own: JobsOptions,
  options: ShowOptions,
  terminal: Terminal,
): Promise<void> {
  const { output, watch = false } = options;
  const isCut = own.limit === undefined && (watch || (terminal.isInteractive && output === "table"));
  const limit = own.limit ?? (isCut ? SHOWN_JOBS_DEFAULT : Number.POSITIVE_INFINITY);
  const filter = await filterOf(own, questions, options);
  const jobs = await pagesOf(
    (page) => questions.query("jobs", { ...filter, ...page }),
    watch ? Math.min(limit, WATCHED_MAX) : limit,
    ({ id }) => id,
  );
  const toText = () => {
    if (jobs.length > 0) return jobsTable(jobs, terminal);
    terminal.err("no jobs");
    return "";
  };
  printList(terminal, output, jobs, toText, JOB_COLUMNS);
  if (isCut && jobs.length === limit && output === "table") terminal.err(await restText(questions, own, jobs.length));
}

async function filterOf(own: JobsOptions, questions: Questions, options: ShowOptions): Promise<object> {
  const { state, type, label, since, pool, group, sort } = own;
  return {
    ...(state !== undefined && { states: state }),
    ...(type !== undefined && { type }),
    ...(label !== undefined && { labels: label }),
    ...(since !== undefined && { since: await momentOf(since, questions, options) }),
    ...(pool !== undefined && { pool }),
    ...(group !== undefined && { group }),
    ...(sort !== undefined && { sort }),
  };
}

function readSort(text: string): string {
  if (parseJobSort(text) !== null) return text;
  throw new InvalidArgumentError(`Give a field, as in createdAt or createdAt:desc: ${JOB_SORT_FIELDS.join(", ")}.`);
}

/** How many there are in all is known without listing them only where nothing but states is asked for. */
async function restText(questions: Questions, own: JobsOptions, shown: number): Promise<string> {
  const { state, type, label, since, pool, group } = own;
  if ([type, label, since, pool, group].some((asked) => asked !== undefined))
    return `the first ${shown} are shown; --limit shows more`;
  const { jobs } = await questions.query("health");
  const states = state ?? JOB_STATES;
  const all = states.reduce((sum, name) => sum + jobs[name], 0);
  return all > shown ? `${shown} of ${all} shown; --limit shows more` : `${shown} of ${shown} shown`;
}
