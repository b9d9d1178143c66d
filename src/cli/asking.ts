/** Opens what a command talks to, by the common options, and closes it again whatever happens. */
import type { Command } from "commander";
import {
  asOf,
  openExportedLog,
  openSession,
  parseUntil,
  type Questions,
  type Session,
  type Until,
} from "../client/index.js";
import { CliFailure } from "./failure.js";
import { type CommonOptions, commonOptionsOf, readConfiguration } from "./options.js";
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
    const exported = await openExportedLog(options.log, until);
    return await act(exported, options);
  }
  await inSession(options, terminal, (session) => act(until === null ? session : asOf(session, until), options));
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
export function untilOf({ at }: CommonOptions): Until | null {
  if (at === undefined) return null;
  const until = parseUntil(at);
  if (until === null)
    throw CliFailure.usage(`--at ${at}: give a position such as 812, or a time such as 2026-12-01T08:00:00Z`);
  return until;
}

async function inSession(
  options: CommonOptions,
  terminal: Terminal,
  act: (session: Session) => Promise<void>,
): Promise<void> {
  const { nats, context, creds } = options;
  const { env, cwd } = terminal;
  const loaded = readConfiguration(options, terminal);
  const session = await openSession({ loaded, nats, context, creds, env, cwd, onNotice: (text) => terminal.err(text) });
  try {
    await act(session);
  } finally {
    await session.close();
  }
}
