/** `jobs`: lists jobs, those at work first, then the waiting ones in their order, then the finished ones. */
import type { Command } from "commander";
import { JOB_STATES, type JobState } from "../../../events/states.js";
import type { Questions } from "../../client/questions.js";
import { keyValue, oneOf, wholeNumber } from "../arguments.js";
import { withQuestions } from "../asking.js";
import { addExamples } from "../examples.js";
import { pagesOf } from "../pages.js";
import { printList } from "../printing.js";
import type { Terminal } from "../terminal.js";
import { jobsTable } from "./job-table.js";

interface JobsOptions {
  readonly state?: readonly JobState[];
  readonly type?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly limit?: number;
}

/** On a terminal; in a file or a pipe all jobs are listed. */
const SHOWN_JOBS_DEFAULT = 50;

export function defineJobs(command: Command, terminal: Terminal): void {
  command
    .description(
      "Lists jobs: those that hold slots, oldest grant first; those that wait, in the order of granting; those that wait for\n" +
        `their time; the finished ones, newest first. On a terminal the first ${SHOWN_JOBS_DEFAULT} are shown unless --limit says otherwise.`,
    )
    .option("--state <state>", `only in this state (may be repeated): ${JOB_STATES.join(", ")}`, oneOf(JOB_STATES))
    .option("--type <type>", "only of this type")
    .option("--label <key=value>", "only with this label (may be repeated)", keyValue)
    .option("--limit <n>", "at most so many", wholeNumber(1))
    .action(async (own: JobsOptions, self: Command) => {
      await withQuestions(self, terminal, async (questions, { output }) => {
        const isCut = own.limit === undefined && terminal.isInteractive && output === "table";
        const limit = own.limit ?? (isCut ? SHOWN_JOBS_DEFAULT : Number.POSITIVE_INFINITY);
        const jobs = await pagesOf(
          (page) => questions.query("jobs", { ...filterOf(own), ...page }),
          limit,
          ({ id }) => id,
        );
        printList(terminal, output, jobs, (shown) => {
          if (shown.length === 0) terminal.err("no jobs");
          return shown.length === 0 ? "" : jobsTable(shown, terminal);
        });
        if (isCut && jobs.length === limit) terminal.err(await restText(questions, own, jobs.length));
      });
    });
  addExamples(command, [
    "signalbox jobs --state running --state queued",
    "signalbox jobs --type story --label book=9 -o json",
    "signalbox jobs --log backup.jsonl --at 812",
  ]);
}

function filterOf({ state, type, label }: JobsOptions): object {
  return {
    ...(state !== undefined && { states: state }),
    ...(type !== undefined && { type }),
    ...(label !== undefined && { labels: label }),
  };
}

/** How many there are in all is known without listing them only where no type or label is asked for. */
async function restText(questions: Questions, { state, type, label }: JobsOptions, shown: number): Promise<string> {
  if (type !== undefined || label !== undefined) return `the first ${shown} are shown; --limit shows more`;
  const { jobs } = await questions.query("health");
  const states = state ?? JOB_STATES;
  const all = states.reduce((sum, name) => sum + jobs[name], 0);
  return all > shown ? `${shown} of ${all} shown; --limit shows more` : `${shown} of ${shown} shown`;
}
