/** `log export`: the ledger as a file, from which every question can be answered without a server. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type Capsule, openCapsule } from "../../client/capsule.js";
import { firstOf, REDACTABLE, type Redactable } from "../../client/export-header.js";
import type { Questions } from "../../client/questions.js";
import { firstAfter } from "../../client/reader.js";
import type { Log } from "../../log/log.js";
import { readUntil, untilOf, withQuestions } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import type { CommonOptions } from "../options.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";
import { counted } from "../wording.js";

interface ExportOptions extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
  readonly redact?: readonly Redactable[];
}

export function defineLogExport(command: Command, terminal: Terminal): void {
  command
    .description(
      "Writes the ledger as JSON Lines: a header with format version, namespace and stream identity, then one entry a line.\n" +
        "Without a file it goes to standard output. A file is complete or not there at all; --log answers questions from it,\n" +
        "log verify checks it, log import puts it into another namespace. Its state hash is what the entries come to: equal\n" +
        "on any machine.\n\n" +
        "With --from it is a part: the state that it begins with stands before its entries, so that it can be asked and\n" +
        "checked by itself. Of jobs that had ended before, it has what lists show, and neither params, result nor history.\n" +
        "With --redact, params and results of jobs are replaced by digests with a key that nobody keeps. All else stays as it\n" +
        "is: ids, types, labels, error texts, and every decision.",
    )
    .argument("[file]", "where to; - or nothing is standard output")
    .option("--from <when>", "begin at this position, or after this time")
    .option("--to <when>", "end with this position, or with the last entry of this time or before it")
    .option("--redact <what>", `leave out of jobs: ${REDACTABLE.join(",")}`, readRedact)
    .action(async (file: string | undefined, own: ExportOptions, self: Command) => {
      await withQuestions(self, terminal, (questions, options) =>
        exportLog(questions, file ?? "-", { ...options, ...own }, terminal),
      );
    });
  addExamples(command, [
    "signalbox log export backup.jsonl",
    "signalbox log export | gzip > backup.jsonl.gz",
    "signalbox log export report.jsonl --from 2026-12-01T08:00:00Z --to 81200 --redact params,result",
  ]);
}

function readRedact(text: string): readonly Redactable[] {
  const known: readonly string[] = REDACTABLE;
  const named = text.split(",").map((name) => name.trim());
  const unknown = named.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new InvalidArgumentError(`It takes ${REDACTABLE.join(" and ")}, with a comma between.`);
  return REDACTABLE.filter((name) => named.includes(name));
}

async function exportLog(
  questions: Questions,
  file: string,
  options: ExportOptions,
  terminal: Terminal,
): Promise<void> {
  if (file === "-") {
    if (options.output === "json")
      throw CliFailure.usage("the export is JSON Lines: give a file, or leave out -o json");
    await writeLines(questions, options, (text) => terminal.writeAll(text));
    return;
  }
  const path = resolve(terminal.cwd, file);
  // Written beside its place and renamed, so that an export that was broken off does not look like one.
  const unfinished = `${path}.${randomUUID()}.part`;
  const stream = createWriteStream(unfinished, { flags: "wx", mode: 0o600 });
  try {
    await once(stream, "open");
    const { header, entries } = await writeLines(questions, options, async (text) => {
      if (!stream.write(text)) await once(stream, "drain");
    });
    stream.end();
    await once(stream, "finish");
    await rename(unfinished, path);
    const { stateHash = null, redacted = [], last } = header;
    const document = { file: path, entries, from: firstOf(header), to: last, redacted, stateHash };
    printDocument(terminal, options.output, document, () => "");
    if (options.output === "table") {
      terminal.err(`exported ${counted(entries, "entry", "entries")} to ${file}`);
      if (stateHash !== null) terminal.err(`state hash ${stateHash}`);
    }
  } catch (error) {
    stream.destroy();
    await rm(unfinished, { force: true });
    if ((error as NodeJS.ErrnoException).syscall !== undefined)
      throw CliFailure.failed(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
}

/** Gives what stands in the first line, and how many entries there were. */
async function writeLines(
  questions: Questions,
  options: ExportOptions,
  write: (text: string) => Promise<void>,
): Promise<{ readonly header: Capsule["header"]; readonly entries: number }> {
  const readable = await questions.readable();
  const { first, last } = await rangeOf(readable.ledger, options);
  const { namespace } = questions;
  const exportedAt = new Date().toISOString();
  const { redact = [] } = options;
  const { header, lines } = await openCapsule(readable, { namespace, first, last, redact, exportedAt });
  for await (const line of lines) await write(`${line}\n`);
  return { header, entries: last - first + 1 };
}

async function rangeOf(
  ledger: Log,
  options: ExportOptions,
): Promise<{ readonly first: number; readonly last: number }> {
  if (options.to !== undefined && options.at !== undefined) throw CliFailure.usage("--to and --at: give one of them");
  const { first: kept, last: end } = await ledger.state();
  const from = readUntil("--from", options.from);
  const to = readUntil("--to", options.to) ?? untilOf(options);
  const first = from === null ? kept : "position" in from ? from.position : await firstAfter(ledger, from.time);
  const last =
    to === null ? end : "position" in to ? Math.min(end, to.position) : (await firstAfter(ledger, to.time)) - 1;
  if (first < kept) throw CliFailure.notFound(`the log begins at ${kept}: there is no ${first} in it`);
  if (from !== null && first > end) throw CliFailure.notFound(`the log ends at ${end}: there is no ${first} in it yet`);
  return { first, last };
}
