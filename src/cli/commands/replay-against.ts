/** `replay --against`: the same ledger decided by this build and by another one; and `replay --decide`, which is how it is asked. */
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { factSchema } from "../../../events/facts.js";
import { openCapsule } from "../../client/capsule.js";
import { openWholeExport } from "../../client/exported-log.js";
import type { Until } from "../../client/until.js";
import {
  type Decided,
  DecidingBuild,
  type Difference,
  decideAgain,
  decisionsAt,
  decisionsHeader,
  differencesAt,
  isSame,
  plain,
  programOf,
} from "../../replay/index.js";
import { refuseServerBesideLog, withQuestions } from "../asking.js";
import { CliFailure } from "../failure.js";
import type { Interrupt } from "../interrupt.js";
import type { CommonOptions } from "../options.js";
import { type ProgressShown, showProgress } from "../progress-lines.js";
import { sentenceOf } from "../sentence.js";
import type { Terminal } from "../terminal.js";
import { oneLine } from "../text-width.js";
import { counted } from "../wording.js";

/** Prints what this build decides, entry by entry. */
export async function printDecisions(self: Command, options: CommonOptions, terminal: Terminal): Promise<void> {
  if (options.output !== "jsonl") throw CliFailure.usage("--decide is for programs: give -o jsonl with it");
  await withFile(self, options, terminal, async (file) => {
    const { header, messages } = await openWholeExport(file);
    terminal.out(decisionsHeader());
    for await (const decision of decideAgain(messages)) {
      if (!("position" in decision)) return await terminal.writeAll(`${JSON.stringify({ stopped: decision })}\n`);
      const line = decisionsAt(decision);
      if (line.decided.length > 0) await terminal.writeAll(`${JSON.stringify(line)}\n`);
    }
    terminal.out(JSON.stringify({ end: header.last }));
  });
}

interface Gate {
  readonly against: string;
  readonly from?: Until;
  readonly to?: Until;
}

interface Compared {
  entries: number;
  decisions: number;
  /** Entries in which the ledger has something else than this build decides. */
  otherwise: number;
  differences: number;
  /** The version of the other build. */
  version: string;
}

/** Throws `CliFailure` with exit code 4 if anything differs. */
export async function compareWith(
  self: Command,
  gate: Gate,
  options: CommonOptions,
  interrupt: Interrupt,
  terminal: Terminal,
): Promise<void> {
  const program = programOf(gate.against, terminal.cwd);
  const progress = showProgress(terminal);
  const printed: Difference[] = [];
  const print = (difference: Difference) => {
    if (options.output === "table") progress.terminal.out(differenceText(difference));
    else if (options.output === "jsonl") progress.terminal.out(JSON.stringify(difference));
    else printed.push(difference);
  };
  const compared = await withFile(self, options, terminal, (file) =>
    compare({ gate, program, file, signal: interrupt.signal }, progress, print),
  ).finally(() => progress.end());
  if (interrupt.signal.aborted) throw interrupt.failure();
  const { entries, decisions, differences, otherwise, version } = compared;
  // A gate that has looked at nothing must not open.
  if (entries === 0)
    throw CliFailure.notFound("there is no entry to compare: the ledger, or this part of it, is empty");
  if (options.output === "json")
    terminal.out(JSON.stringify({ ok: differences === 0, ...compared, differences: printed }, null, 2));
  if (otherwise > 0)
    terminal.err(
      `in ${counted(otherwise, "entry", "entries")} the ledger has something else than this build decides: another version ` +
        "wrote it, or a scheduler drained, which starts nobody",
    );
  if (differences > 0)
    throw CliFailure.difference(
      `${counted(differences, "difference")} in ${counted(entries, "entry", "entries")} with ${counted(decisions, "decision")}`,
      `Compared with version ${version} in ${gate.against}.`,
    );
  if (options.output === "table")
    terminal.out(
      `no difference: ${counted(entries, "entry", "entries")} with ${counted(decisions, "decision")}, decided by this build ` +
        `and by version ${version} in ${gate.against}`,
    );
}

interface Comparing {
  readonly gate: Gate;
  readonly program: string;
  readonly file: string;
  readonly signal: AbortSignal;
}

async function compare(
  { gate, program, file, signal }: Comparing,
  progress: ProgressShown,
  print: (difference: Difference) => void,
): Promise<Compared> {
  const { header, messages } = await openWholeExport(file);
  await using other = new DecidingBuild(program, file, gate.against);
  const compared: Compared = { entries: 0, decisions: 0, otherwise: 0, differences: 0, version: "unknown" };
  const tell = (differences: readonly Difference[]) => {
    compared.differences += differences.length;
    for (const difference of differences) print(difference);
  };
  for await (const decision of decideAgain(messages)) {
    if (signal.aborted) break;
    if (!("position" in decision))
      throw CliFailure.failed(
        `this build does not take the ledger: ${decision.problem}`,
        "`signalbox log verify` tells more.",
      );
    const there = await other.at(decision.position);
    compared.version = other.version;
    const { position, at } = decision;
    if (gate.to !== undefined && isBeyond(gate.to, position, at)) break;
    if (!("address" in there) && gate.from !== undefined && isBefore(gate.from, position, at)) continue;
    const recorded = decision.recorded.map(plain);
    const here = decisionsAt(decision).decided;
    compared.entries += 1;
    compared.decisions += here.length;
    if (!isSame(recorded, here)) compared.otherwise += 1;
    progress.show({
      share: position / header.last,
      count: position,
      text: `${position} of ${header.last} entries`,
    });
    if ("address" in there) {
      // It cannot go on from there, so it decides nothing any more.
      const stop: Decided = { type: "LedgerCorrupt", reason: there.problem };
      tell([{ position, at, about: null, recorded, here, there: [stop] }]);
      break;
    }
    tell(differencesAt({ position, at }, { recorded, here, there }));
  }
  return compared;
}

const isBefore = (from: Until, position: number, at: string): boolean =>
  "position" in from ? position < from.position : at < from.time;
const isBeyond = (to: Until, position: number, at: string): boolean =>
  "position" in to ? position > to.position : at > to.time;

/** The ledger as a file that both builds read: the one that was given, or a copy that is gone afterwards. */
async function withFile<T>(
  self: Command,
  options: CommonOptions,
  terminal: Terminal,
  act: (file: string) => Promise<T>,
): Promise<T> {
  if (options.log !== undefined) {
    refuseServerBesideLog(options);
    return await act(options.log);
  }
  const folder = await mkdtemp(join(tmpdir(), "signalbox-replay-"));
  try {
    const file = join(folder, "ledger.jsonl");
    await withQuestions(self, terminal, async (questions) => {
      const readable = await questions.readable();
      const { last } = await readable.ledger.state();
      const { namespace } = questions;
      const exportedAt = new Date().toISOString();
      const { lines } = await openCapsule(readable, { namespace, first: 1, last, redact: [], exportedAt });
      await pipeline(
        async function* () {
          for await (const line of lines) yield `${line}\n`;
        },
        createWriteStream(file, { flags: "wx", mode: 0o600 }),
      );
    });
    return await act(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function differenceText({ position, at, about, recorded, here, there }: Difference): string {
  const isAsRecorded = isSame(recorded, here);
  return [
    `${position}  ${at}  ${oneLine(about ?? "the entry as a whole")}`,
    ...(isAsRecorded ? [] : decisionLines("recorded", recorded)),
    ...decisionLines(isAsRecorded ? "recorded, here" : "here", here),
    ...decisionLines("there", there),
  ].join("\n");
}

const LABEL_COLUMNS = 16;

function decisionLines(label: string, decided: readonly Decided[]): string[] {
  const texts = decided.length === 0 ? ["nothing"] : decided.map(decidedText);
  return texts.map((text, index) => `  ${(index === 0 ? label : "").padEnd(LABEL_COLUMNS)}${text}`);
}

/** A fact of another version may be one that this one cannot read. */
function decidedText(decided: Decided): string {
  const { data: fact } = factSchema.safeParse(decided);
  return oneLine(fact === undefined ? JSON.stringify(decided) : sentenceOf(fact));
}
