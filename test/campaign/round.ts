/** One round: a world is made, loaded and struck, healed, waited for, judged. */
import { isEnd, type LedgerWatch } from "../support/ledger-watch.js";
import type { NatsTestServer } from "../support/nats-server.js";
import { limitKeys, poolsOf } from "./deeds.js";
import { untilMoment } from "./moment.js";
import type { Plan } from "./plan.js";
import { keepRecord } from "./record.js";
import { Story } from "./story.js";
import { Strikes } from "./strikes.js";
import { judge } from "./verdict.js";
import { allReady, World } from "./world.js";

/** After the healing, on a busy machine: deeds are acknowledged or answered, members end, and all jobs end. */
const ANSWERED_MS_MAX = 60_000;
const MEMBERS_END_MS_MAX = 60_000;
const ENDED_MS_MAX = 120_000;
/** Elections are looked for as long as the round lasts, and this much longer. */
const ELECTION_LOOK_MS = 1_000;
const PROBE = "probe";

export interface RoundResult {
  readonly plan: Plan;
  readonly ms: number;
  readonly jobs: number;
  readonly entries: number;
  readonly faults: readonly string[];
  readonly reigns: number;
  readonly takeoversMs: readonly number[];
  readonly lost: number;
  /** From the moment in which everything was healed until something submitted then was on record. */
  readonly recoveryMs: number;
  readonly complaints: readonly string[];
  /** Where the record of it is kept; null if there is nothing to look at. */
  readonly record: string | null;
}

export interface RoundOptions {
  readonly server: NatsTestServer;
  /** Where records are kept. */
  readonly folder: string;
  /** Keep one of a good round too. */
  readonly keepAll: boolean;
}

export async function runRound(plan: Plan, { server, folder, keepAll }: RoundOptions): Promise<RoundResult> {
  const story = new Story();
  await using world = await World.open(plan, server, story).catch((error: unknown) => {
    story.complain(`nobody to load: ${textOf(error)}; ${story.lines().join("; ")}`);
    return null;
  });
  if (world === null) return nothingHappened(plan, story);
  story.tell("everybody is ready");
  const elections = new AbortController();
  void noteElections(world.watch, story, elections.signal);
  const recoveryMs = await play(plan, world, story).catch((error: unknown) => {
    story.complain(textOf(error));
    return 0;
  });
  world.customer.loseHeart();
  const verdict = await judge(world).catch((error: unknown) => {
    story.complain(`the round could not be judged: ${textOf(error)}`);
    return null;
  });
  for (const complaint of verdict?.complaints ?? []) story.complain(complaint);
  story.tell("judged; everybody is told to end");
  await endInGoodOrder(world);
  elections.abort();
  for (const complaint of world.members.flatMap(({ complaints }) => complaints)) story.complain(complaint);
  const isKept = keepAll || story.complaints.length > 0;
  const { watch } = world;
  return {
    plan,
    ms: story.ms,
    jobs: verdict?.audited.jobs.size ?? watch.ofType("JobSubmitted").length,
    entries: watch.lines.length,
    faults: story.struck.map(({ kind }) => kind),
    reigns: watch.ofType("DispatcherElected").length,
    takeoversMs: story.takeoversMs(),
    lost: watch.ofType("LeaseExpired").length,
    recoveryMs,
    complaints: story.complaints,
    record: isKept ? await keepRecord(world, plan, story, folder) : null,
  };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function nothingHappened(plan: Plan, { ms, complaints }: Story): RoundResult {
  const nothing = { jobs: 0, entries: 0, faults: [], reigns: 1, takeoversMs: [], lost: 0, recoveryMs: 0, record: null };
  return { plan, ms, ...nothing, complaints };
}

/** Load and faults at the same time; then everything is healed, and all that was begun comes to its end. Gives the recovery's time. */
async function play(plan: Plan, world: World, story: Story): Promise<number> {
  const { customer, watch, book, members } = world;
  const strikes = new Strikes(world, story);
  const loading = load(plan, world);
  await strikes.perform(plan.faults);
  await loading;
  await strikes.setRight();
  const healedMs = story.ms;
  story.tell("everything is healed");
  await book.openGate();
  await Promise.all([customer.publish("submit.thumbs", { id: PROBE, priority: 1_000 }), allReady(members)]);
  await watch.until("the probe is on record", () => watch.ofJob(PROBE).length > 0, ENDED_MS_MAX);
  const recoveryMs = story.ms - healedMs;
  await inTime("everything is acknowledged or answered", customer.settled());
  await inTime("limits and pools are as they were", setRight(plan, world));
  await inTime("nobody holds a reservation or waits for one", customer.released());
  story.tell(`all was said: ${customer.acknowledged.size} jobs acknowledged, ${customer.unanswered} deeds unanswered`);
  await watch.until("all have ended", () => haveEnded(watch, customer.acknowledged), ENDED_MS_MAX);
  await watch.until("no reservation is left", () => openReservations(watch) === 0, ENDED_MS_MAX);
  story.tell("all have ended");
  return recoveryMs;
}

async function load({ load: { waves } }: Plan, { customer, watch }: World): Promise<void> {
  for (const { moment, deeds } of waves) {
    if (moment !== null) await untilMoment(watch, moment);
    for (const deed of deeds) customer.do(deed);
  }
}

/** What the load has lowered and paused: everything that waits must be able to start. */
async function setRight({ setting: { limits } }: Plan, { customer }: World): Promise<void> {
  await customer.request("api.limits", { set: Object.fromEntries(limitKeys(limits)) });
  for (const pool of poolsOf(limits)) await customer.request("api.resume", { pool });
}

/** Fails, naming what was waited for, when it takes longer than whoever was told to wait may take. */
async function inTime(what: string, doing: Promise<void>): Promise<void> {
  if (!(await withinMs(ANSWERED_MS_MAX, doing)))
    throw new Error(`within ${ANSWERED_MS_MAX} ms of the healing it was not so that ${what}`);
}

function haveEnded({ facts }: LedgerWatch, acknowledged: ReadonlySet<string>): boolean {
  const open = new Set<string>(acknowledged);
  for (const { fact } of facts) {
    if (!("job" in fact)) continue;
    if (fact.type === "JobSubmitted") open.add(fact.job);
    if (isEnd(fact)) open.delete(fact.job);
  }
  return open.size === 0;
}

const openReservations = (watch: LedgerWatch): number =>
  watch.ofType("ReservationRequested").length -
  watch.ofType("ReservationReleased").length -
  watch.ofType("ReservationExpired").length;

async function noteElections(watch: LedgerWatch, story: Story, signal: AbortSignal): Promise<void> {
  for (let nth = 1; !signal.aborted; ) {
    if (!(await untilMoment(watch, { fact: "DispatcherElected", nth }, ELECTION_LOOK_MS))) continue;
    const { fact, position } = watch.ofType("DispatcherElected")[nth - 1] ?? {};
    story.elections.push(story.ms);
    story.tell(`process ${fact?.process.pid} leads, epoch ${fact?.epoch}, at ${position}`);
    nth += 1;
  }
}

/**
 * Everybody is told to end, and does so with exit code 0; whoever does not has a complaint against it. Workers first: they want to be
 * heard when they leave.
 */
async function endInGoodOrder(world: World): Promise<void> {
  for (const role of ["worker", "scheduler"] as const)
    await withinMs(MEMBERS_END_MS_MAX, Promise.all(world.membersOf(role).map((member) => member.terminate())));
}

/** False if it takes longer. */
async function withinMs(ms: number, doing: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const inTime = await Promise.race([doing.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
