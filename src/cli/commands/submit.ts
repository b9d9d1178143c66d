/** `submit`: publishes a job to the intake; with --wait or --follow stays until it has ended. With --from many (submit-from.ts). */
import type { Command } from "commander";
import { GROUP_ORDER_MAX } from "../../../events/submission.js";
import { ClientFailure } from "../../client/failure.js";
import type { Session } from "../../client/session.js";
import { type SubmissionRequest, type Submitted, submitJob } from "../../client/submit.js";
import { type WatchHooks, watchJob } from "../../client/watch.js";
import { keyValue, tagUnits, wholeNumber } from "../arguments.js";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { listenForInterrupt } from "../interrupt.js";
import { readJsonObject } from "../json-input.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";
import { Follower } from "./follower.js";
import { jobEnding, reportEnd } from "./job-end.js";
import type { SubmitFromOptions } from "./submit-from.js";

interface SubmitOptions extends SubmitFromOptions {
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
  readonly follow?: boolean;
}

/** What with --from each line says for itself. */
const OF_ONE_JOB = {
  id: "--id",
  params: "--params",
  priority: "--priority",
  resource: "--resource",
  template: "--template",
  delay: "--delay",
  runAt: "--run-at",
  timeout: "--timeout",
  maxAttempts: "--max-attempts",
  label: "--label",
  group: "--group",
  order: "--order",
  sequential: "--sequential",
} as const satisfies Partial<Record<keyof SubmitOptions, string>>;
const OF_MANY_JOBS = { skip: "--skip", strict: "--strict", dryRun: "--dry-run" } as const satisfies Partial<
  Record<keyof SubmitOptions, string>
>;

export function defineSubmit(command: Command, terminal: Terminal): void {
  command
    .description(
      "Submits a job and prints its id as soon as the server has stored it. With --wait or --follow it stays until the job\n" +
        "has ended and prints the result; the exit code is 1 if the job did not complete.\n\n" +
        'With --from it submits many: JSON Lines, each line a submission such as {"type": "story", "params": {…}}; the type may\n' +
        "be given once on the command line instead. Wrong lines are told by their numbers and left out, the others are\n" +
        "submitted, and the exit code is 1; with --strict all lines are checked before the first is submitted. What was not\n" +
        "acknowledged is sent again; should it stay unknown what became of some lines, they are named. Ctrl-C stops in order\n" +
        "and says how to go on with --skip. -o jsonl prints {line, id} for each line as soon as it is stored.",
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
    .option("--wait", "wait until the job has ended, or all of them")
    .option("--follow", "the same, and show how it gets on")
    .option("--from <file>", "submit many: JSON Lines from a file, or - for standard input")
    .option("--skip <n>", "with --from: leave out so many lines at the beginning", wholeNumber(0))
    .option("--strict", "with --from: submit nothing if a line is wrong")
    .option("--dry-run", "with --from: check the lines and submit nothing; needs no server")
    .action(async (type: string | undefined, _own: unknown, self: Command) => {
      const options = self.optsWithGlobals<SubmitOptions>();
      refuseMixture(options);
      if (options.from !== undefined) {
        const { submitFrom } = await import("./submit-from.js");
        return await submitFrom(self, type ?? null, options, terminal);
      }
      await withSession(self, terminal, (session) => submit(session, type ?? null, options, terminal));
    });
  addExamples(command, [
    `signalbox submit story --params '{"prompt": "A signal box at night"}' --follow`,
    "signalbox submit thumbs --params @picture.json --priority 10 --resource cpu-bound=2",
    `id=$(signalbox submit story --template nightly --delay 5m)`,
    "signalbox submit story --from chapters.jsonl --wait",
    "signalbox submit --from - -o jsonl",
    "signalbox submit story --group book-9 --sequential --order 7",
  ]);
}

function refuseMixture(options: SubmitOptions): void {
  const given = (names: Partial<Record<keyof SubmitOptions, string>>) =>
    Object.entries(names).find(([key]) => options[key as keyof SubmitOptions] !== undefined)?.[1];
  if (options.from === undefined) {
    const ofMany = given(OF_MANY_JOBS);
    if (ofMany !== undefined) throw CliFailure.usage(`${ofMany} is about many jobs: give them with --from`);
    return;
  }
  const ofOne = given(OF_ONE_JOB);
  if (ofOne !== undefined)
    throw CliFailure.usage(`${ofOne} is about one job, and with --from each line says its own: leave it out`);
  if (options.follow !== undefined) throw CliFailure.usage("--follow shows one job; with --from use --wait");
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
