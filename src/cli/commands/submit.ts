/** `submit`: publishes a job to the intake; with --wait or --follow stays until it has ended. */
import type { Command } from "commander";
import { GROUP_ORDER_MAX } from "../../../events/submission.js";
import {
  ClientFailure,
  type Session,
  type SubmissionRequest,
  type Submitted,
  submitJob,
  type WatchHooks,
  watchJob,
} from "../../client/index.js";
import { keyValue, tagUnits, wholeNumber } from "../arguments.js";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { listenForInterrupt } from "../interrupt.js";
import { readJsonObject } from "../json-input.js";
import type { CommonOptions } from "../options.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";
import { Follower } from "./follower.js";
import { jobEnding, reportEnd } from "./job-end.js";

interface SubmitOptions extends CommonOptions {
  readonly params?: string;
  readonly id?: string;
  readonly priority?: number;
  readonly resource?: Readonly<Record<string, number>>;
  readonly template?: string;
  readonly delay?: string;
  readonly runAt?: string;
  readonly timeout?: string;
  readonly maxAttempts?: number;
  readonly label?: Readonly<Record<string, string>>;
  readonly group?: string;
  readonly order?: number;
  readonly sequential?: true;
  readonly wait?: boolean;
  readonly follow?: boolean;
}

export function registerSubmit(program: Command, terminal: Terminal): void {
  const command = program
    .command("submit")
    .summary("submit a job")
    .description(
      "Submits a job and prints its id as soon as the server has stored it. With --wait or --follow it stays until the job\n" +
        "has ended and prints the result; the exit code is 1 if the job did not complete.",
    )
    .argument("[type]", "job type; may be left out with --template")
    .option("--params <json>", "parameters: a JSON object, @file, or - for standard input")
    .option("--id <id>", "the job's id; a second submission with the same id changes nothing")
    .option("--priority <n>", "from -1000 to 1000, higher first", wholeNumber(-1000, 1000))
    .option("--resource <tag=units>", "slots of a resource that it needs (may be repeated)", tagUnits)
    .option("--template <name>", "a template of the configuration")
    .option("--delay <duration>", "start no sooner than after this, such as 5m")
    .option("--run-at <time>", "start no sooner than then, such as 2026-12-01T08:00:00Z")
    .option("--timeout <duration>", "time limit of an attempt")
    .option("--max-attempts <n>", "attempts in all", wholeNumber(1, 100))
    .option("--label <key=value>", "a label (may be repeated)", keyValue)
    .option("--group <id>", "make it a member of this group")
    .option(
      "--order <n>",
      "its place in a sequential group: of those that wait the lowest is next",
      wholeNumber(-GROUP_ORDER_MAX, GROUP_ORDER_MAX),
    )
    .option("--sequential", "members of the group run one after the other; after a failure the rest are cancelled")
    .option("--wait", "wait until the job has ended")
    .option("--follow", "the same, and show how it gets on")
    .action(async (type: string | undefined, _own: unknown, self: Command) => {
      await withSession(self, terminal, (session) => submit(session, type ?? null, self.optsWithGlobals(), terminal));
    });
  addExamples(command, [
    `signalbox submit story --params '{"prompt": "A signal box at night"}' --follow`,
    "signalbox submit thumbs --params @picture.json --priority 10 --resource cpu-bound=2",
    `id=$(signalbox submit story --template nightly --delay 5m)`,
    "signalbox submit story --group book-9 --sequential --order 7",
  ]);
}

async function submit(
  session: Session,
  type: string | null,
  options: SubmitOptions,
  terminal: Terminal,
): Promise<void> {
  const submission = await submissionOf(options, terminal);
  if (options.wait !== true && options.follow !== true) {
    const { id, sequence } = await submitJob(session, type, submission);
    return printDocument(terminal, options.output, { id, sequence }, () => id);
  }
  using interrupt = listenForInterrupt();
  const follower = new Follower(terminal, options.follow === true);
  const hooks: WatchHooks = {
    onFact: (fact) => follower.fact(fact),
    onProgress: (update) => follower.progress(update),
    onNoScheduler: () => terminal.err("no scheduler answers; the job waits in the intake until one runs"),
  };
  // With an id of one's own the watch begins before the job does, so that it shows everything.
  const early = options.id === undefined ? null : await watchJob(session, options.id, hooks);
  if (options.id !== undefined && (await isKnown(session, options.id)))
    terminal.err(`there is a job ${options.id} already: nothing new is submitted, and this is about the earlier one`);
  const submitted: Submitted = await submitJob(session, type, submission);
  const watch = early ?? (await watchJob(session, submitted.id, hooks));
  if (options.output === "table") terminal.out(submitted.id);
  const job = await watch.ended(interrupt.signal);
  watch.close();
  follower.end();
  if (job === null)
    throw interrupt.failure(`no longer waiting; ${submitted.id} goes on: see \`signalbox job ${submitted.id}\``);
  printDocument(terminal, options.output, job, () => (follower.hasShown(job.result) ? "" : jobEnding(job)));
  reportEnd(job, terminal);
}

/** Whether a job is there; false also if nobody can say. */
async function isKnown(session: Session, id: string): Promise<boolean> {
  try {
    await session.ask("job", { id });
    return true;
  } catch (error) {
    if (error instanceof ClientFailure) return false;
    throw error;
  }
}

async function submissionOf(options: SubmitOptions, terminal: Terminal): Promise<SubmissionRequest> {
  const { id, priority, template, delay, runAt, timeout, maxAttempts, resource, label, params } = options;
  if (params === "") throw CliFailure.usage("--params is empty; leave it out, or give a JSON object");
  const given = {
    id,
    params: params === undefined ? undefined : await readJsonObject("--params", params, terminal),
    priority,
    resources: resource,
    template,
    runAt,
    delay,
    timeout,
    maxAttempts,
    labels: label,
    group: groupOf(options),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function groupOf({ group: id, order, sequential }: SubmitOptions): object | undefined {
  if (id !== undefined)
    return { id, ...(order !== undefined && { order }), ...(sequential !== undefined && { sequential }) };
  if (order !== undefined || sequential !== undefined)
    throw CliFailure.usage("--order and --sequential say something about a group: name it with --group");
  return undefined;
}
