/**
 * --watch: an answer that is shown again whenever it changes. On a terminal it is redrawn in place; elsewhere, and with -o jsonl, it
 * is a JSON document a line, one for each answer that is another than the last.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import type { Questions } from "../client/questions.js";
import type { Session } from "../client/session.js";
import { watchFacts } from "../client/watch-facts.js";
import { withQuestions, withSession } from "./asking.js";
import { CliFailure } from "./failure.js";
import { type Interrupt, listenForInterrupt } from "./interrupt.js";
import { type CommonOptions, commonOptionsOf } from "./options.js";
import type { Terminal } from "./terminal.js";
import { AnswerLines, AnswerScreen, type Showing } from "./watching-shown.js";

/** At most four times a second: more often nobody can read it, and asking would keep the scheduler busy. */
const ASK_MS_MIN = 250;
/** Not everything is announced (limits, workers, schedules are not), and an announcement can be lost. */
const ASK_EVERY_MS = 2_000;

/** Of a long list so many items are watched at the most, whatever --limit says. */
export const WATCHED_MAX = 500;

export interface ShowOptions extends CommonOptions {
  readonly watch?: boolean;
}

/** Asks, and prints the answer to `terminal`. */
type Show = (questions: Questions, options: ShowOptions, terminal: Terminal) => Promise<void>;

/** Adds the option. The command's action has to be carried out by `showAnswer`. */
export function addWatch(command: Command): void {
  command.option(
    "--watch",
    `show it again whenever it changes, until Ctrl-C (of a list ${WATCHED_MAX} at most); without a terminal: a JSON document a line`,
  );
}

/** Runs a command that only asks: once, or with --watch again and again. */
export async function showAnswer(command: Command, terminal: Terminal, show: Show): Promise<void> {
  const options = command.optsWithGlobals<ShowOptions>();
  if (options.watch !== true)
    return await withQuestions(command, terminal, (questions) => show(questions, options, terminal));
  refuseWhatEnds(commonOptionsOf(command));
  using interrupt = listenForInterrupt();
  using showing = isForScreen(options, terminal) ? new AnswerScreen(terminal, process) : new AnswerLines(terminal);
  await withSession(command, showing.terminal, (session) => watch(session, options, showing, interrupt, show));
  if (interrupt.signal.aborted) throw interrupt.failure();
}

function refuseWhatEnds({ log, at, output }: CommonOptions): void {
  if (log !== undefined || at !== undefined)
    throw CliFailure.usage("--watch is about what comes: leave out --log and --at");
  if (output !== "table" && output !== "jsonl")
    throw CliFailure.usage(`--watch has no end, so it makes no ${output} document: use -o jsonl`);
}

function isForScreen({ output }: CommonOptions, terminal: Terminal): boolean {
  const isTerminal = terminal.isInteractive && process.stdin.isTTY === true;
  return output === "table" && isTerminal && terminal.env["TERM"] !== "dumb";
}

async function watch(
  session: Session,
  options: ShowOptions,
  showing: Showing,
  interrupt: Interrupt,
  show: Show,
): Promise<void> {
  const over = AbortSignal.any([interrupt.signal, showing.left]);
  const isOver = new Promise<void>((resolve) => over.addEventListener("abort", () => resolve(), { once: true }));
  const facts = await watchFacts(session);
  let isFirst = true;
  const round = async (): Promise<void> => {
    try {
      await show(session, { ...options, output: showing.output }, showing.terminal);
      showing.show();
      isFirst = false;
    } catch (error) {
      // What was wrong from the start is the command's end; later the server, or the scheduler, may come back.
      if (isFirst || !isOperating(error)) throw error;
      showing.fail(error.message);
    }
    await pause(ASK_MS_MIN);
    await facts.next(ASK_EVERY_MS, over);
  };
  // Whatever the server does just then, or does not do, Ctrl-C ends it.
  try {
    while (!over.aborted) await Promise.race([round(), isOver]);
  } finally {
    facts.close();
  }
}

const isOperating = (error: unknown): error is Error =>
  error instanceof Error && !(error instanceof CliFailure) && "code" in error && typeof error.code === "string";
