/**
 * The judgement over a round, when everything is healed and has come to rest: from the ledger, the intake, the runs' own book, the
 * operating system and the customer's memory, each against the others.
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { decodeEntry } from "../../events/codec.js";
import type { FactType } from "../../events/facts.js";
import { position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { slotsView } from "../../projections/views/views.js";
import { type Audit, audit, describeViolation } from "../support/auditor.js";
import { readIntake } from "../support/intake.js";
import { type BookLine, clashesIn } from "../support/run-book.js";
import { processesOfLedger, signalProcess } from "./processes.js";
import type { World } from "./world.js";

const ENDS: ReadonlySet<string> = new Set(["completed", "skipped", "failed", "cancelled", "rejected"]);
/** A process that was killed may take this long to be gone, and a run that has just ended to close its book. */
const PROCESSES_GONE_MS_MAX = 10_000;
const LOOK_AGAIN_MS = 100;
const ATTEMPT_ENDS: ReadonlySet<string> = new Set<FactType>([
  ...(["RunCompleted", "RunSkipped", "RunFailed", "RunTimedOut", "RunCancelled", "LeaseExpired"] as const),
]);
/** The clocks that are compared show hundredths of a second, and wall clocks are put right now and then. */
const CLOCK_MS = 50;

export interface Verdict {
  readonly complaints: readonly string[];
  readonly audited: Audit;
}

export async function judge(world: World): Promise<Verdict> {
  const { watch, customer, namespace, book } = world;
  // What the leader has stored last may be on its way to us yet: that a group has ended, say.
  const answer = await customer.request("query.slots", {});
  const said = slotsSchema.safeParse(answer).data ?? null;
  await watch.until("the ledger is read to its end", ({ lines }) => lines.length >= (said?.position ?? 0));
  const audited = audit(watch.lines, await readIntake(customer.nc, namespace));
  const lines = await book.lines();
  const complaints = [
    ...audited.violations.map((violation) => `audit: ${describeViolation(violation)}`),
    ...unended(audited, customer.acknowledged),
    ...unfreed(world, said),
    ...clashesIn(lines).map((clash) => `book: ${clash}`),
    ...disagreements(world, audited, lines),
    ...late(world, lines),
    ...brokenPromises(world),
    ...(await leftOver(world)),
  ];
  return { complaints, audited };
}

/** INV-008: what was acknowledged has ended, and nothing is left open. */
function unended({ jobs }: Audit, acknowledged: ReadonlySet<string>): string[] {
  const lost = [...acknowledged]
    .filter((id) => !jobs.has(id))
    .map((id) => `${id} was acknowledged and is not on record`);
  const open = [...jobs.values()].filter(({ state }) => !ENDS.has(state));
  return [...lost, ...open.map(({ id, state }) => `${id} is ${state} and has not ended`)];
}

const slotsSchema = z.object({ position: z.number(), pools: z.array(z.unknown()) });

/** Nothing holds a slot any more, and whoever leads says what the ledger, folded anew, says (INV-009). */
function unfreed({ watch }: World, said: z.infer<typeof slotsSchema> | null): string[] {
  if (said === null) return ["nobody says how the slots are"];
  const fold = new Fold();
  for (const [index, line] of watch.lines.slice(0, said.position).entries())
    fold.apply(position(index + 1), decodeEntry(line));
  const { pools } = slotsView(fold);
  const held = pools.filter(({ used, waiting, paused }) => used > 0 || waiting > 0 || paused);
  const isSame = JSON.stringify(said.pools) === JSON.stringify(pools);
  return [
    ...held.map((pool) => `${pool.name} is not free: ${JSON.stringify(pool)}`),
    ...Object.keys(fold.slots.reservations).map((id) => `reservation ${id} is there still`),
    ...(isSame
      ? []
      : [`of the slots the leader says ${JSON.stringify(said.pools)}, the ledger ${JSON.stringify(pools)}`]),
  ];
}

/** What ran is what was granted, and what completed under a grant ran to its end under this grant and no other. */
function disagreements({ watch }: World, { jobs }: Audit, lines: readonly BookLine[]): string[] {
  const wrong: string[] = [];
  for (const { event, job, grant } of lines)
    if (event === "begin" && jobs.get(job)?.grants.includes(grant) !== true)
      wrong.push(`book: ${job} ran under ${grant}, which is no grant of it`);
  const ended = new Set(lines.filter(({ event }) => event === "end").map(({ job, grant }) => `${job}@${grant}`));
  for (const { address, fact } of watch.ofType("RunCompleted")) {
    const run = `${fact.job}@${fact.grant}`;
    if (!ended.has(run)) wrong.push(`book: ${run} completed at ${address} and never ran to its end`);
    const result = "inline" in fact.result ? JSON.stringify(fact.result.inline) : "";
    if (result !== JSON.stringify({ job: fact.job, grant: fact.grant }))
      wrong.push(`${run} completed at ${address} with the result of another run: ${result}`);
  }
  return wrong;
}

/** The end of an attempt is on record only when nothing of it runs; so nothing of it begins after that. */
function late({ watch }: World, lines: readonly BookLine[]): string[] {
  const startedMs = machineStartedMs();
  const endedAt = new Map<string, string>();
  for (const { at, fact } of watch.facts)
    if (ATTEMPT_ENDS.has(fact.type) && "grant" in fact) endedAt.set(`${fact.job}@${fact.grant}`, at);
  return lines.flatMap(({ event, job, grant, uptimeMs }) => {
    const ended = endedAt.get(`${job}@${grant}`);
    if (event !== "begin" || ended === undefined || uptimeMs === null) return [];
    const lateMs = Math.round(startedMs + uptimeMs - Date.parse(ended));
    return lateMs <= CLOCK_MS ? [] : [`book: ${job}@${grant} began ${lateMs} ms after its end was on record`];
  });
}

/** By the wall clock. Read at one moment, and a few times, because a process may be put aside between two readings. */
function machineStartedMs(): number {
  const readings = Array.from({ length: 9 }, () => {
    const before = Date.now();
    const uptimeMs = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1_000;
    return { startedMs: before - uptimeMs, tookMs: Date.now() - before };
  });
  return readings.reduce((best, one) => (one.tookMs < best.tookMs ? one : best)).startedMs;
}

/** A command that was answered stands where the answer said. */
function brokenPromises({ customer, watch }: World): string[] {
  const addresses = new Set(watch.facts.map(({ address }) => address));
  return customer.answered
    .filter(({ position: promised }) => promised !== null && !addresses.has(promised))
    .map(
      ({ verb, args, position: promised }) =>
        `${verb} ${JSON.stringify(args)} was stored at ${promised}, and is not there`,
    );
}

/** No process of any run is left. Those that are, are ended here, after they were told of. */
async function leftOver({ ledger }: World): Promise<string[]> {
  const deadline = performance.now() + PROCESSES_GONE_MS_MAX;
  for (;;) {
    const left = await processesOfLedger(ledger);
    if (left.length === 0) return [];
    if (performance.now() > deadline) {
      for (const { pid } of left) signalProcess(pid, "SIGKILL");
      return left.map(({ pid, job, grant }) => `process ${pid} of ${job}@${grant} is there still`);
    }
    await delay(LOOK_AGAIN_MS);
  }
}
