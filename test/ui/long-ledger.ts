/** A ledger of many jobs that are done, with its checkpoints, and how a browser gets on with it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import type { Fact } from "../../events/facts.js";
import { openShelf } from "../../src/checkpoints/index.js";
import { runRound } from "../../src/checkpoints/round.js";
import { JetStreamLog } from "../../src/log/jetstream.js";
import { Publisher } from "../../src/log/publisher.js";
import { createLogger } from "../../src/logger.js";
import { openConnection } from "../../src/nats/connection.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { type Scheduler, startScheduler } from "../../src/scheduler.js";
import type { Batch, SlotHistory } from "../../src/ui/protocol.js";
import { configurationFor, untilLeading } from "../bench/setting.js";
import { batchBytes, NOOP_TYPE } from "../bench/workload.js";
import { startProgram } from "../cli/world.js";
import { ask, OpenPage } from "./browser.js";
import type { Chromium } from "./chromium.js";
import { startUiProcess, type UiProcess } from "./ui-process.js";

const run = promisify(execFile);

const LIMIT = 100;
const JOBS_PER_MESSAGE = 500;
/** Jobs that come while a page is open: so many messages of so many. */
const MORE_MESSAGES = 20;
const MORE_JOBS = 100;

/** It is killed if it is forgotten for so long. */
const RUN_MS_MAX = 600_000;

export interface LongLedger {
  readonly url: string;
  readonly namespace: string;
  readonly jobs: number;
  readonly entries: number;
}

/** Lets so many jobs be done on a server, on which no checkpoints are kept by itself. */
export async function fillLedger(url: string, namespace: string, jobs: number): Promise<LongLedger> {
  let ended = 0;
  let tell = () => {};
  const done = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const scheduler = await leading(url, namespace, (facts) => {
    ended += facts.filter(({ fact }) => fact.type === "RunCompleted").length;
    if (ended >= jobs) tell();
  });
  const nc = await openConnection({ servers: [url] }, "long ledger");
  for (let sent = 0; sent < jobs; sent += JOBS_PER_MESSAGE)
    await nc.jetstream().publish(scheduler.subjects.submit, batchBytes(Math.min(JOBS_PER_MESSAGE, jobs - sent)));
  await done;
  await scheduler.stop();
  const jsm = await nc.jetstreamManager();
  const { state } = await jsm.streams.info(scheduler.subjects.ledgerStream);
  await nc.close();
  return { url, namespace, jobs, entries: state.last_seq };
}

/** A scheduler whose jobs do nothing. */
async function leading(
  url: string,
  namespace: string,
  onFacts: (facts: readonly { readonly fact: Fact }[]) => void = () => {},
): Promise<Scheduler> {
  const scheduler = await startScheduler({
    connection: { servers: [url] },
    configuration: { ...configurationFor(namespace, { global: LIMIT }), checkpoints: null },
    functions: new Map([[NOOP_TYPE, () => null]]),
    log: createLogger("silent"),
    onStored: ({ facts }) => onFacts(facts),
  });
  await untilLeading(scheduler);
  return scheduler;
}

/** Keeps a checkpoint each so many facts. Gives how many there are then. */
export async function keepCheckpoints({ url, namespace }: LongLedger, facts: number): Promise<number> {
  const subjects = subjectsOf(namespace);
  const nc = await openConnection({ servers: [url] }, "long ledger");
  const jsm = await openStreams(nc, subjects);
  const ledger = new JetStreamLog({ nc, jsm, stream: subjects.ledgerStream, publisher: new Publisher(nc) });
  const { written } = await runRound({ ledger, shelf: openShelf(nc, subjects), facts, onNotice: () => {} });
  await nc.close();
  return written;
}

/** `signalbox ui` on it, and how long it took from the start of the process to the URL. */
export async function startUi({
  url,
  namespace,
}: LongLedger): Promise<{ readonly ui: UiProcess; readonly ms: number }> {
  const start: typeof startProgram = (args, options) =>
    startProgram([...args, "--nats", url, "--namespace", namespace], { ...options, runMsMax: RUN_MS_MAX });
  const { value: ui, ms } = await timed(() => startUiProcess({ start }));
  return { ui, ms };
}

export async function timed<T>(act: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const begin = performance.now();
  const value = await act();
  return { value, ms: performance.now() - begin };
}

/** Until all of the past is read: how long it took, and the longest wait for an answer meanwhile. */
export async function untilAllIsRead({ url }: UiProcess): Promise<{ readonly ms: number; readonly longestMs: number }> {
  let longestMs = 0;
  const { ms } = await timed(async () => {
    for (;;) {
      const asked = await timed(() => ask(`${url}api/meta`));
      longestMs = Math.max(longestMs, asked.ms);
      const { json } = await ask<SlotHistory>(`${url}api/slots/history?from=1&to=1`);
      if (json.olderPast === null) return;
    }
  });
  return { ms, longestMs };
}

/** Resident memory of a process in bytes. */
export async function memoryOf({ running }: UiProcess): Promise<number> {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", String(running.child.pid)]);
  return Number(stdout) * 1024;
}

export interface Told {
  readonly boardBytes: number;
  /** Of each batch. */
  readonly batchBytes: readonly number[];
  readonly names: readonly string[];
}

/** What an open page is told while jobs come and are done. */
export async function toldMeanwhile({ url: server, namespace }: LongLedger, { url }: UiProcess): Promise<Told> {
  const scheduler = await leading(server, namespace);
  using page = await OpenPage.open(url);
  const boardBytes = bytesOf(page.board);
  const nc = await openConnection({ servers: [server] }, "long ledger");
  for (let message = 1; message <= MORE_MESSAGES; message += 1) {
    await nc.jetstream().publish(subjectsOf(namespace).submit, batchBytes(MORE_JOBS));
    // By their moves, because the index does not keep all that have ended.
    await page.until("the end of the jobs", () => endsIn(page.batches) === message * MORE_JOBS);
  }
  await nc.close();
  await scheduler.stop();
  return { boardBytes, names: page.names, batchBytes: page.batches.map(bytesOf) };
}

const endsIn = (batches: readonly Batch[]): number =>
  batches.flatMap(({ moves }) => moves).reduce((sum, { to, count }) => sum + (to === "completed" ? count : 0), 0);

const bytesOf = (value: object): number => Buffer.byteLength(JSON.stringify(value));

export interface Seen {
  /** From the navigation to the first pool in the document. */
  readonly firstViewMs: number;
  /** View → elements in the document, but for the spans of the chart, of which there are as many as are in its window. */
  readonly nodes: Readonly<Record<string, number>>;
  /** Those of the chart. */
  readonly spanNodes: number;
  /** From the wish for a position to its board. */
  readonly scrubMs: Readonly<Record<string, number>>;
  /** From the first row to the last that is shown, and how many that are. */
  readonly jobsMs: number;
  readonly jobRows: number;
  /** Questions about jobs, all in all. */
  readonly jobRequests: number;
  /** From the word in the field to the fact in the list. */
  readonly searchMs: number;
  /** To other hosts. */
  readonly foreignRequests: readonly string[];
  readonly complaints: readonly string[];
}

const VIEWS = ["Overview", "Machines", "Slots", "Log", "Jobs"] as const;

/** Opens it, looks at all views, goes through the past and through the lists, and looks for a job from the middle in the log. */
export async function lookAtAll(browser: Chromium, ui: UiProcess, { entries, jobs }: LongLedger): Promise<Seen> {
  const { page, requests, complaints } = await browser.open(ui.printed);
  await page.locator(".lane").first().waitFor();
  const firstViewMs = await page.evaluate<number>("performance.now()");
  const nodes: Record<string, number> = {};
  let spanNodes = 0;
  for (const view of VIEWS) {
    await page.getByRole("navigation").getByRole("button", { name: view }).click();
    await page.locator(firstOf[view]).first().waitFor();
    nodes[view] = await nodesOn(page);
    if (view === "Slots") spanNodes = await countOn(page, SPANS);
  }
  const scrubMs: Record<string, number> = {};
  const middle = Math.floor(entries / 2);
  for (const [name, at] of [
    ["to the middle", middle],
    ["a little on", middle + Math.ceil(entries / 50)],
    ["to the first quarter", Math.floor(entries / 4)],
    ["back to the middle", middle],
  ] as const)
    scrubMs[name] = await scrubTo(page, at);
  await page.getByRole("button", { name: "Live" }).click();
  const { ms: jobsMs, value: jobRows } = await timed(() => scrollJobs(page));
  nodes["Jobs, at the end"] = await nodesOn(page);
  const { ms: searchMs } = await timed(() => searchLog(page, idInTheMiddle(jobs)));
  nodes["Log, searched"] = await nodesOn(page);
  await page.close();
  const { origin } = new URL(ui.url);
  const foreignRequests = requests.filter((url) => !url.startsWith(origin) && !url.startsWith("data:"));
  const jobRequests = requests.filter((url) => url.startsWith(`${ui.url}api/jobs?`)).length;
  return {
    firstViewMs,
    nodes,
    spanNodes,
    scrubMs,
    jobsMs,
    jobRows,
    jobRequests,
    searchMs,
    foreignRequests,
    complaints,
  };
}

const firstOf: Readonly<Record<(typeof VIEWS)[number], string>> = {
  Overview: ".newest .fact-row",
  Machines: ".chart [data-state]",
  Slots: ".gantt-drawing",
  Log: ".log .fact-row",
  Jobs: ".job-row",
};

const idInTheMiddle = (jobs: number): string => `j${Math.ceil(jobs / 2 / JOBS_PER_MESSAGE)}-${JOBS_PER_MESSAGE / 2}`;

const SPANS = ".gantt-drawing .span, .gantt-drawing .span *";
const countOn = (page: Page, selector: string): Promise<number> =>
  page.evaluate(`document.querySelectorAll('${selector}').length`);
const nodesOn = async (page: Page): Promise<number> => (await countOn(page, "*")) - (await countOn(page, SPANS));

async function scrubTo(page: Page, at: number): Promise<number> {
  const { ms } = await timed(async () => {
    await page.locator(".scrubber .track").fill(String(at));
    await page.locator(".moment [data-figure=position]").getByText(String(at), { exact: true }).waitFor();
  });
  return ms;
}

/** Goes to the end of the list until no more rows come. Gives how many there are. */
async function scrollJobs(page: Page): Promise<number> {
  await page.getByRole("navigation").getByRole("button", { name: "Jobs" }).click();
  const rows = page.locator(".jobs .rows-row");
  await rows.last().waitFor();
  const isEnd = page.locator(".jobs .quiet", { hasText: "search for others" });
  for (;;) {
    const size = Number(await rows.last().getAttribute("aria-setsize"));
    await page.evaluate(
      "(() => { const rows = document.querySelector('.jobs .rows'); rows.scrollTop = rows.scrollHeight; })()",
    );
    await page.locator(`.jobs .rows-row[aria-posinset="${size}"]`).waitFor();
    const total = Number.parseInt((await page.locator(".jobs [role=status]").textContent()) ?? "", 10);
    if (size >= total) return size;
    await page.locator(`.jobs .rows-row:not([aria-setsize="${size}"])`).or(isEnd).first().waitFor();
    if (await isEnd.isVisible()) return Number(await rows.last().getAttribute("aria-setsize"));
  }
}

async function searchLog(page: Page, word: string): Promise<void> {
  await page.getByRole("navigation").getByRole("button", { name: "Log" }).click();
  await page.locator("#log-search").fill(word);
  await page.locator(".log .fact-row", { hasText: word }).first().waitFor();
}
