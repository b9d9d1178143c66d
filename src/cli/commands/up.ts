/**
 * `signalbox up`: runs a scheduler in the foreground until a signal, with an embedded NATS server unless told otherwise.
 *
 * Signals (CON-003): the first SIGINT or SIGTERM drains and ends with 0; a second one ends at once with 130 or 143. What
 * that leaves goes by itself: commands die with their parent, and the guard stops the embedded server.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { chooseConnection, describeProblems, type LoadedConfiguration } from "../../config/index.js";
import type { Ended } from "../../dispatcher/dispatcher.js";
import { checkOptions } from "../../doctor/types.js";
import { checkWebhooks } from "../../doctor/webhooks.js";
import { type Host, type HostConnection, startHost } from "../../host.js";
import { createLogger } from "../../logger.js";
import { readConfiguration } from "../configuration.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { listenForInterrupt } from "../interrupt.js";
import type { CommonOptions } from "../options.js";
import { takesNoRows } from "../printing.js";
import type { Terminal } from "../terminal.js";
import { showReady } from "./up-banner.js";
import { LOG_LEVELS, logDestination } from "./up-log.js";

const PORT_MAX = 65_535;

interface UpOptions extends CommonOptions {
  readonly port?: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

export function defineUp(command: Command, terminal: Terminal): void {
  takesNoRows(command);
  command
    .description(
      "Runs a scheduler in the foreground, with an embedded NATS server unless another one is named. Several may run on\n" +
        "one state folder or server: one leads, the others stand by. Ctrl-C lets running jobs end within the grace; a\n" +
        "second Ctrl-C ends at once. With -o json, standard output is one line when the scheduler is ready.",
    )
    .option("--port <number>", "port of the embedded server (default: a free one)", readPort)
    .addOption(new Option("--log-level <level>", "how much to log").choices(LOG_LEVELS).default("info"))
    .action((_options: unknown, command: Command) => up(command.optsWithGlobals<UpOptions>(), terminal));
  addExamples(command, ["signalbox up", "signalbox up --nats nats://127.0.0.1:4222 --namespace nightly"]);
}

async function up(options: UpOptions, terminal: Terminal): Promise<void> {
  if (options.log !== undefined || options.at !== undefined)
    throw CliFailure.usage("up runs a scheduler; --log and --at are for commands that ask about a log");
  const loaded = readConfiguration(options, terminal);
  const checked = [...checkOptions(loaded, terminal.env), ...checkWebhooks(loaded, terminal.env)];
  const unusable = checked.filter(({ level }) => level === "problem");
  if (unusable.length > 0)
    throw CliFailure.usage(`the configuration is wrong:\n${unusable.map(({ text }) => text).join("\n")}`);
  const connection = connectionOf(options, loaded, terminal);
  // A reader of our output that goes away is no reason to leave jobs unfinished.
  terminal.outliveReader();
  using interrupt = listenForInterrupt();
  const host = await startHost({
    configuration: loaded.configuration,
    connection,
    log: createLogger(options.logLevel, logDestination(terminal)),
    onFetch: (text) => terminal.err(text),
  });
  const stopped = new Promise<Ended>((resolve) => {
    const stop = () => {
      terminal.err("stopping; a second signal ends at once");
      resolve(host.stop());
    };
    if (interrupt.signal.aborted) stop();
    else interrupt.signal.addEventListener("abort", stop, { once: true });
  });
  const ended = Promise.race([host.ended, stopped]);
  await showReady({ host, loaded, output: options.output, terminal, until: ended });
  await ended;
  // Ended by itself or asked to: what is left to do is the same, and stopping twice is stopping once.
  refuseFailure(await host.stop(), host, loaded);
  terminal.err("stopped");
}

function connectionOf(options: UpOptions, loaded: LoadedConfiguration, terminal: Terminal): HostConnection {
  const { nats, context, creds, port } = options;
  const choice = chooseConnection({ nats, context, creds, env: terminal.env, cwd: terminal.cwd, loaded });
  if (choice.kind === "refused") throw CliFailure.usage(describeProblems(choice.problems));
  if (choice.kind === "embedded") return port === undefined ? choice : { kind: "embedded", port };
  if (port !== undefined)
    throw CliFailure.usage(`--port is for the embedded server, but ${choice.source} names a server that runs already`);
  return choice;
}

/** A scheduler that ended by an error has stopped on purpose: going on would make it worse. */
function refuseFailure({ error }: Ended, host: Host, { configuration }: LoadedConfiguration): void {
  if (error === null) return;
  const code = "code" in error ? error.code : null;
  if (code === "ledger-corrupt" || code === "log-gap")
    throw CliFailure.failed(
      `the scheduler stopped: ${error.message}`,
      `Nothing was changed. The ledger of namespace ${configuration.namespace} is at ${host.url}: look at the address with ` +
        "`signalbox log tail`, restore the stream from a backup, or go on in a new --namespace.",
    );
  if (code === "EMBEDDED_SERVER_FAILED")
    throw CliFailure.failed(
      `the embedded NATS server is lost: ${error.message}`,
      `Its store is below ${configuration.stateDir}; start it again with \`signalbox up\` when the cause is removed.`,
    );
  throw error;
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= PORT_MAX) return port;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${PORT_MAX}.`);
}
