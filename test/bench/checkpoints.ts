/**
 * What checkpoints save on a long ledger, and what they cost: answers about its middle, a start, and the leader's turns meanwhile.
 *
 *     node dist/test/bench/checkpoints.js --jobs 200000
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { openShelf } from "../../src/checkpoints/index.js";
import { runRound } from "../../src/checkpoints/round.js";
import { JetStreamLog } from "../../src/log/jetstream.js";
import { Publisher } from "../../src/log/publisher.js";
import { createLogger } from "../../src/logger.js";
import { openConnection } from "../../src/nats/connection.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { startScheduler } from "../../src/scheduler.js";
import { startNatsServer } from "../support/nats-server.js";
import { startReadyProcess } from "../support/ready-process.js";
import { measureEndToEnd } from "./end-to-end.js";
import { configurationFor, untilLeading } from "./setting.js";

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));
const FACTS = 50_000;
const LIMIT = 100;
/** A namespace whose leader keeps none while it is filled: what is measured is a ledger without and with them. */
const NAMESPACE = "bench-checkpoints";

interface Compared {
  readonly without: number;
  readonly with: number;
}

const say = (text: string) => process.stdout.write(`${text}\n`);
const tell = (what: string, times: Compared, more = "") =>
  say(
    `  ${what.padEnd(17)}${Math.round(times.without)} ms without, ${Math.round(times.with)} ms with checkpoints${more}`,
  );

async function measureCheckpoints(url: string, jobs: number): Promise<void> {
  const { entries } = await measureEndToEnd(url, NAMESPACE, jobs, LIMIT);
  say(
    `checkpoints of a ledger of ${jobs.toLocaleString("en")} jobs in ${entries.length} entries, one each ${FACTS} facts`,
  );
  const subjects = subjectsOf(NAMESPACE);
  const nc = await openConnection({ servers: [url] }, "bench checkpoints");
  const jsm = await openStreams(nc, subjects);
  const ledger = new JetStreamLog({ nc, jsm, stream: subjects.ledgerStream, publisher: new Publisher(nc) });
  const middle = Math.floor(entries.length / 2);
  const slots = () => timed(() => run(process.execPath, [PROGRAM, ...slotsAt(url, middle)]));
  const [slotsWithout, startWithout] = [await slots(), await startTime(url)];
  // As the thread does it: the entries come over one connection, and the checkpoints go over another.
  const ncOfBucket = await openConnection({ servers: [url] }, "bench checkpoints");
  const shelf = openShelf(ncOfBucket, subjects);
  const round = await timed(() => runRound({ ledger, shelf, facts: FACTS, onNotice: () => {} }));
  const { state } = await jsm.streams.info(`OBJ_${subjects.checkpointsBucket}`);
  say(`  written          ${round.value.written} in ${Math.round(round.ms)} ms, ${(state.bytes / 1e6).toFixed(1)} MB`);
  const [slotsWith, startWith] = [await slots(), await startTime(url)];
  const isEqual = slotsWithout.value.stdout === slotsWith.value.stdout && slotsWith.value.stderr === "";
  const times = { without: slotsWithout.ms, with: slotsWith.ms };
  tell(`slots --at ${middle}`, times, `; the answers are ${isEqual ? "equal" : "NOT EQUAL"}`);
  tell("up, until ready", { without: startWithout, with: startWith });
  await jsm.streams.delete(`OBJ_${subjects.checkpointsBucket}`);
  await Promise.all([nc.close(), ncOfBucket.close()]);
  const stalls = { without: await longestStall(url, null), with: await longestStall(url, FACTS) };
  tell("leader's stalls", stalls, " being written, at most");
}

const slotsAt = (url: string, at: number): string[] => [
  ...["slots", "--nats", url, "--namespace", NAMESPACE, "--at", String(at), "-o", "json"],
];

async function timed<T>(act: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const begin = performance.now();
  const value = await act();
  return { value, ms: performance.now() - begin };
}

/** From the start of the process to the line that says that it leads. */
async function startTime(url: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-bench-"));
  const file = join(folder, "signalbox.yaml");
  await writeFile(file, JSON.stringify({ namespace: NAMESPACE, checkpoints: false, limits: { global: LIMIT } }));
  const { value, ms } = await timed(() =>
    startReadyProcess("the scheduler", [
      process.execPath,
      PROGRAM,
      "up",
      "--config",
      file,
      "--nats",
      url,
      "-o",
      "json",
    ]),
  );
  value.signal("SIGTERM");
  await value.exited;
  await rm(folder, { recursive: true });
  return ms;
}

const QUIET_MS = 5_000;

/** How long the thread of an idle leader stands still at most: for some seconds, or until all checkpoints are written. */
async function longestStall(url: string, facts: number | null): Promise<number> {
  let tell = () => {};
  const written = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const log = createLogger("info", { write: (line) => line.includes("wrote checkpoints") && tell() });
  const configuration = configurationFor(NAMESPACE, { global: LIMIT });
  const checkpoints = facts === null ? null : { facts, everyMs: 1_000 };
  const scheduler = await startScheduler({
    connection: { servers: [url] },
    configuration: { ...configuration, checkpoints },
    log,
  });
  await untilLeading(scheduler);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  if (facts === null) await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  else await written;
  delay.disable();
  await scheduler.stop();
  return delay.max / 1e6;
}

const { values } = parseArgs({ options: { jobs: { type: "string", default: "200000" } } });
await using server = await startNatsServer();
await measureCheckpoints(server.url, Number(values.jobs));
