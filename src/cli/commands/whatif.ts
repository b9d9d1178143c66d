/** `whatif`: the recorded workload, decided again under other limits or in another order, beside what was. */
import type { Command } from "commander";
import type { Measured } from "../../../projections/whatif/measures.js";
import type { Workload } from "../../../projections/whatif/recorded.js";
import { PRIORITY_RULES, type PriorityRule, STRATEGIES, type Strategy } from "../../../projections/whatif/variant.js";
import { type ComparedColumn, comparisonOf } from "../../client/comparison.js";
import { exportedText, type LedgerText, ledgerText } from "../../client/entries.js";
import { parseUntil } from "../../client/until.js";
import { playVariant, readWorkload } from "../../client/whatif.js";
import { LIMITS_FORMS } from "../../config/limits-keys.js";
import { oneOf } from "../arguments.js";
import { refuseServerBesideLog, untilOf, withQuestions } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { type Interrupt, listenForInterrupt } from "../interrupt.js";
import { type CommonOptions, commonOptionsOf } from "../options.js";
import { printDocument } from "../printing.js";
import { ProgressBar } from "../progress-bar.js";
import type { Terminal } from "../terminal.js";
import { comparisonText } from "../whatif-table.js";
import { type AskedVariant, limitsOf, variantsOf } from "../whatif-variants.js";
import { counted } from "../wording.js";

interface WhatifOptions {
  readonly limits?: readonly string[];
  readonly strategy?: readonly Strategy[];
  readonly priority?: readonly PriorityRule[];
  readonly from?: string;
}

export function defineWhatif(command: Command, terminal: Terminal): void {
  command
    .description(
      "Decides the recorded workload again, under other limits or in another order, with the recorded\n" +
        "run times, and shows how long jobs would have waited beside how long they did. It submits nothing\n" +
        "and changes nothing. Limits that are not named stay as they were. Up to 32 variants are compared\n" +
        "at once: each --limits is one, a sweep such as resources.ollama=1..4 is several, and they are\n" +
        "combined with each --strategy and each --priority.\n\n" +
        "A strategy is a set of limits: A keeps only the global cap (1 if there was none), B only those of\n" +
        "types (1 each if there were none), C only the resource pools (if there were none, as many units of\n" +
        "each as one job demands). What is assumed is said below the table.",
    )
    .argument("[assignments...]", "limits that hold in every variant")
    .option(
      "--limits <set>",
      `one variant: ${LIMITS_FORMS.join(", ")}, with commas or blanks between`,
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option("--strategy <names>", `${STRATEGIES.join(", ")}`, oneOf(STRATEGIES))
    .option("--priority <rules>", `the waiting order: ${PRIORITY_RULES.join(", ")}`, oneOf(PRIORITY_RULES))
    .option("--from <when>", "the variants hold, and all is measured, from this position or time on")
    .action(async (common: readonly string[], own: WhatifOptions, self: Command) => {
      const { limits = [], strategy = [], priority = [] } = own;
      if (limits.length + strategy.length + priority.length + common.length === 0)
        throw CliFailure.usage("say what is to be other: --limits, --strategy or --priority");
      const asked = variantsOf({ limits, strategy, priority, common });
      const options = commonOptionsOf(self);
      if (options.log === undefined)
        return await withQuestions(self, terminal, async (questions) =>
          compare(await ledgerText(await questions.ledger()), asked, own, options, terminal),
        );
      refuseServerBesideLog(options);
      await compare(await exportedText(options.log), asked, own, options, terminal);
    });
  addExamples(command, [
    "signalbox whatif --limits resources.ollama=1..4",
    'signalbox whatif --limits "global=4 types.story=2" --priority recorded,shortest-first --log backup.jsonl',
  ]);
}

async function compare(
  text: LedgerText,
  asked: readonly AskedVariant[],
  own: WhatifOptions,
  options: CommonOptions,
  terminal: Terminal,
): Promise<void> {
  using interrupt = listenForInterrupt();
  const bar = new ProgressBar(terminal);
  try {
    const workload = await read(text, own, options, interrupt, bar);
    const columns = await play(workload, asked, interrupt, bar);
    bar.end();
    const comparison = comparisonOf(workload, columns);
    printDocument(terminal, options.output, comparison, (document) => comparisonText(document, terminal));
  } finally {
    bar.end();
  }
}

async function read(
  text: LedgerText,
  own: WhatifOptions,
  options: CommonOptions,
  interrupt: Interrupt,
  bar: ProgressBar,
): Promise<Workload> {
  const from = own.from === undefined ? null : parseUntil(own.from);
  if (own.from !== undefined && from === null)
    throw CliFailure.usage(`--from ${own.from}: give a position such as 812, or a time such as 2026-12-01T08:00:00Z`);
  const workload = await readWorkload(text, {
    until: untilOf(options),
    from,
    signal: interrupt.signal,
    onEntry: (position, last) =>
      bar.show({ share: position / last, count: position, text: `reading ${counted(last, "entry", "entries")}` }),
  });
  if (interrupt.signal.aborted) throw interrupt.failure("interrupted while the log was read");
  if (workload.lives.length === 0) throw CliFailure.notFound("there is no job in this log: nothing to decide again");
  return workload;
}

async function play(
  workload: Workload,
  asked: readonly AskedVariant[],
  interrupt: Interrupt,
  bar: ProgressBar,
): Promise<ComparedColumn[]> {
  const columns: ComparedColumn[] = [];
  // All that may be wrong with them is said before the first one takes its time.
  const changing = asked.map((variant) => limitsOf(variant, workload));
  for (const [index, { name, strategy, priority }] of asked.entries()) {
    const limits = changing[index] ?? ((recorded) => recorded);
    bar.begin();
    const measured: Measured = await playVariant(
      workload,
      { limits, priority, from: workload.from },
      {
        signal: interrupt.signal,
        onEntries: (share, count) =>
          bar.show({
            share,
            count,
            text: `variant ${index + 1} of ${asked.length}: ${name}, ${counted(count, "entry", "entries")}`,
          }),
      },
    );
    if (interrupt.signal.aborted) throw interrupt.failure(`interrupted in variant ${index + 1} of ${asked.length}`);
    columns.push({ name, strategy, priority, limits: limits(workload.limits), ...measured });
  }
  return columns;
}
