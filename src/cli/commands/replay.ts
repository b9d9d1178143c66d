/** `replay`: plays the ledger back; on a terminal as a screen, elsewhere as lines. With --against, what another build decides on it. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { mustBeWhole, readExportedLog } from "../../client/exported-log.js";
import { parseUntil, type Until } from "../../client/until.js";
import type { Log } from "../../log/log.js";
import { type Condition, describeProblem, parseCondition } from "../../replay/condition.js";
import { rangeOf } from "../../replay/range.js";
import type { Tape } from "../../replay/tape.js";
import { refuseServerBesideLog, withQuestions } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { type Interrupt, listenForInterrupt } from "../interrupt.js";
import { type CommonOptions, commonOptionsOf } from "../options.js";
import { takesNoRows } from "../printing.js";
import { type ProgressShown, showProgress } from "../progress-lines.js";
import { readSpeed, SPEED_MAX, type Speed } from "../replay/speed.js";
import type { Terminal } from "../terminal.js";

interface ReplayOptions {
  readonly from?: Until;
  readonly to?: Until;
  readonly speed?: Speed;
  readonly break?: { readonly text: string; readonly condition: Condition };
  readonly against?: string;
  readonly decide?: boolean;
}

export function defineReplay(command: Command, terminal: Terminal): void {
  takesNoRows(command);
  command
    .description(
      "Plays the ledger on the terminal: the pools as lanes, the jobs coming from the left, holding their slots in the " +
        "middle and leaving to the right, at any speed, forwards and backwards; ? shows the keys. Without a terminal, or " +
        "with -o json or jsonl, it prints the facts, one a line, as fast as it can or at the speed that is given.\n\n" +
        "--break stops at the first fact that meets a condition: fact, job, type, state or pool, compared by ==, != or ~ " +
        "(contains) with a value, and joined with &&, ||, ! and brackets. state is the job's after the fact. Without a " +
        "terminal the exit code is 3 if there is none.\n\n" +
        "--against lets another build decide at each entry of the same ledger what this one decides there (what becomes of " +
        "attempts and groups, whose time has come, grants and denials), and lists what differs: exit code 4 if anything does.",
    )
    .option("--from <when>", "from this position (812) or time (2026-12-01T08:00:00Z) on", readUntil)
    .option("--to <when>", "up to this position or time", readUntil)
    .option(
      "--speed <x>",
      "1 is real time, 60 a minute in a second, or max (default: 1; without a terminal max)",
      readSpeed,
    )
    .option("--break <condition>", "stop at the first fact that meets it, such as state==failed", readCondition)
    .option("--against <build>", "compare with what the build in this folder decides")
    .addOption(new Option("--decide", "for programs: print what this build decides, with -o jsonl"))
    .action((own: ReplayOptions, self: Command) => replay(own, self, terminal));
  addExamples(command, [
    "signalbox replay",
    "signalbox replay --log backup.jsonl --from 2026-12-01T08:00:00Z --speed 60",
    "signalbox replay --break 'state==failed && type==story'",
    "signalbox replay --speed max -o jsonl | head",
    "signalbox replay --log backup.jsonl --against ../signalbox-next",
  ]);
}

async function replay(own: ReplayOptions, self: Command, terminal: Terminal): Promise<void> {
  const options = commonOptionsOf(self);
  if (options.at !== undefined) throw CliFailure.usage("replay takes --from and --to: leave out --at");
  const isGate = own.against !== undefined || own.decide === true;
  if (isGate && (own.speed !== undefined || own.break !== undefined))
    throw CliFailure.usage("--speed and --break are for playing: leave them out");
  if (own.against !== undefined && own.decide === true)
    throw CliFailure.usage("--decide is what --against asks the other build: give one of them");
  const isScreen = options.output === "table" && terminal.isInteractive && process.stdin.isTTY === true;
  using interrupt = listenForInterrupt();
  if (own.decide === true) {
    const { printDecisions } = await import("./replay-against.js");
    return await printDecisions(self, options, terminal);
  }
  if (own.against !== undefined) {
    const { compareWith } = await import("./replay-against.js");
    return await compareWith(self, { ...own, against: own.against }, options, interrupt, terminal);
  }
  const progress = showProgress(terminal);
  await withLedger(self, options, { progress, interrupt }, async (ledger, namespace) => {
    const range = await rangeOf(ledger, own.from ?? null, own.to ?? null);
    const condition = own.break?.condition ?? null;
    if (!isScreen || terminal.env["TERM"] === "dumb") {
      const { tellStory } = await import("./replay-story.js");
      const { speed = SPEED_MAX } = own;
      const story = { ledger, range, speed, condition, conditionText: own.break?.text ?? "" };
      return await tellStory(story, options.output, interrupt, progress);
    }
    if (range.to < range.from) throw CliFailure.notFound("nothing is recorded in this part of the ledger");
    const [{ play }, { Tape }] = await Promise.all([import("../replay/player.js"), import("../../replay/tape.js")]);
    const tape = new Tape(ledger, range.to, condition);
    try {
      await windTo(tape, range.from === 1 ? 0 : range.from, interrupt, progress);
      if (interrupt.signal.aborted) throw interrupt.failure();
      await play({
        ...{ tape, ledger, range, namespace, speed: own.speed ?? 1 },
        ...{ colors: terminal.colors, program: process, signal: interrupt.signal },
      });
    } finally {
      await tape.close();
    }
    if (interrupt.signal.aborted) throw interrupt.failure();
  });
}

/** Folds what is before the place where it begins. */
async function windTo(tape: Tape, from: number, { signal }: Interrupt, progress: ProgressShown): Promise<void> {
  progress.begin();
  const onProgress = ({ entries, of }: { readonly entries: number; readonly of: number }) =>
    progress.show({ share: entries / of, count: entries, text: `${entries} of ${of} entries folded` });
  try {
    await tape.scene(Math.min(from, tape.last), { signal, onProgress });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    progress.end();
  }
}

async function withLedger(
  self: Command,
  options: CommonOptions,
  { progress, interrupt }: { readonly progress: ProgressShown; readonly interrupt: Interrupt },
  act: (ledger: Log, namespace: string) => Promise<void>,
): Promise<void> {
  if (options.log === undefined)
    return await withQuestions(self, progress.terminal, async (questions) =>
      act(await questions.ledger(), questions.namespace),
    );
  refuseServerBesideLog(options);
  const exported = await readExportedLog(options.log, (position, last) => {
    if (interrupt.signal.aborted) throw interrupt.failure();
    progress.show({ share: position / last, count: position, text: `${position} of ${last} entries read` });
  }).finally(() => progress.end());
  mustBeWhole(options.log, exported);
  await act(exported.ledger, exported.header.namespace);
}

function readUntil(text: string): Until {
  const until = parseUntil(text);
  if (until === null)
    throw new InvalidArgumentError("Give a position such as 812, or a time such as 2026-12-01T08:00:00Z.");
  return until;
}

function readCondition(text: string): NonNullable<ReplayOptions["break"]> {
  const parsed = parseCondition(text);
  if (!parsed.ok) throw new InvalidArgumentError(describeProblem(text, parsed.problem));
  return { text, condition: parsed.condition };
}
