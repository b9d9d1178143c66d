/** `log tail`: the last facts of the ledger, one a line; with --follow also those that come. */
import type { Command } from "commander";
import { gistOf } from "../../../projections/views/view-gist.js";
import { entryLine } from "../../client/exported-log.js";
import type { Questions } from "../../client/questions.js";
import { firstAfter, readMessages } from "../../client/reader.js";
import { entryOf } from "../../log/entry.js";
import type { Log, StoredMessage } from "../../log/log.js";
import { wholeNumber } from "../arguments.js";
import { untilOf, withQuestions } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { type Interrupt, listenForInterrupt } from "../interrupt.js";
import type { CommonOptions } from "../options.js";
import { takesNoRows } from "../printing.js";
import type { Terminal } from "../terminal.js";
import { cutToWidth, fillToWidth, oneLine } from "../text-width.js";

interface TailOptions {
  readonly lines?: number;
  readonly from?: number;
  readonly follow?: boolean;
}

const LINES_DEFAULT = 20;

export function defineLogTail(command: Command, terminal: Terminal): void {
  takesNoRows(command);
  command
    .description(
      "Shows the last facts of the ledger, one a line: address, time, fact, job, and what matters about it. With -o json or\n" +
        "jsonl whole entries are given, each with its position and the time at which the server stored it.",
    )
    .option(
      "-n, --lines <n>",
      `so many facts (with -o json or jsonl: entries); default ${LINES_DEFAULT}`,
      wholeNumber(1, 1_000_000),
    )
    .option("--from <position>", "everything from this position on", wholeNumber(1))
    .option("-f, --follow", "go on with what comes, until Ctrl-C")
    .action(async (own: TailOptions, self: Command) => {
      await withQuestions(self, terminal, (questions, options) => tail(questions, own, options, terminal));
    });
  addExamples(command, ["signalbox log tail -n 50", "signalbox log tail -f", "signalbox log tail --from 812 -o jsonl"]);
}

async function tail(questions: Questions, own: TailOptions, options: CommonOptions, terminal: Terminal): Promise<void> {
  if (own.follow && options.output === "json")
    throw CliFailure.usage("--follow has no end, so it makes no JSON document: use -o jsonl");
  if (own.follow && (options.log !== undefined || options.at !== undefined))
    throw CliFailure.usage("--follow is about what comes: leave out --log and --at");
  if (own.from !== undefined && own.lines !== undefined)
    throw CliFailure.usage("--from and --lines: give one of them, not both");
  // From the start, so that a signal has the same meaning whenever it comes.
  using interrupt = own.follow ? listenForInterrupt() : null;
  const ledger = await questions.ledger();
  const { first: kept } = await ledger.state();
  const last = await endOf(ledger, options);
  if (own.from !== undefined && own.from < kept)
    throw CliFailure.notFound(`the log begins at ${kept}: there is no ${own.from} in it`);
  // An entry has at least one fact: the last facts are in as many entries at the most.
  const count = own.lines ?? LINES_DEFAULT;
  const first = own.from ?? Math.max(kept, last - count + 1);
  await printStored(readMessages(ledger, first - 1, last), own.from === undefined ? count : null, options, terminal);
  if (interrupt !== null) await followOn(ledger, Math.max(last, first - 1), interrupt, options, terminal);
}

/** The last position that is asked about. */
async function endOf(ledger: Log, options: CommonOptions): Promise<number> {
  const until = untilOf(options);
  const { last } = await ledger.state();
  if (until === null) return last;
  return "position" in until ? Math.min(last, until.position) : (await firstAfter(ledger, until.time)) - 1;
}

async function printStored(
  messages: AsyncIterable<StoredMessage>,
  count: number | null,
  { output }: CommonOptions,
  terminal: Terminal,
): Promise<void> {
  if (output === "jsonl") {
    for await (const message of messages) terminal.out(entryLine(message));
    return;
  }
  const lines: string[] = [];
  for await (const message of messages) {
    if (output === "json") lines.push(entryLine(message));
    else if (count === null) for (const line of factLines(message, terminal)) terminal.out(line);
    else lines.push(...factLines(message, terminal));
  }
  if (output === "json") terminal.out(lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n]`);
  else for (const line of lines.slice(-(count ?? lines.length))) terminal.out(line);
}

async function followOn(
  ledger: Log,
  after: number,
  interrupt: Interrupt,
  { output }: CommonOptions,
  terminal: Terminal,
): Promise<void> {
  const print = async () => {
    for await (const batch of ledger.follow(after, interrupt.signal)) {
      for (const message of batch) {
        if (output === "jsonl") terminal.out(entryLine(message));
        else for (const line of factLines(message, terminal)) terminal.out(line);
      }
    }
  };
  // Whatever the server does just then, or does not do, Ctrl-C ends it.
  await Promise.race([print(), interrupt.received]);
  throw interrupt.failure();
}

const ADDRESS_WIDTH = 8;
const FACT_WIDTH = 20;

function factLines(message: StoredMessage, terminal: Terminal): string[] {
  const { dim, bold } = terminal.colors;
  const { at, facts } = entryOf(message);
  return facts.map((fact, index) => {
    const address = fillToWidth(`${message.sequence}.${index}`, ADDRESS_WIDTH);
    const name = fillToWidth(fact.type, FACT_WIDTH);
    const about = oneLine(["job" in fact ? fact.job : "", gistOf(fact)].filter((part) => part !== "").join("  "));
    const room = terminal.width - address.length - at.length - name.length - 6;
    return `${dim(address)}  ${dim(at)}  ${bold(name)}  ${cutToWidth(about, Math.max(room, 1))}`.trimEnd();
  });
}
