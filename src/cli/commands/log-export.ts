/** `log export`: the ledger as a file, from which every question can be answered without a server. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { entryLine, headerLine } from "../../client/exported-log.js";
import type { Questions } from "../../client/questions.js";
import { firstAfter, readMessages } from "../../client/reader.js";
import { untilOf, withQuestions } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import type { CommonOptions } from "../options.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";

export function defineLogExport(command: Command, terminal: Terminal): void {
  command
    .description(
      "Writes the ledger as JSON Lines: a header with format version, namespace and stream identity, then one entry a line.\n" +
        "Without a file it goes to standard output. A file is complete or not there at all; --log answers questions from it.",
    )
    .argument("[file]", "where to; - or nothing is standard output")
    .action(async (file: string | undefined, _own: unknown, self: Command) => {
      await withQuestions(self, terminal, (questions, options) => exportLog(questions, file ?? "-", options, terminal));
    });
  addExamples(command, ["signalbox log export backup.jsonl", "signalbox log export | gzip > backup.jsonl.gz"]);
}

async function exportLog(
  questions: Questions,
  file: string,
  options: CommonOptions,
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
    const entries = await writeLines(questions, options, async (text) => {
      if (!stream.write(text)) await once(stream, "drain");
    });
    stream.end();
    await once(stream, "finish");
    await rename(unfinished, path);
    printDocument(terminal, options.output, { file: path, entries }, () => "");
    if (options.output === "table")
      terminal.err(`exported ${entries === 1 ? "1 entry" : `${entries} entries`} to ${file}`);
  } catch (error) {
    stream.destroy();
    await rm(unfinished, { force: true });
    if ((error as NodeJS.ErrnoException).syscall !== undefined)
      throw CliFailure.failed(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
}

/** Gives how many entries there were. */
async function writeLines(
  questions: Questions,
  options: CommonOptions,
  write: (text: string) => Promise<void>,
): Promise<number> {
  const ledger = await questions.ledger();
  const { identity, last: end } = await ledger.state();
  const until = untilOf(options);
  const last =
    until === null
      ? end
      : "position" in until
        ? Math.min(end, until.position)
        : (await firstAfter(ledger, until.time)) - 1;
  const exportedAt = new Date().toISOString();
  await write(`${headerLine({ namespace: questions.namespace, stream: identity, last, exportedAt })}\n`);
  for await (const message of readMessages(ledger, 0, last)) await write(`${entryLine(message)}\n`);
  return last;
}
