/**
 * Opens what a command talks to, by the common options, and closes it again whatever happens. What it takes to fold a ledger,
 * or to speak with a server, is loaded when it is needed.
 */
import type { Command } from "commander";
import type { Questions } from "../client/questions.js";
import type { Session } from "../client/session.js";
import { parseUntil, type Until } from "../client/until.js";
import { CliFailure } from "./failure.js";
import { type CommonOptions, commonOptionsOf } from "./options.js";
import type { Terminal } from "./terminal.js";

/**
 * Runs a command that only asks: of an exported log with --log, of the past with --at, else of the scheduler, or of its
 * ledger when it does not answer.
 */
export async function withQuestions(
  command: Command,
  terminal: Terminal,
  act: (questions: Questions, options: CommonOptions) => Promise<void>,
): Promise<void> {
  const options = commonOptionsOf(command);
  const until = untilOf(options);
  if (options.log !== undefined) {
    refuseServerBesideLog(options);
    const { openExportedLog } = await import("../client/offline.js");
    const exported = await openExportedLog(options.log, until);
    return await act(exported, options);
  }
  await inSession(options, terminal, async (session) => {
    if (until === null) return await act(session, options);
    const { asOf } = await import("../client/offline.js");
    await act(asOf(session, until), options);
  });
}

/** Runs a command that changes something or waits for something, so that it needs a server. */
export async function withSession(
  command: Command,
  terminal: Terminal,
  act: (session: Session, options: CommonOptions) => Promise<void>,
): Promise<void> {
  const options = commonOptionsOf(command);
  if (options.log !== undefined) throw CliFailure.usage(`${command.name()} needs a server; --log is for questions`);
  if (options.at !== undefined) throw CliFailure.usage(`${command.name()} is about now; --at is for questions`);
  await inSession(options, terminal, (session) => act(session, options));
}

export function refuseServerBesideLog({ nats, context }: CommonOptions): void {
  if (nats !== undefined || context !== undefined)
    throw CliFailure.usage("--log answers from a file: leave out --nats and --context");
}

/** What --at says; null without it. */
export const untilOf = ({ at }: CommonOptions): Until | null => readUntil("--at", at);

/** What an option says that takes a position or a time; null without it. */
export function readUntil(option: string, text: string | undefined): Until | null {
  if (text === undefined) return null;
  const until = parseUntil(text);
  if (until === null)
    throw CliFailure.usage(`${option} ${text}: give a position such as 812, or a time such as 2026-12-01T08:00:00Z`);
  return until;
}

async function inSession(
  options: CommonOptions,
  terminal: Terminal,
  act: (session: Session) => Promise<void>,
): Promise<void> {
  const { nats, context, creds } = options;
  const { env, cwd } = terminal;
  const { readConfiguration } = await import("./configuration.js");
  const loaded = readConfiguration(options, terminal);
  const { openSession } = await import("../client/session.js");
  const session = await openSession({ loaded, nats, context, creds, env, cwd, onNotice: (text) => terminal.err(text) });
  try {
    await act(session);
  } finally {
    await session.close();
  }
}
