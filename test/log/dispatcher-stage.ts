/** Dispatchers on logs in memory, with jobs that are functions: everything of the scheduler but the server. */
import { onTestFinished } from "vitest";
import { decodeEntry } from "../../events/codec.js";
import type { Entry } from "../../events/entry.js";
import type { Limits } from "../../events/limits.js";
import { systemClock } from "../../src/clock.js";
import { nextFiring } from "../../src/cron.js";
import { Dispatcher, type Ended } from "../../src/dispatcher/dispatcher.js";
import type { DispatcherOptions } from "../../src/dispatcher/options.js";
import { thisSystem } from "../../src/dispatcher/system.js";
import type { Log } from "../../src/log/log.js";
import { MemoryLog } from "../../src/log/memory.js";
import { createLogger } from "../../src/logger.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { functionRunner, type JobFunction } from "../../src/runners/index.js";

export const subjects = subjectsOf("test");
const waitMsMax = 10_000;

export const memoryLog = (identity: string, appendOnly: boolean): MemoryLog =>
  new MemoryLog({ identity, appendOnly, now: () => new Date().toISOString() });

export interface Started {
  readonly dispatcher: Dispatcher;
  readonly ended: Promise<Ended>;
}

/** Starts a dispatcher that runs `work` for jobs of type `task`; it is stopped with the test. */
export function startDispatcher(
  ledger: Log,
  intake: Log,
  work: JobFunction,
  limits: Limits = { global: 1 },
  more: Partial<DispatcherOptions> = {},
): Started {
  const dispatcher = makeDispatcher(ledger, intake, work, limits, more);
  const ended = dispatcher.run();
  onTestFinished(async () => {
    dispatcher.stop();
    await ended;
  });
  return { dispatcher, ended };
}

/** The same, neither started nor stopped. */
export function makeDispatcher(
  ledger: Log,
  intake: Log,
  work: JobFunction,
  limits: Limits,
  more: Partial<DispatcherOptions>,
): Dispatcher {
  return new Dispatcher({
    subjects,
    ledger,
    intake,
    catalogue: { types: new Map([["task", {}]]), templates: new Map() },
    runners: new Map([["task", functionRunner(work)]]),
    results: { keep: async (inline) => ({ inline }) },
    workerCapacity: 100,
    workerTypes: ["task"],
    leaseMs: 50,
    graceMs: 0,
    nextFiring,
    workerLink: { start: async () => null, abort: async () => null },
    backoffOf: () => ({ baseMs: 1, capMs: 1, factor: 1, jitter: false }),
    settingsFacts: (fold) =>
      fold.settings.limitsKnown ? [] : [{ type: "LimitsChanged", limits, source: "configuration" }],
    announce: () => {},
    progress: () => {},
    askLeader: async () => "nobody",
    answerAsLeader: () => () => {},
    endOrphans: async () => 0,
    clock: systemClock,
    system: thisSystem,
    random: () => 0.5,
    log: createLogger("silent"),
    version: "test",
    ...more,
  });
}

export async function submit(intake: Log, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 1)
    await intake.append({ subject: `${subjects.submit}.task`, data: Buffer.from("{}") });
}

/** Every entry of a ledger so far, as text. */
export async function linesOf(ledger: Log): Promise<string[]> {
  const { last } = await ledger.state();
  const lines: string[] = [];
  for (let sequence = 1; sequence <= last; sequence += 1)
    lines.push(Buffer.from((await ledger.read(sequence))?.data ?? []).toString("utf8"));
  return lines;
}

/** Follows the ledger until what is in it fits; fails after `msMax` with what was there. */
export async function ledgerUntil(
  ledger: Log,
  fits: (entries: readonly Entry[]) => boolean,
  msMax = waitMsMax,
): Promise<readonly Entry[]> {
  const signal = AbortSignal.timeout(msMax);
  const entries: Entry[] = [];
  for await (const batch of ledger.follow(0, signal)) {
    for (const { data } of batch) entries.push(decodeEntry(Buffer.from(data).toString("utf8")));
    if (fits(entries)) return entries;
  }
  const facts = entries.flatMap((entry) => entry.facts.map(({ type }) => type));
  throw new Error(`within ${msMax} ms it did not come; the ledger's last facts: ${facts.slice(-30).join(", ")}`);
}

export const factsOf = (entries: readonly Entry[]) => entries.flatMap(({ facts }) => facts);

/** True when so many jobs have completed. */
export const haveCompleted =
  (count: number) =>
  (entries: readonly Entry[]): boolean =>
    factsOf(entries).filter(({ type }) => type === "RunCompleted").length >= count;
