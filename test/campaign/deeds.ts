/** What is done to the schedulers in a round, drawn beforehand: submissions of every kind, and every command. */
import type { Chance } from "./chance.js";
import type { Moment } from "./moment.js";
import {
  FAR_TYPE,
  type Limits,
  LOCAL_TYPES,
  type LocalType,
  type Setting,
  SKIP_CODE,
  TYPES,
  widthOf,
} from "./setting.js";

/** Through the service, answered when it is stored; or fire and forget, through the intake. */
export type Door = "api" | "intake";

export interface PlannedJob {
  /** None: it gets the id of its message, and is not sent again if the acknowledgement is lost. */
  readonly id?: string;
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Deed =
  | { readonly kind: "submit"; readonly jobs: readonly PlannedJob[]; readonly batch: boolean }
  | { readonly kind: "command"; readonly door: Door; readonly verb: string; readonly args: object }
  | {
      readonly kind: "reserve";
      readonly id: string;
      readonly resources: Readonly<Record<string, number>>;
      readonly leaseMs: number;
      readonly holdMs: number;
      /** Given back, or left to its lease. */
      readonly isReleased: boolean;
    };

/** Deeds that are done at once, when their moment has come; null: when everything is up. */
export interface Wave {
  readonly moment: Moment | null;
  readonly deeds: readonly Deed[];
}

export interface Load {
  readonly waves: readonly Wave[];
  readonly jobs: number;
}

const WAVES = 5;
const WAITING_MAX = 2;

export function drawLoad(chance: Chance, setting: Setting, jobsMax: number): Load {
  const jobs = Math.min(jobsMax, widthOf(setting) * chance.whole(10, 16));
  const waves: Wave[] = [];
  let drawn = 0;
  for (let wave = 0; wave < WAVES; wave += 1) {
    const until = wave === 0 ? Math.ceil(jobs / 2) : Math.ceil((jobs * (wave + 1)) / WAVES);
    const deeds = drawSubmissions(chance, setting, drawn, Math.max(drawn, until));
    if (wave === 0) deeds.unshift(...drawWaiting(chance, setting));
    drawn = Math.max(drawn, until);
    // While there are jobs to speak of.
    if (wave > 0) deeds.push(...drawCommands(chance, setting, { wave, jobs: drawn }));
    const nth = Math.ceil((jobs * wave) / (WAVES + 1));
    const fact = chance.one<Moment["fact"]>(["StartGranted", "RunStarted", "RunCompleted"]);
    waves.push({
      moment: wave === 0 ? null : { fact, nth: fact === "RunCompleted" ? Math.ceil(nth / 2) : nth },
      deeds,
    });
  }
  return { waves, jobs: drawn };
}

const idOf = (number: number): string => `job-${number}`;

function drawSubmissions(chance: Chance, setting: Setting, from: number, to: number): Deed[] {
  const deeds: Deed[] = [];
  for (let number = from; number < to; ) {
    const isBatch = chance.happens(0.15);
    const count = Math.min(to - number, isBatch ? chance.whole(2, 6) : 1);
    const jobs = Array.from({ length: count }, (_, index) => drawJob(chance, setting, number + index));
    deeds.push({ kind: "submit", jobs, batch: isBatch });
    number += count;
  }
  return deeds;
}

/**
 * Jobs that are at work until everything is healed: what a leader that is struck leaves behind must be there still when another one
 * gives their slots away. Of a type of which others can run beside them, else the round would stand still.
 */
function drawWaiting(chance: Chance, { limits, workers }: Setting): Deed[] {
  const room = (type: LocalType): number => {
    const { global = 9, types = {}, resources = {} } = limits;
    return Math.min(global, types[type] ?? 9, ...Object.keys(TYPES[type]).map((tag) => resources[tag] ?? 9));
  };
  const roomy = LOCAL_TYPES.filter((type) => room(type) > 1);
  const types = workers > 0 ? [...roomy, FAR_TYPE] : roomy;
  return types
    .filter(() => chance.happens(0.5))
    .slice(0, WAITING_MAX)
    .map((type) => {
      const params = { seconds: "0.01", waits: true, ...(chance.happens(0.5) && { leaves: true }) };
      const body = { params, timeout: "5m", maxAttempts: 20, priority: 3 };
      return { kind: "submit", jobs: [{ id: `waits-${type}`, type, body }], batch: false };
    });
}

function drawJob(chance: Chance, setting: Setting, number: number): PlannedJob {
  const isFar = setting.workers > 0 && chance.happens(0.3);
  const type = isFar ? FAR_TYPE : chance.one(LOCAL_TYPES);
  const group = chance.happens(0.2) ? drawMembership(chance, number) : null;
  const body = {
    params: drawWork(chance),
    priority: chance.whole(-3, 3),
    ...(chance.happens(0.1) && { delay: chance.whole(50, 800) }),
    ...(chance.happens(0.2) && { maxAttempts: chance.whole(1, 5) }),
    ...(chance.happens(0.1) && { timeout: chance.whole(100, 400) }),
    ...(chance.happens(0.15) && { resources: { cpu: chance.whole(0, 2) } }),
    ...(group !== null && { group }),
  };
  return { type, body, ...(chance.happens(0.75) && { id: idOf(number) }) };
}

/** Half of the groups are sequential. */
function drawMembership(chance: Chance, order: number): object {
  const number = chance.whole(1, 4);
  const sequential = number % 2 === 0;
  return { id: `group-${number}`, sequential, ...(sequential && { order }) };
}

/** Params of the work program (RunBook): how long it takes, how often it fails first, whether it hears SIGTERM, what it leaves. */
function drawWork(chance: Chance): object {
  const ms = chance.happens(0.1) ? chance.whole(500, 1_500) : chance.whole(10, 250);
  return {
    seconds: (ms / 1_000).toFixed(3),
    ...(chance.happens(0.15) && { fails: chance.whole(1, 3) }),
    ...(chance.happens(0.05) && { exit: SKIP_CODE }),
    ...(chance.happens(0.1) && { deaf: true }),
    ...(chance.happens(0.1) && { leaves: true }),
  };
}

function drawCommands(
  chance: Chance,
  setting: Setting,
  { wave, jobs }: { readonly wave: number; readonly jobs: number },
): Deed[] {
  const job = () => idOf(chance.whole(0, jobs - 1));
  const command = (verb: string, args: object): Deed => {
    return { kind: "command", door: chance.one(["api", "intake"]), verb, args };
  };
  const kinds = {
    cancel: () => command("cancel", { id: job(), reason: `cancelled in wave ${wave}` }),
    group: () => command("cancel", { group: `group-${chance.whole(1, 4)}` }),
    retry: () => command("retry", { id: job(), as: `again-${wave}-${chance.whole(0, 99)}` }),
    amend: () => command("amend", { id: job(), priority: chance.whole(-3, 3) }),
    move: () => command("move", { id: job(), ...drawDestination(chance, job) }),
    limits: () => command("limits", { set: drawLimits(chance, setting) }),
    pause: () => command(chance.one(["pause", "resume"]), { pool: drawPool(chance, setting) }),
    trigger: () => command("schedule", { name: "digest", action: "trigger" }),
    reserve: () => drawReservation(chance, setting, wave),
  } as const satisfies Readonly<Record<string, () => Deed>>;
  const weights = { cancel: 4, group: 1, retry: 2, amend: 2, move: 2, limits: 2, pause: 2, trigger: 2, reserve: 2 };
  return Array.from({ length: chance.whole(2, 6) }, () => kinds[chance.weighted<keyof typeof kinds>(weights)]());
}

const drawDestination = (chance: Chance, job: () => string): object =>
  chance.one<object>([{ first: true }, { last: true }, { before: job() }, { after: job() }]);

/** One capacity anew, from 1 to a little more than it was; the healing sets all of them right. */
function drawLimits(chance: Chance, { limits }: Setting): object {
  const keys = limitKeys(limits);
  const [key, capacity] = chance.one(keys);
  return { [key]: chance.whole(1, capacity + 1) };
}

/** The limits in the words of the command: `resources.ollama` and so on. */
export function limitKeys({ global, types = {}, resources = {} }: Limits): [Key, ...Key[]] {
  const keys: Key[] = [
    ...(global === undefined ? [] : [["global", global] as const]),
    ...Object.entries(types).map(([name, capacity]) => [`types.${name}`, capacity] as const),
    ...Object.entries(resources).map(([name, capacity]) => [`resources.${name}`, capacity] as const),
  ];
  const [first, ...rest] = keys;
  if (first === undefined) throw new Error("a setting without limits");
  return [first, ...rest];
}
type Key = readonly [key: string, capacity: number];

/** The pools in the words of the commands pause and resume. */
export const poolsOf = (limits: Limits): string[] =>
  limitKeys(limits).map(([key]) => key.replace("types.", "type:").replace("resources.", "resource:"));

function drawPool(chance: Chance, { limits }: Setting): string {
  const pools = poolsOf(limits);
  return pools[chance.whole(0, pools.length - 1)] ?? "global";
}

function drawReservation(chance: Chance, { limits }: Setting, wave: number): Deed {
  const tag = chance.one(["ollama", "api", "cpu"]);
  return {
    kind: "reserve",
    id: `hold-${wave}-${chance.whole(0, 99)}`,
    resources: limits.resources === undefined ? {} : { [tag]: 1 },
    leaseMs: chance.whole(600, 2_000),
    holdMs: chance.whole(50, 1_000),
    isReleased: chance.happens(0.7),
  };
}
