/**
 * `signalbox worker`: executes jobs of some types in a process of its own, here or on another machine, for the scheduler that leads.
 *
 * Signals are as for `up` (CON-003): the first SIGINT or SIGTERM gives running jobs the grace and ends with 0; a second one ends at
 * once with 130 or 143.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ConnectionSettings } from "../../config/connection.js";
import { chooseConnection, describeProblems, formatDuration, type LoadedConfiguration } from "../../config/index.js";
import { checkOptions } from "../../doctor/types.js";
import { findRunningServer } from "../../embedded/record.js";
import { createLogger } from "../../logger.js";
import { type Lease, WORKER_CAPACITY_MAX } from "../../worker/protocol.js";
import { JoinRefused } from "../../worker/tenure.js";
import { runWorker } from "../../worker-host.js";
import { readConfiguration } from "../configuration.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { listenForInterrupt } from "../interrupt.js";
import type { CommonOptions } from "../options.js";
import { takesNoRows } from "../printing.js";
import type { Terminal } from "../terminal.js";
import { counted } from "../wording.js";
import { LOG_LEVELS, logDestination } from "./up-log.js";

interface WorkerOptions extends CommonOptions {
  readonly types: readonly string[];
  readonly capacity: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

export function defineWorker(command: Command, terminal: Terminal): void {
  takesNoRows(command);
  command
    .description(
      "Executes jobs that a scheduler grants it, here or on another machine; the runners are those of the configuration\n" +
        "here. The scheduler must know the types, with `runner: nats` if it is not to run them itself. Waits for a scheduler\n" +
        "that is not there yet. Ctrl-C lets running jobs end within the grace; a second Ctrl-C ends at once. With -o json,\n" +
        "standard output is one line when it has joined.",
    )
    .requiredOption("--types <names>", "job types that it runs, with commas between", readTypes)
    .option("--capacity <number>", "how many jobs it runs at once", readCapacity, 1)
    .addOption(new Option("--log-level <level>", "how much to log").choices(LOG_LEVELS).default("info"))
    .action((_own: unknown, self: Command) => work(self.optsWithGlobals<WorkerOptions>(), terminal));
  addExamples(command, [
    "signalbox worker --types thumbs",
    "signalbox worker --types story,research --capacity 2 --nats nats://10.0.0.5:4222",
  ]);
}

async function work(options: WorkerOptions, terminal: Terminal): Promise<void> {
  if (options.log !== undefined || options.at !== undefined)
    throw CliFailure.usage("worker runs jobs; --log and --at are for commands that ask about a log");
  const loaded = readConfiguration(options, terminal);
  checkTypes(options.types, loaded, terminal);
  const server = serverOf(options, loaded, terminal);
  // A reader of our output that goes away is no reason to leave jobs unfinished.
  terminal.outliveReader();
  using interrupt = listenForInterrupt();
  interrupt.signal.addEventListener("abort", () => terminal.err("stopping; a second signal ends at once"));
  let joins = 0;
  const { types, capacity, logLevel } = options;
  const left = await runWorker({
    ...{ types, capacity, server, configuration: loaded.configuration, stop: interrupt.signal },
    log: createLogger(logLevel, logDestination(terminal)),
    waits: (reason) => terminal.err(`${reason}; waiting`),
    joined: (id, lease, url) => {
      joins += 1;
      if (joins === 1) showReady({ id, lease, url, loaded, options, terminal });
      else terminal.err(`joined anew as ${id}`);
    },
  }).catch((error: unknown) => {
    if (!(error instanceof JoinRefused)) throw error;
    throw CliFailure.failed(
      `the scheduler refuses this worker: ${error.message}`,
      "It must know the types: name them in its configuration, with `runner: nats` if it is not to run them itself.",
    );
  });
  if (left.unreported > 0)
    throw CliFailure.failed(
      `no scheduler has heard of the end of ${counted(left.unreported, "job")}: it will record them as lost, and try them again`,
    );
  terminal.err(left.isTold ? "stopped" : "stopped; no scheduler has heard of it, and will notice when the lease ends");
}

function checkTypes(types: readonly string[], loaded: LoadedConfiguration, terminal: Terminal): void {
  const { configuration, file } = loaded;
  const known = Object.keys(configuration.types);
  const where = file ?? "the configuration, which is empty";
  for (const type of types) {
    const runner = Object.hasOwn(configuration.types, type) ? configuration.types[type]?.runner : undefined;
    if (runner === undefined)
      throw CliFailure.usage(`--types: ${type} is not in ${where}; types there: ${known.join(", ") || "none"}`);
    if (runner === "nats")
      throw CliFailure.usage(
        `--types: ${type} has runner nats in ${where}, which leaves it to workers`,
        "A worker needs to know how to run it: give it another runner in a configuration of the worker's own (--config).",
      );
  }
  const chosen = Object.fromEntries(Object.entries(configuration.types).filter(([name]) => types.includes(name)));
  const narrowed = { ...loaded, configuration: { ...configuration, types: chosen } };
  const unusable = checkOptions(narrowed, terminal.env).filter(({ level }) => level === "problem");
  if (unusable.length > 0)
    throw CliFailure.usage(`the configuration is wrong:\n${unusable.map(({ text }) => text).join("\n")}`);
}

/** The embedded server is that of a scheduler on the same state folder, which may be started later. */
function serverOf(
  { nats, context, creds }: WorkerOptions,
  loaded: LoadedConfiguration,
  { env, cwd }: Terminal,
): () => Promise<ConnectionSettings | null> {
  const choice = chooseConnection({ nats, context, creds, env, cwd, loaded });
  if (choice.kind === "refused") throw CliFailure.usage(describeProblems(choice.problems));
  if (choice.kind === "server") return async () => choice.settings;
  return async () => {
    const running = await findRunningServer(loaded.configuration.stateDir);
    return running === null ? null : { servers: [running.url] };
  };
}

interface Ready {
  readonly id: string;
  readonly lease: Lease;
  readonly url: string;
  readonly loaded: LoadedConfiguration;
  readonly options: WorkerOptions;
  readonly terminal: Terminal;
}

/** To people on standard error, to programs as one JSON line. */
function showReady({ id, lease, url, loaded, options, terminal }: Ready): void {
  const { types, capacity, output } = options;
  const { namespace } = loaded.configuration;
  const { leaseMs } = lease;
  const lines = [
    `signalbox worker is ready: ${id}`,
    `  namespace  ${namespace}`,
    `  nats       ${url}`,
    `  types      ${types.join(", ")}`,
    `  capacity   ${counted(capacity, "job")} at once`,
    `  lease      ${formatDuration(leaseMs)}`,
    `  config     ${loaded.file ?? "none, the defaults hold"}`,
  ];
  for (const line of lines) terminal.err(line);
  if (output === "table") return;
  const ready = { event: "ready", nats: url, namespace, pid: process.pid, worker: id, types, capacity, leaseMs };
  terminal.out(JSON.stringify(ready));
}

function readTypes(text: string): readonly string[] {
  const types = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (types.length > 0) return [...new Set(types)];
  throw new InvalidArgumentError("Name at least one job type, such as --types thumbs,story.");
}

function readCapacity(text: string): number {
  const capacity = Number(text);
  if (/^\d+$/.test(text) && capacity >= 1 && capacity <= WORKER_CAPACITY_MAX) return capacity;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${WORKER_CAPACITY_MAX}.`);
}
