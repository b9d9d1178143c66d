/** The faults of a round, drawn beforehand: what is struck, when, for how long, and whether the next one waits until it is healed. */
import type { Chance } from "./chance.js";
import { describeMoment, type Moment } from "./moment.js";

export const FAULT_KINDS = [
  "kill-leader",
  "kill-standby",
  "kill-both",
  "kill-server",
  "kill-run",
  "stop-leader",
  "stop-standby",
  "stop-server",
  "stop-run",
  "partition-leader",
  "partition-standby",
  "deafen-leader",
  "cut-leader",
  "terminate-leader",
  "kill-worker",
  "stop-worker",
  "partition-worker",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** When it strikes: after a fact; at the first election after the fault before, while that is being recovered from; at once after it. */
  readonly moment: Moment | "election" | "at once";
  /** How long it lasts; after another one leads, if it is to last until then. */
  readonly lastsMs: number;
  readonly untilTakeover: boolean;
  /** Whether the next fault may strike before this one is healed. */
  readonly overlaps: boolean;
  /** What a partition's end brings: the bytes that were on their way, or broken connections. */
  readonly breaks: boolean;
  /** From 0 to 1: which one, where there are several. */
  readonly which: number;
}

/** The same likelihood for what is expensive to wait for as for all the rest together would make a campaign of waiting. */
const WEIGHTS: Readonly<Record<FaultKind, number>> = {
  "kill-leader": 5,
  "kill-standby": 2,
  "kill-both": 2,
  "kill-server": 4,
  "kill-run": 3,
  "stop-leader": 4,
  "stop-standby": 1,
  "stop-server": 2,
  "stop-run": 1,
  "partition-leader": 4,
  "partition-standby": 1,
  "deafen-leader": 2,
  "cut-leader": 2,
  "terminate-leader": 2,
  "kill-worker": 3,
  "stop-worker": 3,
  "partition-worker": 2,
};
const FAULTS_MAX = 4;
/** Of the leader, these may last until another one leads. */
const MAY_AWAIT_TAKEOVER: ReadonlySet<FaultKind> = new Set(["stop-leader", "partition-leader", "deafen-leader"]);

export interface FaultsAsked {
  readonly jobs: number;
  readonly leaseMs: number;
  readonly workers: number;
  /** These and no others, in this order. */
  readonly kinds?: readonly FaultKind[];
}

export function drawFaults(chance: Chance, asked: FaultsAsked): readonly Fault[] {
  const drawable = Object.fromEntries(
    FAULT_KINDS.filter((kind) => asked.workers > 0 || !kind.endsWith("-worker")).map((kind) => [kind, WEIGHTS[kind]]),
  ) as Readonly<Record<FaultKind, number>>;
  const count = asked.kinds?.length ?? chance.whole(1, FAULTS_MAX);
  const faults: Fault[] = [];
  for (let index = 0; index < count; index += 1) {
    const kind = asked.kinds?.[index] ?? chance.weighted<FaultKind>(drawable);
    const moment = drawMoment(chance, { index, count, jobs: asked.jobs, before: faults.at(-1) });
    faults.push(drawFault(chance, kind, moment, asked.leaseMs));
  }
  return faults;
}

function drawFault(chance: Chance, kind: FaultKind, moment: Fault["moment"], leaseMs: number): Fault {
  const untilTakeover = MAY_AWAIT_TAKEOVER.has(kind) && chance.happens(0.7);
  return {
    kind,
    moment,
    untilTakeover,
    // After a takeover, so long that what the old leader held has been given to others when it comes back; or not quite.
    lastsMs: untilTakeover ? chance.whole(0, 2 * leaseMs) : chance.whole(20, 2_500),
    // Whoever is told to end in good order is left in peace for it.
    overlaps: kind !== "terminate-leader" && chance.happens(0.4),
    breaks: chance.happens(0.5),
    which: chance.fraction(),
  };
}

interface Place {
  readonly index: number;
  readonly count: number;
  readonly jobs: number;
  readonly before: Fault | undefined;
}

function drawMoment(chance: Chance, { index, count, jobs, before }: Place): Fault["moment"] {
  if (before?.overlaps === true && chance.happens(0.6)) return chance.one(["election", "at once"]);
  const fact = chance.one<Moment["fact"]>([
    "JobSubmitted",
    "StartGranted",
    "StartGranted",
    "RunStarted",
    "RunCompleted",
    "StartDenied",
  ]);
  // The faults are spread over the first two thirds of the load, so that something is going on when they strike.
  const until = Math.max(1, Math.floor((jobs * 2 * (index + 1)) / (3 * count)));
  const nth = chance.whole(Math.max(1, Math.floor(until / 2)), until);
  return { fact, nth: fact === "RunCompleted" || fact === "StartDenied" ? Math.ceil(nth / 2) : nth };
}

export function describeFault({ kind, moment, lastsMs, untilTakeover, overlaps, breaks }: Fault): string {
  const when =
    typeof moment === "string" ? (moment === "election" ? "at the next election" : moment) : describeMoment(moment);
  const until = untilTakeover ? `until another leads and ${lastsMs} ms more` : `for ${lastsMs} ms`;
  const isPartition = kind.startsWith("partition") || kind.startsWith("deafen");
  const after = isPartition ? (breaks ? ", connections break" : ", bytes arrive late") : "";
  return `${kind} ${when}, ${until}${after}${overlaps ? ", overlapping" : ""}`;
}
