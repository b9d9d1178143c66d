/**
 * `submit --from`: many jobs from a file or from standard input, JSON Lines, one submission a line. Wrong lines are told and left
 * out, unless --strict; how far it came is always said, so that one can go on from there.
 */
import type { Command } from "commander";
import type { Fates } from "../../client/bulk-fates.js";
import { checkLines, submitLines } from "../../client/bulk-submit.js";
import { BulkWait } from "../../client/bulk-wait.js";
import type { Session } from "../../client/session.js";
import { faultOfType } from "../../client/submission-check.js";
import { withSession } from "../asking.js";
import { CliFailure } from "../failure.js";
import { type Interrupt, listenForInterrupt } from "../interrupt.js";
import { type LineSource, openLines } from "../line-source.js";
import type { CommonOptions } from "../options.js";
import { printDocument, refuseRows } from "../printing.js";
import { ProgressBar } from "../progress-bar.js";
import type { Terminal } from "../terminal.js";
import { counted } from "../wording.js";
import { endedText, endingFailure, endingSummary, goingOnText, submittedText } from "./submit-from-end.js";
import { FailingJobs, SubmittedPrinter, WrongLines } from "./submit-from-output.js";

export interface SubmitFromOptions extends CommonOptions {
  readonly from?: string;
  readonly skip?: number;
  readonly strict?: boolean;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
}

interface Task {
  readonly source: LineSource;
  readonly type: string | null;
  readonly options: SubmitFromOptions;
  readonly terminal: Terminal;
  readonly bar: ProgressBar;
  readonly interrupt: Interrupt;
}

export async function submitFrom(
  command: Command,
  type: string | null,
  options: SubmitFromOptions,
  terminal: Terminal,
): Promise<void> {
  refuseRows("submit --from", options.output);
  refuseNonsense(type, options);
  await using source = await openLines("--from", options.from ?? "-", terminal);
  if (options.strict === true && source.bytes === null)
    throw CliFailure.usage(
      `--strict reads the lines twice, and ${source.name} can be read only once`,
      "Give a file, or check with --dry-run first.",
    );
  using interrupt = listenForInterrupt();
  const bar = new ProgressBar(terminal);
  const task: Task = { source, type, options, terminal: bar.terminal, bar, interrupt };
  try {
    if (options.dryRun === true) return await tryOut(task);
    if (options.strict === true) await check(task, new WrongLines(source.name, task.terminal));
    await withSession(command, task.terminal, (session) => submitAll(session, task));
  } finally {
    bar.end();
  }
}

function refuseNonsense(type: string | null, { strict, dryRun, wait, log, at }: SubmitFromOptions): void {
  const fault = type === null ? null : faultOfType(type);
  if (fault !== null) throw CliFailure.usage(fault);
  if (dryRun !== true) return;
  if (strict === true) throw CliFailure.usage("--dry-run checks every line: leave out --strict");
  if (wait === true) throw CliFailure.usage("--dry-run submits nothing to wait for: leave out --wait");
  if (log !== undefined || at !== undefined) throw CliFailure.usage("--log and --at are for questions: leave them out");
}

/** --dry-run: says what would be submitted, and what is wrong. */
async function tryOut(task: Task): Promise<void> {
  const { options, terminal, source } = task;
  const wrong = new WrongLines(source.name, terminal);
  const show = (right: number) => {
    const document = { from: source.name, right, wrong: wrong.count, wrongLines: wrong.told };
    printDocument(
      terminal,
      options.output,
      document,
      () => `${counted(right, "job")} of ${source.name} can be submitted`,
    );
  };
  await check(task, wrong, show);
}

/** Reads all lines without submitting any. Throws if one is wrong, or if it is interrupted. */
async function check(task: Task, wrong: WrongLines, show: (right: number) => void = () => {}): Promise<void> {
  const { source, type, options, bar, interrupt } = task;
  const { signal } = interrupt;
  const lines = { type, skip: options.skip ?? 0, signal };
  const right = await checkLines(source.read(signal), lines, {
    onWrong: (line) => wrong.add(line),
    onRead: (bytes, line) =>
      bar.show({ share: shareOf(source, bytes), count: line, text: `${counted(line, "line")} checked` }),
  });
  bar.end();
  if (signal.aborted) throw interrupt.failure("nothing was submitted");
  show(right);
  if (wrong.count > 0) throw CliFailure.failed(`${wrong.text}; nothing was submitted`);
}

async function submitAll(session: Session, task: Task): Promise<void> {
  const { source, type, options, terminal, bar, interrupt } = task;
  const { signal } = interrupt;
  const wrong = new WrongLines(source.name, terminal);
  const printer = new SubmittedPrinter(terminal, options.output);
  const wait = options.wait === true ? await beginWait(session, task) : null;
  const progress = { bytesRead: 0, isRepeating: false };
  const show = () => {
    const share = shareOf(source, progress.bytesRead);
    bar.show({ share, count: printer.count, text: `${counted(printer.count, "job")} submitted` });
  };
  bar.begin();
  const beganMs = performance.now();
  const lines = { type, skip: options.skip ?? 0, signal };
  const report = await submitLines(session, source.read(signal), lines, {
    onWrong: (line) => wrong.add(line),
    onRead: (bytes) => {
      progress.bytesRead = bytes;
      show();
    },
    onStored: async (batch, sequence) => {
      progress.isRepeating = false;
      wait?.expect(batch, sequence);
      await printer.stored(batch, sequence);
      show();
    },
    onRepeat: (reason) => {
      if (!progress.isRepeating) terminal.err(`not acknowledged: ${reason}; sending it again`);
      progress.isRepeating = true;
    },
  });
  const tookMs = performance.now() - beganMs;
  // Nothing came about: then there is nothing to tell but why.
  if (report.failure !== null && printer.count === 0 && report.inDoubt.length === 0) throw report.failure;
  const fates = wait === null || report.failure !== null || signal.aborted ? null : await fatesOf(wait, task);
  bar.end();
  const ending = { report, wrong, fates, submitted: printer.count, interrupt };
  printer.end(endingSummary(source.name, ending), submittedText(printer.count, source.name, tookMs));
  if (fates !== null && fates.open === 0) terminal.err(terminal.errColors.dim(endedText(fates)));
  const failure = endingFailure(ending);
  if (failure !== null) throw failure;
}

function beginWait(session: Session, { source, terminal, bar }: Task): Promise<BulkWait> {
  const failing = new FailingJobs(source.name, terminal);
  return BulkWait.begin(session, {
    onFailing: (job) => failing.add(job),
    onNoScheduler: () => terminal.err("no scheduler answers; the jobs wait in the intake until one runs"),
    onProgress: (fates) => {
      const all = [...fates.counts.values()].reduce((sum, count) => sum + count, 0);
      const count = all - fates.open;
      bar.show({ share: count / all, count, text: goingOnText(fates) });
    },
  });
}

/** What has become of the jobs when all have ended, or when the waiting was interrupted. */
async function fatesOf(wait: BulkWait, { bar, interrupt }: Task): Promise<Fates> {
  bar.begin();
  await wait.ended(interrupt.signal);
  return wait.fates;
}

const shareOf = ({ bytes }: LineSource, read: number): number | null =>
  bytes === null || bytes === 0 ? null : read / bytes;
