/** Draws what goes wrong: at any time, or in ambush for the moments that matter. */
import type { Chance } from "./chance.js";
import { type Fault, type Happening, MOMENTS, type Settings } from "./plan.js";

/** After a silence of this length a standby has taken over. */
const LEADER_LOST_MS = 8_000;

export function drawFaults(chance: Chance, settings: Settings): Happening[] {
  const faults = chance.weighted([
    [1, 0],
    [3, chance.whole(1, 3)],
    [4, chance.whole(3, 10)],
    [1, chance.whole(10, 25)],
  ]);
  const drawn: Happening[] = Array.from({ length: faults }, () => ({
    atMs: Math.round(chance.fraction() * settings.spanMs * 0.9),
    ...drawFault(chance, settings),
  }));
  return chance.happens(0.4) ? [...drawn, drawZombie(chance, settings)] : drawn;
}

/** A leader that is gone for longer than its leases while something runs, and then comes back. */
const drawZombie = (chance: Chance, { spanMs, configuration }: Settings): Happening => ({
  atMs: Math.round(chance.fraction() * spanMs * 0.4),
  kind: "ambush",
  node: null,
  moment: chance.one(["run begun", "sent", "stored"]),
  victim: "itself",
  deed: chance.one(["freeze", "partition"]),
  forMs: Number(configuration["lease"]) + chance.whole(LEADER_LOST_MS, 2 * LEADER_LOST_MS),
});

function drawFault(chance: Chance, { hosts, outside = [], publishers, spanMs, configuration }: Settings): Fault {
  const members = hosts.length + outside.length;
  const node = chance.whole(0, members - 1);
  const client = chance.whole(0, members + publishers - 1);
  const leaseMs = Number(configuration["lease"]);
  // Short ones that nobody notices, and such as outlast connections, or leaders and leases.
  const forMs = chance.weighted([
    [4, chance.spread(1, 1_000)],
    [3, chance.whole(1_000, Math.max(1_000, spanMs / 2))],
    [3, leaseMs + chance.whole(LEADER_LOST_MS, 2 * LEADER_LOST_MS)],
  ]);
  return chance.weighted<Fault>([
    [3, { kind: "crash", node, forMs }],
    [1, { kind: "machine crash", node, forMs }],
    [4, { kind: "freeze", node, forMs, order: chance.one(["as it came", "timers first", "messages first"]) }],
    [2, { kind: "drain", node, forMs: chance.spread(1, 5_000) }],
    [2, { kind: "cut", client }],
    [3, { kind: "partition", client, way: chance.one(["both", "out", "in"]), forMs }],
    [1, { kind: "clock jump", node: chance.happens(0.2) ? "server" : node, byMs: drawJump(chance) }],
    [1, { kind: "server restart", forMs: Math.min(forMs, 10_000) }],
    [1, { kind: "server hangs", forMs: Math.min(forMs, 20_000) }],
    [1, { kind: "slow disk", diskMs: chance.spread(1, 7_000), forMs: Math.min(forMs, 20_000) }],
    [0.5, { kind: "full disk", forMs: Math.min(forMs, 10_000) }],
    [
      8,
      {
        kind: "ambush",
        node: chance.happens(0.8) ? null : node,
        moment: chance.one(MOMENTS),
        victim: chance.happens(0.75) ? "itself" : "another",
        deed: chance.one(["crash", "crash", "machine crash", "freeze", "freeze", "cut", "cut", "partition"]),
        forMs,
      },
    ],
  ]);
}

/** Both ways, from milliseconds to half a minute. */
const drawJump = (chance: Chance): number => chance.spread(5, 30_000) * (chance.happens(0.5) ? 1 : -1);
