/**
 * How the visualizer gets on with a long ledger, in a real browser: one table of figures.
 *
 *     node dist/test/ui/large.js --jobs 100000
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { startNatsServer } from "../support/nats-server.js";
import { Chromium } from "./chromium.js";
import {
  fillLedger,
  keepCheckpoints,
  lookAtAll,
  memoryOf,
  startUi,
  toldMeanwhile,
  untilAllIsRead,
} from "./long-ledger.js";

const FACTS = 50_000;

const { values } = parseArgs({ options: { jobs: { type: "string", default: "100000" } } });
const jobs = Number(values.jobs);
const say = (what: string, figure: string): void => void process.stdout.write(`${what.padEnd(34)}${figure}\n`);
const ms = (figure: number): string => `${Math.round(figure).toLocaleString("en")} ms`;
const kB = (figure: number): string => `${(figure / 1e3).toFixed(1)} kB`;
const MB = (figure: number): string => `${Math.round(figure / 1e6)} MB`;

await using server = await startNatsServer();
const ledger = await fillLedger(server.url, "large", jobs);
const { ui: fromZero, ms: zeroMs } = await startUi(ledger);
await fromZero[Symbol.asyncDispose]();
const checkpoints = await keepCheckpoints(ledger, FACTS);
say("ledger", `${jobs.toLocaleString("en")} jobs, ${ledger.entries} entries, ${checkpoints} checkpoints`);
say("machine", `${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`);
say("ui, until it serves, from zero", ms(zeroMs));
const { ui, ms: startMs } = await startUi(ledger);
say("ui, until it serves", ms(startMs));
await using _ui = ui;
say("memory of ui, then", MB(await memoryOf(ui)));
await using browser = await Chromium.start();
const seen = await lookAtAll(browser, ui, ledger);
say("page, until the first view", ms(seen.firstViewMs));
for (const [view, nodes] of Object.entries(seen.nodes)) say(`elements of ${view}`, String(nodes));
say("elements of spans in the chart", String(seen.spanNodes));
for (const [way, took] of Object.entries(seen.scrubMs)) say(`scrubbing ${way}`, ms(took));
say("the job list to its end", `${ms(seen.jobsMs)}, ${seen.jobRows} rows`);
say("a job from the middle in the log", ms(seen.searchMs));
const read = await untilAllIsRead(ui);
say("older past read, after that", `${ms(read.ms)}, longest answer meanwhile ${ms(read.longestMs)}`);
say("memory of ui, then", MB(await memoryOf(ui)));
const told = await toldMeanwhile(ledger, ui);
say("first board", kB(told.boardBytes));
const batches = told.batchBytes;
const mean = batches.reduce((sum, bytes) => sum + bytes, 0) / batches.length;
say("batches while jobs go on", `${batches.length}, ${kB(mean)} each, at most ${kB(Math.max(...batches))}`);
say("memory of ui, in the end", MB(await memoryOf(ui)));
say("machine", `load ${loadavg()[0]?.toFixed(1)}`);
if (seen.foreignRequests.length + seen.complaints.length > 0)
  say("NOT SO", [...seen.foreignRequests, ...seen.complaints].join("; "));
