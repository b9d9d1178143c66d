/** The options that every command takes, before or after its name (contract, section 3). */
import { type Command, Option } from "commander";

const OUTPUTS = ["table", "json", "jsonl", "csv", "yaml"] as const;
export type Output = (typeof OUTPUTS)[number];

export interface CommonOptions {
  readonly nats?: string;
  readonly context?: string;
  readonly creds?: string;
  readonly namespace?: string;
  readonly config?: string;
  /** An exported log to answer from, instead of a server. */
  readonly log?: string;
  /** A position or a time as of which to answer. */
  readonly at?: string;
  readonly output: Output;
}

export function addCommonOptions(program: Command): void {
  program
    .option("--nats <url>", "NATS server, such as nats://127.0.0.1:4222")
    .option("--context <name>", "NATS server and login by a context of the nats tool")
    .option("--creds <file>", "NATS credentials file")
    .option("--namespace <name>", "prefix of all NATS names (default: signalbox)")
    .option("--config <file>", "configuration file (default: signalbox.yaml here)")
    .option("--log <file>", "answer from an exported log; no server is needed")
    .option("--at <when>", "answer as of a position of the log (812), a fact (812.3) or a time (2026-12-01T08:00:00Z)")
    .addOption(
      new Option("-o, --output <format>", "form of the result; csv: a line for each thing listed, parts as JSON")
        .choices(OUTPUTS)
        .default("table"),
    )
    .option("--no-color", "no colours");
}

/** The common options as given on the command line, wherever they stood. `command` is what the action was called with. */
export function commonOptionsOf(command: Command): CommonOptions {
  return command.optsWithGlobals<CommonOptions>();
}
