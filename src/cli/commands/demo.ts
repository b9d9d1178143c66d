/**
 * `signalbox demo`: the whole loop on sample jobs. It runs a scheduler of its own, publishes jobs as any NATS client may,
 * watches the ledger, and closes with a summary that is computed from the ledger. Nothing of it is left afterwards.
 */
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type JobId, position } from "../../../events/names.js";
import { isTerminal } from "../../../events/states.js";
import { Fold } from "../../../projections/fold.js";
import { stateOf } from "../../../projections/jobs.js";
import { readMessages } from "../../client/reader.js";
import { type Host, startHost } from "../../host.js";
import { entryOf } from "../../log/entry.js";
import { JetStreamLog } from "../../log/jetstream.js";
import type { Log } from "../../log/log.js";
import { Publisher } from "../../log/publisher.js";
import { createLogger } from "../../logger.js";
import { openConnection } from "../../nats/connection.js";
import type { NatsConnection } from "../../nats/door.js";
import { type LedgerSummary, type PlacedEntry, summarize, summaryLines } from "../../summary/index.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { listenForInterrupt } from "../interrupt.js";
import type { CommonOptions } from "../options.js";
import { takesNoRows } from "../printing.js";
import type { Terminal } from "../terminal.js";
import { type DemoApi, startDemoApi } from "./demo-api.js";
import { type DemoJob, demoJobs } from "./demo-jobs.js";
import { showProgress } from "./demo-progress.js";
import { chooseStoryteller, demoConfiguration, type Storyteller, submissionOf } from "./demo-setting.js";
import { logDestination } from "./up-log.js";

/** It takes some 15 s; with a slow model a minute. Beyond this something is wrong, and said to be. */
const DEMO_MS_MAX = 180_000;
const SEED_MAX = 2 ** 32 - 1;

interface DemoOptions extends CommonOptions {
  readonly seed?: number;
}

export function defineDemo(command: Command, terminal: Terminal): void {
  takesNoRows(command);
  command
    .description(
      "Runs 24 sample jobs of three types through a scheduler and a NATS server of its own, with limits per resource:\n" +
        "one Ollama request, three API requests and two programs at a time. Closes with a summary from the ledger.\n" +
        "Without an Ollama server a small program stands in for it. Nothing is left behind.",
    )
    .option("--seed <number>", "the same jobs and priorities again (default: drawn, and shown)", readSeed)
    .action((_options: unknown, command: Command) => demo(command.optsWithGlobals<DemoOptions>(), terminal));
  addExamples(command, ["signalbox demo", "signalbox demo --seed 7 -o json"]);
}

async function demo({ seed = randomInt(SEED_MAX), output }: DemoOptions, terminal: Terminal): Promise<void> {
  using interrupt = listenForInterrupt();
  // What was started is ended in reverse, whatever happens in between.
  await using started = new Started();
  const folder = await mkdtemp(join(tmpdir(), "signalbox-demo-"));
  started.endWith(() => rm(folder, { recursive: true, force: true }));
  const api = await startDemoApi();
  started.endWith(() => api.stop());
  const storyteller = await chooseStoryteller(terminal.env);
  terminal.err(storyteller.text);
  const namespace = `demo-${process.pid}`;
  const configuration = await demoConfiguration({ folder, namespace, storyteller, apiUrl: api.url });
  const host = await startHost({
    configuration,
    connection: { kind: "embedded" },
    log: createLogger("warn", logDestination(terminal)),
    onFetch: (text) => terminal.err(text),
  });
  started.endWith(() => host.stop());
  const nc = await openConnection(host.settings, "signalbox demo");
  started.endWith(() => nc.close());

  const jobs = demoJobs(seed);
  terminal.err(`${jobs.length} jobs with random priorities (seed ${seed}) in namespace ${namespace} at ${host.url}`);
  await publish(nc, host, jobs, storyteller);
  const show = showProgress(terminal, terminal.isInteractive && output === "table");
  const ledger = await ledgerOf(nc, host);
  const stop = AbortSignal.any([interrupt.signal, AbortSignal.timeout(DEMO_MS_MAX)]);
  const states = await watchUntilEnded(ledger, jobs, show, stop, host);
  if (interrupt.signal.aborted) throw interrupt.failure("interrupted; nothing is left running");

  const summary = summarize(await readBack(ledger));
  if (output === "table") for (const line of ["", ...summaryLines(summary), apiLine(api)]) terminal.out(line);
  else terminal.out(JSON.stringify({ seed, storyteller: storyteller.kind, apiMostAtOnce: api.mostAtOnce(), summary }));
  refuseSurprises({ jobs, states, summary, api });
}

/** What was started, and how each of it is ended. */
class Started implements AsyncDisposable {
  readonly #ends: (() => Promise<unknown>)[] = [];

  endWith(end: () => Promise<unknown>): void {
    this.#ends.push(end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
  }
}

/** Plain publishes to `<ns>.submit.<type>`: what any NATS client in any language does. The PubAck says "stored". */
async function publish(
  nc: NatsConnection,
  { scheduler }: Host,
  jobs: readonly DemoJob[],
  storyteller: Storyteller,
): Promise<void> {
  const js = nc.jetstream();
  for (const job of jobs)
    await js.publish(`${scheduler.subjects.submit}.${job.type}`, JSON.stringify(submissionOf(job, storyteller)));
}

async function ledgerOf(nc: NatsConnection, { scheduler }: Host): Promise<Log> {
  const jsm = await nc.jetstreamManager();
  return new JetStreamLog({ nc, jsm, stream: scheduler.subjects.ledgerStream, publisher: new Publisher(nc) });
}

type States = ReadonlyMap<string, string>;

/** Follows the ledger until all jobs are in a terminal state, or `stop` aborts. Gives the states then. */
async function watchUntilEnded(
  ledger: Log,
  jobs: readonly DemoJob[],
  progress: ReturnType<typeof showProgress>,
  stop: AbortSignal,
  host: Host,
): Promise<States> {
  const over = new AbortController();
  void host.ended.then(() => over.abort());
  const fold = new Fold();
  const stateNow = (id: string): string => {
    const row = fold.jobs.get(id as JobId);
    return row === undefined ? "not submitted" : stateOf(row);
  };
  for await (const batch of ledger.follow(0, AbortSignal.any([stop, over.signal]))) {
    for (const message of batch) {
      const entry = entryOf(message);
      fold.apply(position(message.sequence), entry);
      progress.show(position(message.sequence), entry, fold);
    }
    if (jobs.every(({ id }) => isTerminal(stateNow(id)))) break;
  }
  progress.end();
  return new Map(jobs.map(({ id }) => [id, stateNow(id)]));
}

/** The whole ledger, from the stream: the summary rests on what is stored, not on what was seen. */
async function readBack(ledger: Log): Promise<PlacedEntry[]> {
  const { last } = await ledger.state();
  const entries: PlacedEntry[] = [];
  for await (const message of readMessages(ledger, 0, last))
    entries.push([position(message.sequence), entryOf(message)]);
  return entries;
}

function apiLine(api: DemoApi): string {
  return `the API itself counted ${api.mostAtOnce()} requests at once, of ${API_AT_ONCE_MAX} allowed`;
}

const API_AT_ONCE_MAX = 3;

/** The exit code says whether everything was as it should be; a demo that fails says what was not. */
function refuseSurprises(seen: {
  readonly jobs: readonly DemoJob[];
  readonly states: States;
  readonly summary: LedgerSummary;
  readonly api: DemoApi;
}): void {
  const { jobs, states, summary, api } = seen;
  const surprises = jobs
    .filter(({ id }) => states.get(id) !== "completed")
    .map(({ id }) => `${id} is ${states.get(id) ?? "unknown"}, and should be completed`);
  if (summary.overCapacityAt.length > 0) surprises.push("a pool was over capacity");
  if (api.mostAtOnce() > API_AT_ONCE_MAX) surprises.push(`the API had ${api.mostAtOnce()} requests at once`);
  const attempts = jobs.reduce((sum, job) => sum + job.attempts, 0);
  const counted = summary.types.reduce((sum, type) => sum + type.attempts, 0);
  if (surprises.length === 0 && counted !== attempts)
    surprises.push(`${counted} attempts were granted, and ${attempts} should have been`);
  if (surprises.length > 0) throw CliFailure.failed(`the demo did not go as planned: ${surprises.join("; ")}`);
}

function readSeed(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed <= SEED_MAX) return seed;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${SEED_MAX}.`);
}
