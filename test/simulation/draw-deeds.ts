/** Draws what people do: submissions of every kind, good and bad, and commands about what is there. */
import type { JsonObject } from "../../events/json.js";
import { CROWD } from "./behaviour.js";
import type { Chance } from "./chance.js";
import { type Capacities, drawDemand, drawLimits, TYPES } from "./draw-settings.js";
import type { CommandPlan, Happening, ReservePlan, Settings } from "./plan.js";

const NAMESPACE = "world";
/** More than this a batch may not hold. */
const BATCH_MAX = 1_000;

export function drawDeeds(chance: Chance, settings: Settings): Happening[] {
  const submissions = chance.spread(3, 80);
  const deeds: Happening[] = [];
  for (let left = settings.crowd; left > 0; ) {
    const size = Math.min(left, chance.whole(100, BATCH_MAX));
    deeds.push(drawCrowd(chance, settings, { size, first: left }));
    left -= size;
  }
  const commands = chance.happens(0.3) ? 0 : chance.whole(1, 10);
  for (let index = 0; index < submissions; index += 1) deeds.push(drawPublication(chance, settings, index));
  for (let index = 0; index < commands; index += 1) {
    const node = chance.happens(0.5) ? null : chance.whole(0, settings.hosts.length - 1);
    deeds.push({ atMs: drawTime(chance, settings), kind: "command", node, command: drawCommand(chance) });
  }
  // What is paused is mostly resumed before the end, so that there is something to come to rest.
  for (const { kind, command, atMs } of deeds.filter((deed) => deed.kind === "command"))
    if (kind === "command" && command.verb === "pause" && chance.happens(0.8))
      deeds.push({ atMs: (atMs + settings.spanMs) / 2, kind, node: null, command: { verb: "resume", of: command.of } });
  const reservations = chance.happens(0.25) ? chance.whole(1, 6) : 0;
  for (let index = 0; index < reservations; index += 1) deeds.push(drawReservation(chance, settings, index));
  while (chance.happens(0.3)) deeds.push({ atMs: drawTime(chance, settings), kind: "trim" });
  return deeds;
}

const drawTime = (chance: Chance, { isEarly, spanMs }: Settings): number =>
  Math.round(chance.fraction() ** (isEarly ? 3 : 1) * spanMs * 0.95);

function drawPublication(chance: Chance, settings: Settings, index: number): Happening {
  const publisher = chance.whole(0, settings.publishers - 1);
  const atMs = drawTime(chance, settings);
  if (chance.happens(0.12)) {
    const items = Array.from({ length: chance.whole(1, 8) }, (_, at) => ({
      type: chance.one(TYPES),
      ...drawSubmission(chance, settings, `b${index}-${at}`),
    }));
    return {
      atMs,
      kind: "publish",
      publisher,
      subject: `${NAMESPACE}.submit`,
      text: JSON.stringify(items),
      retries: 0,
    };
  }
  const isBad = chance.happens(0.05);
  const submission = drawSubmission(chance, settings, `a${index}`);
  // Without an id of its own, a second try is a second job.
  const retries = submission["id"] === undefined || !keepsAll(settings) ? 0 : chance.whole(0, 3);
  return {
    atMs,
    kind: "publish",
    publisher,
    subject: `${NAMESPACE}.submit.${chance.happens(0.02) ? "unheard-of" : chance.one(TYPES)}`,
    text: isBad ? drawNonsense(chance) : JSON.stringify(submission),
    retries,
  };
}

/** Somebody wants slots for direct execution. */
function drawReservation(chance: Chance, settings: Settings, index: number): Happening {
  const capacities = capacitiesOf(settings);
  const wanted: ReservePlan = {
    id: `run-${index}`,
    resources: capacities === undefined ? {} : drawDemand(chance, capacities),
    leaseMs: chance.spread(500, 15_000),
    holdMs: chance.spread(1, settings.spanMs / 3),
    patienceMs: chance.spread(1_000, settings.spanMs),
    leaves: chance.happens(0.7) ? "and says so" : "without a word",
  };
  const publisher = chance.whole(0, settings.publishers - 1);
  return { atMs: drawTime(chance, settings), kind: "reserve", publisher, wanted };
}

const capacitiesOf = ({ configuration }: Settings): Capacities | undefined =>
  (configuration["limits"] as JsonObject | undefined)?.["resources"] as Capacities | undefined;

/** A batch of short jobs with nothing special about them. */
function drawCrowd(
  chance: Chance,
  settings: Settings,
  { size, first }: { readonly size: number; readonly first: number },
): Happening {
  const items = Array.from({ length: size }, (_, index) => ({
    id: `${CROWD}${first - index}`,
    type: chance.one(TYPES),
    priority: chance.whole(0, 2),
  }));
  const publisher = chance.whole(0, settings.publishers - 1);
  const text = JSON.stringify(items);
  return {
    atMs: drawTime(chance, settings),
    kind: "publish",
    publisher,
    subject: `${NAMESPACE}.submit`,
    text,
    retries: 0,
  };
}

function drawSubmission(chance: Chance, settings: Settings, id: string): JsonObject {
  const capacities = capacitiesOf(settings);
  // A few ids are given twice; not where finished jobs are forgotten, and their ids with them.
  const isTwin = keepsAll(settings) && chance.happens(0.05);
  return {
    ...(chance.happens(0.7) && { id: isTwin ? `twin-${chance.whole(1, 3)}` : id }),
    ...(chance.happens(0.3) && { priority: chance.whole(-3, 3) }),
    ...(chance.happens(0.15) && { delay: chance.spread(1, 5_000) }),
    ...(chance.happens(0.1) && { timeout: chance.spread(1, 2_000) }),
    ...(chance.happens(0.2) && { maxAttempts: chance.whole(1, 5) }),
    ...(capacities && chance.happens(0.6) && { resources: drawDemand(chance, capacities) }),
    ...(chance.happens(0.2) && { params: { n: chance.whole(0, 9) } }),
    ...(chance.happens(0.2) && { group: drawMembership(chance) }),
  };
}

/** One of three groups, of which one is sequential. Some say it wrong, and are refused. */
function drawMembership(chance: Chance): JsonObject {
  const number = chance.whole(1, 3);
  const isSequential = number === 1;
  return {
    id: `g${number}`,
    ...(chance.happens(0.6) && { order: chance.whole(-3, 3) }),
    ...((isSequential || chance.happens(0.2)) && { sequential: chance.happens(0.95) === isSequential }),
  };
}

const keepsAll = ({ configuration }: Settings): boolean =>
  ((configuration["history"] as JsonObject | undefined)?.["keep"] ?? 0) === 100_000;

function drawNonsense(chance: Chance): string {
  return chance.one([
    "no json",
    "[]",
    "7",
    '{"priority": "high"}',
    '{"id": "j42"}',
    '{"resources": {"unheard-of": 1}}',
    '{"resources": {"ollama": 1000000}}',
    '{"delay": "5m", "runAt": "2026-01-01T00:00:00.000Z"}',
    '{"misspelt": 1}',
    '{"template": "unheard-of"}',
  ]);
}

function drawCommand(chance: Chance): CommandPlan {
  const of = chance.whole(0, 1_000);
  return chance.weighted<CommandPlan>([
    [6, { verb: "cancel", of }],
    [1, { verb: "cancel-group", of }],
    [2, { verb: "retry", of }],
    [
      2,
      {
        ...{ verb: "move", of, other: chance.whole(0, 1_000) },
        to: chance.one(["first", "last", "before", "after"]),
      },
    ],
    [1, { verb: "schedule", of, action: chance.one(["enable", "disable", "trigger", "trigger", "rm"]) }],
    [2, { verb: "amend", of, priority: chance.whole(-3, 3) }],
    [1, { verb: "pause", of }],
    [1, { verb: "resume", of }],
    [2, { verb: "limits", set: drawLimitsChange(chance) }],
    [0.5, { verb: "nonsense" }],
  ]);
}

/** Some pools get another capacity, a few go or come. */
function drawLimitsChange(chance: Chance): JsonObject {
  const { maxOvertakes: _, ...limits } = drawLimits(chance);
  return { ...limits, ...(chance.happens(0.2) && { global: null }) };
}
