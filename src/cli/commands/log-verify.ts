/** `log verify`: checks a ledger from zero, and says where it is wrong first. */
import type { Command } from "commander";
import { openExport } from "../../client/exported-log.js";
import { type VerifyOptions, type VerifyOutcome, verifyExport, verifyLedger } from "../../client/verify.js";
import { refuseServerBesideLog, untilOf, withQuestions } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { listenForInterrupt } from "../interrupt.js";
import { type CommonOptions, commonOptionsOf } from "../options.js";
import { printDocument } from "../printing.js";
import { entryProgress, showProgress } from "../progress-lines.js";
import type { Terminal } from "../terminal.js";
import { counted } from "../wording.js";

export function defineLogVerify(command: Command, terminal: Terminal): void {
  command
    .description(
      "Checks the whole ledger, or with --at its beginning: that no entry is missing, that each names the one before, that\n" +
        "reigns follow each other, that neither time nor the intake's progress goes back, that each fact may happen to its\n" +
        "job, that no pool and no worker is ever over capacity, that whoever was granted a start is one whom the grant rule\n" +
        "starts there, and that each word about an attempt names the grant that was live. Checkpoints that it passes are\n" +
        "compared, too. The exit code is 4 at the first thing that is wrong, and its address is told. It changes nothing.",
    )
    .action(async (_own: unknown, self: Command) => {
      const options = commonOptionsOf(self);
      const { log: path } = options;
      if (path === undefined) {
        await withQuestions(self, terminal, async (questions) => {
          const readable = await questions.readable();
          await verify((how) => verifyLedger(readable, how), options, terminal);
        });
        return;
      }
      refuseServerBesideLog(options);
      const exported = await openExport(path);
      await verify((how) => verifyExport(exported, how), options, terminal);
    });
  addExamples(command, ["signalbox log verify", "signalbox log verify --log backup.jsonl"]);
}

async function verify(
  act: (how: VerifyOptions) => Promise<VerifyOutcome>,
  options: CommonOptions,
  terminal: Terminal,
): Promise<void> {
  using interrupt = listenForInterrupt();
  const bar = showProgress(terminal);
  const outcome = await act({
    until: untilOf(options),
    signal: interrupt.signal,
    onEntry: (position, last) => bar.show(entryProgress(position, last)),
  }).finally(() => bar.end());
  if (!outcome.ok) {
    const { address, problem } = outcome;
    printDocument(terminal, options.output, { ok: false, address, problem }, () => "");
    throw CliFailure.difference(problem, `Look at it with \`signalbox log tail --from ${address.split(".")[0]}\`.`);
  }
  const { checkpoints } = outcome;
  const { entries, facts, jobs, grants, epochs, at } = outcome.verified;
  if (interrupt.signal.aborted) throw interrupt.failure(`the first ${counted(entries, "entry", "entries")} are right`);
  printDocument(terminal, options.output, { ok: true, ...outcome.verified, checkpoints }, () =>
    at === null
      ? "the ledger is empty"
      : `all is right: ${counted(entries, "entry", "entries")} with ${counted(facts, "fact")}, ` +
        `${counted(jobs, "job")}, ${counted(grants, "grant")}, ${counted(epochs, "reign")}${checkpoints === 0 ? "" : `, ${counted(checkpoints, "checkpoint")}`}, up to ${at}`,
  );
}
