/** `log import`: an exported log as the ledger of a namespace that has none. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { importLedger } from "../../client/ledger-import.js";
import type { Session } from "../../client/session.js";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { listenForInterrupt } from "../interrupt.js";
import type { CommonOptions } from "../options.js";
import { printDocument } from "../printing.js";
import { ProgressBar } from "../progress-bar.js";
import type { Terminal } from "../terminal.js";
import { counted } from "../wording.js";

interface ImportOptions extends CommonOptions {
  readonly continue?: boolean;
}

export function defineLogImport(command: Command, terminal: Terminal): void {
  command
    .description(
      "Writes an exported log as the ledger of a namespace that has none yet: the same entries at the same positions, byte\n" +
        "for byte. The whole file is checked before the first entry is written. Every question is answered from it as from\n" +
        "the original; only the times at which the server stored the entries are new, and large results are not part of an\n" +
        "export.\n\n" +
        "An imported ledger is there to be asked: a scheduler refuses to run on it, because the submissions that its own\n" +
        "intake has taken and not decided are not in it. With --continue a scheduler goes on with it, to move to another\n" +
        "server or after a loss: one more entry (IntakeReplaced) says that a new, empty intake begins there. Waiting jobs keep\n" +
        "their order, and what was running counts as lost and is tried again. The original must never run again: nothing\n" +
        "else keeps jobs from being executed by both.\n\n" +
        "The state hash is the one that the export has named, on any machine. A part of a log (log export --from) is refused:\n" +
        "ask it with --log. A redacted one can be asked, and not gone on with: its jobs have lost their params.",
    )
    .argument("<file>", "an exported log")
    .option("--continue", "a scheduler is to go on with it")
    .action(async (file: string, _own: unknown, self: Command) => {
      const bar = new ProgressBar(terminal);
      try {
        await withSession(self, bar.terminal, (session) => importLog(session, file, self.optsWithGlobals(), bar));
      } finally {
        bar.end();
      }
    });
  addExamples(command, [
    "signalbox log import backup.jsonl --namespace yesterday",
    "signalbox log import backup.jsonl --continue --nats nats://127.0.0.1:4222",
  ]);
}

async function importLog(session: Session, file: string, options: ImportOptions, bar: ProgressBar): Promise<void> {
  using interrupt = listenForInterrupt();
  const { terminal } = bar;
  const { namespace, subjects } = session;
  const continues = options.continue === true;
  let doingBefore = "";
  const { header, entries, stateHash, isComplete } = await importLedger(session, {
    path: resolve(terminal.cwd, file),
    continues,
    signal: interrupt.signal,
    onProgress: (doing, done, all) => {
      if (doing !== doingBefore) bar.begin();
      doingBefore = doing;
      bar.show({ share: done / all, count: done, text: `${done} of ${counted(all, "entry", "entries")} ${doing}` });
    },
  });
  bar.end();
  if (!isComplete && entries === 0) throw interrupt.failure("nothing was imported");
  if (!isComplete)
    throw CliFailure.failed(
      `interrupted: ${entries} of ${counted(header.last, "entry", "entries")} are in ${namespace}`,
      `The ledger is incomplete: delete the stream ${subjects.ledgerStream} before importing again` +
        (continues ? `, and ${subjects.intakeStream}.` : "."),
    );
  const document = { file, namespace, entries, from: header.stream, continues, stateHash };
  printDocument(terminal, options.output, document, () => "");
  if (options.output === "table") {
    terminal.err(
      `imported ${counted(header.last, "entry", "entries")} of namespace ${header.namespace} into ${namespace}` +
        (continues ? "; a scheduler goes on with them" : ""),
    );
    terminal.err(`state hash ${stateHash}`);
  }
}
