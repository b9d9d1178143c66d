/** `audit`: recomputes every slot from zero, and compares with what the scheduler says and what the workers run. */
import type { Command } from "commander";
import type { Difference } from "../../../projections/audit/differences.js";
import { type Audit, type Auditing, auditText } from "../../client/audit.js";
import { auditScheduler } from "../../client/audit-live.js";
import { exportedText, ledgerText } from "../../client/entries.js";
import { refuseServerBesideLog, untilOf, withQuestions, withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { listenForInterrupt } from "../interrupt.js";
import { type CommonOptions, commonOptionsOf } from "../options.js";
import { printDocument } from "../printing.js";
import { entryProgress, showProgress } from "../progress-lines.js";
import { drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { oneLine } from "../text-width.js";
import { counted } from "../wording.js";

export function defineAudit(command: Command, terminal: Terminal): void {
  command
    .description(
      "Asks the scheduler for its slots, recomputes every slot from the first entry of the ledger up to\n" +
        "the position of that answer, and compares; then asks each worker what it runs, and compares that\n" +
        "with who holds slots. With --log or --at nobody is asked: the slots of the projection are compared\n" +
        "with a count of grants and ends, after each entry. The exit code is 4 if anything differs, and its\n" +
        "pool, job and grant are told. It changes nothing.",
    )
    .action(async (_own: unknown, self: Command) => {
      const options = commonOptionsOf(self);
      const until = untilOf(options);
      if (options.log !== undefined) {
        refuseServerBesideLog(options);
        const text = await exportedText(options.log);
        return await audit((how) => auditText(text, until, how), options, terminal);
      }
      if (until !== null)
        return await withQuestions(self, terminal, async (questions) => {
          const text = await ledgerText(await questions.ledger());
          await audit((how) => auditText(text, until, how), options, terminal);
        });
      await withSession(self, terminal, (session) => audit((how) => auditScheduler(session, how), options, terminal));
    });
  addExamples(command, ["signalbox audit", "signalbox audit --log backup.jsonl -o json"]);
}

async function audit(
  act: (how: Auditing) => Promise<Audit>,
  options: CommonOptions,
  terminal: Terminal,
): Promise<void> {
  using interrupt = listenForInterrupt();
  const bar = showProgress(terminal);
  const audited = await act({
    signal: interrupt.signal,
    onEntry: (position, last) => bar.show(entryProgress(position, last)),
  }).finally(() => bar.end());
  if (interrupt.signal.aborted) throw interrupt.failure(`interrupted at position ${audited.position}`);
  const { differences, workers } = audited;
  const silent = workers.filter(({ running }) => running === null);
  if (silent.length > 0)
    terminal.err(`not known what they run, since they do not answer: ${silent.map(({ worker }) => worker).join(", ")}`);
  const ok = differences.length === 0;
  printDocument(terminal, options.output, { ok, ...audited }, () =>
    ok ? agreement(audited) : differencesTable(differences, terminal),
  );
  if (!ok)
    throw CliFailure.difference(
      `${counted(differences.length, "difference")} as of position ${audited.position}`,
      "Look at a grant with `signalbox log tail --from <grant>`, and at the whole ledger with `signalbox log verify`.",
    );
}

function agreement({ position, at, pools, held, workers }: Audit): string {
  if (at === null) return "the ledger is empty";
  const answered = workers.filter(({ running }) => running !== null);
  const running = answered.reduce((sum, worker) => sum + (worker.running ?? 0), 0);
  const asked =
    workers.length === 0
      ? ""
      : `; ${counted(answered.length, "worker")} of ${workers.length} say the same, with ${counted(running, "run")}`;
  return `all agree: ${counted(pools, "pool")}, ${counted(held, "holder")} as of position ${position}, ${at}${asked}`;
}

function differencesTable(differences: readonly Difference[], terminal: Terminal): string {
  const cell = (value: string | number | null) => (value === null ? "–" : String(value));
  return drawTable(
    differences,
    [
      { title: "POOL", text: ({ pool }) => cell(pool) },
      { title: "JOB", text: ({ job }) => cell(job) },
      { title: "GRANT", text: ({ grant }) => cell(grant), align: "right" },
      { title: "DIFFERENCE", text: ({ text }) => oneLine(text), mayShrink: true },
    ],
    terminal,
  );
}
