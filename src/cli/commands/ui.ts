/** `ui`: the visualizer in a browser, or as one file. */
import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { openSession, type Session } from "../../client/session.js";
import {
  exportPage,
  liveCapsule,
  NOT_BUILT,
  openCapsule,
  readAssets,
  startUi,
  type Ui,
  type UiOptions,
} from "../../ui/index.js";
import { wholeNumber } from "../arguments.js";
import { refuseServerBesideLog } from "../asking.js";
import { readConfiguration } from "../configuration.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { type Interrupt, listenForInterrupt } from "../interrupt.js";
import { type CommonOptions, commonOptionsOf } from "../options.js";
import { printDocument } from "../printing.js";
import { entryProgress, type ProgressShown, showProgress } from "../progress-lines.js";
import type { Terminal } from "../terminal.js";
import { openBrowser } from "./ui-browser.js";

interface OwnOptions {
  readonly port?: number;
  readonly host: string;
  readonly actions?: true;
  readonly open?: true;
  readonly export?: string;
}

/** The same each time, so that a page that is open finds the next `ui`; if it is taken, a free one. */
const PORT_DEFAULT = 4747;
const PORT_MAX = 65_535;
const HOST_DEFAULT = "127.0.0.1";

export function defineUi(command: Command, terminal: Terminal): void {
  command
    .description(
      "Shows the machines, the slots and the log in a browser, as they are and as they were at any moment; an exported log\n" +
        "with --log. It is one more reader of the ledger and changes nothing, unless --actions is given. It listens to this\n" +
        "machine only, unless --host says otherwise: then the token in the printed URL is needed for everything.",
    )
    .option("--port <number>", `port to listen on (default: ${PORT_DEFAULT}, or a free one)`, wholeNumber(1, PORT_MAX))
    .option("--host <address>", "address to listen on", HOST_DEFAULT)
    .option("--actions", "let the page cancel, retry and move jobs, pause pools and change limits")
    .option("--open", "open it in a browser")
    .option("--export <file>", "write the page with all that it shows into one file, and end")
    .action((own: OwnOptions, self: Command) => ui(own, commonOptionsOf(self), terminal));
  addExamples(command, [
    "signalbox ui --open",
    "signalbox ui --actions",
    "signalbox ui --log backup.jsonl --export run.html",
  ]);
}

async function ui(own: OwnOptions, options: CommonOptions, terminal: Terminal): Promise<void> {
  if (options.at !== undefined) throw CliFailure.usage("ui shows every moment: leave out --at");
  if (options.log !== undefined) refuseServerBesideLog(options);
  if (own.export !== undefined && (own.actions || own.open || own.port !== undefined))
    throw CliFailure.usage("--export writes a file and serves nothing: leave out --port, --actions and --open");
  if (own.actions && options.log !== undefined)
    throw CliFailure.usage("nothing can be done in a recording: leave out --actions or --log");
  using interrupt = listenForInterrupt();
  const bar = showProgress(terminal);
  const ledger = options.log === undefined ? { open: opener(options, bar.terminal) } : { capsule: options.log };
  if (own.export !== undefined) return exportTo(own.export, ledger, options, interrupt, bar);
  const starting = start(own, ledger, foldingOf(interrupt, bar));
  const started = await unlessInterrupted(starting, interrupt).finally(() => bar.end());
  await show(started, own, options, interrupt, terminal);
}

const foldingOf = ({ signal }: Interrupt, bar: ProgressShown) => ({
  signal,
  onEntry: (position: number, last: number) => bar.show(entryProgress(position, last)),
});

/** What comes of work that gives up when it is interrupted. Whatever the server does just then, or does not do, Ctrl-C ends it. */
async function unlessInterrupted<T>(work: Promise<T>, interrupt: Interrupt): Promise<T> {
  const ended = work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const first = await Promise.race([
    ended,
    interrupt.received.then(() => Promise.race([ended, soon(GIVING_UP_MS_MAX)])),
  ]);
  if (interrupt.signal.aborted || first === undefined) throw interrupt.failure();
  if ("error" in first) throw first.error;
  return first.value;
}

type Ledger = UiOptions["ledger"];

/** Opens a session each time that it is called: the server may be another one then. The configuration is read once. */
function opener(options: CommonOptions, terminal: Terminal): () => Promise<Session> {
  const { nats, context, creds } = options;
  const { env, cwd } = terminal;
  const loaded = readConfiguration(options, terminal);
  return () => openSession({ loaded, nats, context, creds, env, cwd, onNotice: (text) => terminal.err(text) });
}

type Folding = ReturnType<typeof foldingOf>;

async function start({ port, host, actions }: OwnOptions, ledger: Ledger, folding: Folding): Promise<Ui> {
  const where = { host, port: port ?? PORT_DEFAULT, orFreePort: port === undefined };
  try {
    return await startUi({ ledger, ...where, isActing: actions === true, ...folding });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE")
      throw CliFailure.failed(`port ${port} is in use on ${host}`, "Leave out --port, and a free one is taken.");
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EACCES")
      throw CliFailure.usage(`cannot listen on ${host}: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
}

async function show(
  started: Ui,
  own: OwnOptions,
  options: CommonOptions,
  interrupt: Interrupt,
  terminal: Terminal,
): Promise<void> {
  const { token, shown, port, hasPage } = started;
  const url = urlOf(own.host, port, token);
  const { namespace, source } = shown;
  const { position } = shown.recording.fold.head;
  printDocument(
    terminal,
    options.output,
    { url, namespace, source, position, isActing: own.actions === true },
    () => url,
  );
  if (!hasPage) terminal.err(`${terminal.errColors.yellow("warning:")} ${NOT_BUILT.split("\n")[0]}`);
  const begin = shown.olderPast === null ? null : shown.recording.spans.completeFrom;
  const older = begin === null ? "" : `; the past before position ${begin.position} is still being read`;
  if (options.output === "table")
    terminal.err(terminal.errColors.dim(`shows ${namespace} up to position ${position}${older}; Ctrl-C ends it`));
  const browser = own.open ? await openBrowser(url, token !== null) : null;
  if (browser?.isOpen === false) terminal.err("no browser could be opened: open the URL yourself");
  // A reader of our output that goes away does not close the page.
  terminal.outliveReader();
  try {
    // Whatever the server does just then, or does not do, Ctrl-C ends it.
    await Promise.race([
      started.ended,
      interrupt.received.then(() => Promise.race([started.ended, soon(ENDING_MS_MAX)])),
    ]);
  } finally {
    await browser?.remove();
  }
}

const ENDING_MS_MAX = 2_000;
/** What reads only has nothing to end but its connection. */
const GIVING_UP_MS_MAX = 500;

/** Connections that do not close are closed by the end of the process. */
const soon = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function urlOf(host: string, port: number, token: string | null): string {
  const isAny = host === "0.0.0.0" || host === "::";
  const name = isAny ? HOST_DEFAULT : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}/${token === null ? "" : `#token=${token}`}`;
}

async function exportTo(
  file: string,
  ledger: Ledger,
  { output }: CommonOptions,
  interrupt: Interrupt,
  bar: ProgressShown,
): Promise<void> {
  const { terminal } = bar;
  const folding = foldingOf(interrupt, bar);
  const assets = await readAssets();
  if (assets.size === 0)
    throw CliFailure.failed("the page of the visualizer was not built", "Run `npm run build` first.");
  const written = async () => {
    await using shown = await ("capsule" in ledger
      ? openCapsule(ledger.capsule, folding)
      : liveCapsule(ledger.open, folding)
    ).finally(() => bar.end());
    const { html, capsule } = await exportPage(shown, assets, new Date().toISOString(), interrupt.signal);
    const path = resolve(terminal.cwd, file);
    await writeWhole(path, html, file);
    printDocument(terminal, output, { file: path, bytes: Buffer.byteLength(html), ...capsule }, () => "");
    if (output !== "table") return;
    const { moments, factsLeft, jobsLeft } = capsule;
    const left = factsLeft + jobsLeft === 0 ? "" : `; ${factsLeft} older facts and ${jobsLeft} jobs are left out`;
    terminal.err(`wrote ${file}: ${moments} moments${left}. It holds the params and results of jobs.`);
  };
  await unlessInterrupted(written(), interrupt).finally(() => bar.end());
}

/** Beside its place first, so that a file that was broken off does not look like one. */
async function writeWhole(path: string, text: string, file: string): Promise<void> {
  const unfinished = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(unfinished, text, { flag: "wx", mode: 0o600 });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw CliFailure.failed(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
