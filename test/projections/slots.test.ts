/** The second guard: the slot projection refuses what no decision should ever have granted, by code of its own (D1, INV-003). */
import { describe, expect, test } from "vitest";
import type { Limits } from "../../events/limits.js";
import { jobId, poolName, position, workerId } from "../../events/names.js";
import { changeSlots, emptySlots } from "../../projections/slot-changes.js";
import { type SlotChange, type Slots, SlotViolation } from "../../projections/slots.js";

const join = (worker: string, capacity: number, types: string[] | null = null): SlotChange => ({
  kind: "join",
  at: "2026-01-01T00:00:00.000Z",
  fact: {
    type: "WorkerJoined",
    worker: workerId(worker),
    process: { host: "here", pid: 1, startedAt: "" },
    capacity,
    types,
  },
});
const limits = (given: Limits): SlotChange => ({ kind: "limits", limits: given });
const pause = (pool: string, paused = true): SlotChange => ({ kind: "pause", pool: poolName(pool), paused });
const leave = (worker: string): SlotChange => ({ kind: "leave", worker: workerId(worker) });
const free = (job: string, resources: Record<string, number> = {}): SlotChange => ({
  kind: "free",
  job: jobId(job),
  demanding: { type: "story", resources },
  worker: workerId("w1"),
});
const take = (
  job: string,
  claimed: Record<string, number>,
  resources: Record<string, number> = {},
  about: { type?: string; worker?: string } = {},
): SlotChange => ({
  kind: "take",
  claimed,
  holding: {
    job: jobId(job),
    type: about.type ?? "story",
    resources,
    grant: position(1),
    since: "2026-01-01T00:00:00.000Z",
    worker: workerId(about.worker ?? "w1"),
  },
});
const used = (slots: Slots): Record<string, string> =>
  Object.fromEntries(Object.values(slots.pools).map((pool) => [pool.name, `${pool.used}/${pool.capacity}`]));

describe("the arithmetic of slots", () => {
  test.each<[string, SlotChange[], Record<string, string>]>([
    ["nothing", [], { global: "0/1" }],
    ["a grant under the default", [take("a", { global: 1 })], { global: "1/1" }],
    ["a grant that has ended", [take("a", { global: 1 }), free("a")], { global: "0/1" }],
    [
      "units of several pools",
      [
        limits({ types: { story: 2 }, resources: { cpu: 4, ollama: 1 } }),
        take("a", { "type:story": 1, "resource:cpu": 3 }, { cpu: 3 }),
        take("b", { "type:story": 1, "resource:cpu": 1, "resource:ollama": 1 }, { cpu: 1, ollama: 1 }),
      ],
      { "type:story": "2/2", "resource:cpu": "4/4", "resource:ollama": "1/1" },
    ],
    [
      "pools introduced later",
      [take("a", { global: 1 }, { cpu: 3 }), limits({ resources: { cpu: 2 } })],
      { "resource:cpu": "3/2" },
    ],
    [
      "a limit lowered and raised again",
      [
        limits({ global: 3 }),
        take("a", { global: 1 }),
        take("b", { global: 1 }),
        limits({ global: 1 }),
        limits({ global: 2 }),
      ],
      { global: "2/2" },
    ],
    [
      "an end under other limits",
      [take("a", { global: 1 }), limits({ types: { story: 1 } }), free("a")],
      { "type:story": "0/1" },
    ],
    [
      "a job called like a member of every object",
      [limits({ global: 2 }), take("constructor", { global: 1 }), take("toString", { global: 1 })],
      { global: "2/2" },
    ],
  ])("given %s, when it is folded, then use and capacity are these", (_, changes, expected) => {
    expect(used(changeSlots(emptySlots, [join("w1", 10), ...changes]))).toEqual(expected);
  });

  test.each<[string, SlotChange[], RegExp]>([
    [
      "a pool over capacity",
      [take("a", { global: 1 }), take("b", { global: 1 })],
      /global would be over capacity: 1 of 1 used, b takes 1/,
    ],
    [
      "more units than are left",
      [
        limits({ resources: { cpu: 4 } }),
        take("a", { "resource:cpu": 3 }, { cpu: 3 }),
        take("b", { "resource:cpu": 2 }, { cpu: 2 }),
      ],
      /resource:cpu would be over capacity: 3 of 4 used, b takes 2/,
    ],
    [
      "a second grant of a job",
      [limits({ global: 2 }), take("a", { global: 1 }), take("a", { global: 1 })],
      /a holds its slots already/,
    ],
    [
      "fewer pools than it demands",
      [limits({ global: 1, types: { story: 1 } }), take("a", { global: 1 })],
      /granted other pools than it demands/,
    ],
    [
      "more pools than it demands",
      [take("a", { global: 1, "resource:cpu": 1 })],
      /granted other pools than it demands/,
    ],
    [
      "other units than it demands",
      [limits({ resources: { cpu: 4 } }), take("a", { "resource:cpu": 1 }, { cpu: 2 })],
      /demands 2 of resource:cpu and was granted 1/,
    ],
    [
      "another pool in place of one",
      [take("a", { "resource:cpu": 1 })],
      /demands 1 of global and was granted undefined/,
    ],
    ["a grant in a paused pool", [pause("global"), take("a", { global: 1 })], /global is paused/],
    ["an unknown worker", [take("a", { global: 1 }, {}, { worker: "w9" })], /w9 has not joined/],
    [
      "a worker of other types",
      [join("w2", 1, ["research"]), take("a", { global: 1 }, {}, { worker: "w2" })],
      /w2 does not run story/,
    ],
    [
      "a worker without a free seat",
      [limits({}), join("w2", 1), take("a", {}, {}, { worker: "w2" }), take("b", {}, {}, { worker: "w2" })],
      /w2 would run more than its capacity of 1/,
    ],
    ["a worker that is leaving", [limits({}), take("a", {}), leave("w1"), take("b", {})], /has left/],
    ["slots given back twice", [take("a", { global: 1 }), free("a"), free("a")], /a holds no slots/],
    ["a worker that joins twice", [join("w1", 1)], /w1 has joined already/],
    ["a worker that leaves twice", [leave("w1"), leave("w1")], /w1 has not joined/],
    ["an unknown pool paused", [pause("resource:cpu")], /there is no pool resource:cpu/],
  ])("given %s, when it is folded, then it is a violation that names what and where", (_, changes, message) => {
    const act = () => changeSlots(emptySlots, [join("w1", 10), ...changes]);
    expect(act).toThrow(SlotViolation);
    expect(act).toThrow(message);
  });

  test("given a grant that fails in its second pool, when it is refused, then the first pool is untouched (CC-2)", () => {
    const before = changeSlots(emptySlots, [
      join("w1", 9),
      limits({ resources: { a: 5, b: 1 } }),
      take("x", { "resource:b": 1 }, { b: 1 }),
    ]);
    expect(() => changeSlots(before, [take("y", { "resource:a": 1, "resource:b": 1 }, { a: 1, b: 1 })])).toThrow(
      /resource:b/,
    );
    expect(used(before)).toEqual({ "resource:a": "0/5", "resource:b": "1/1" });
  });

  test("given a paused pool, when the limits change, then it stays paused as long as it is configured", () => {
    const paused = changeSlots(emptySlots, [limits({ global: 1, types: { story: 1 } }), pause("type:story")]);
    expect(changeSlots(paused, [limits({ types: { story: 5 } })]).pools).toMatchObject({
      "type:story": { paused: true, capacity: 5 },
    });
    expect(changeSlots(paused, [pause("type:story", false)]).pools).toMatchObject({ "type:story": { paused: false } });
  });

  test("given a leaving worker, when its last job ends, then it is forgotten, not before", () => {
    const left = changeSlots(emptySlots, [
      join("w1", 2),
      limits({}),
      take("a", {}),
      take("b", {}),
      leave("w1"),
      free("a"),
    ]);
    expect(Object.keys(left.workers)).toEqual(["w1"]);
    expect(Object.keys(changeSlots(left, [free("b")]).workers)).toEqual([]);
  });

  test("given any slots, when someone tries to change them from outside, then they are frozen", () => {
    const slots = changeSlots(emptySlots, [join("w1", 1)]);
    expect(Object.isFrozen(slots) && Object.isFrozen(slots.pools) && Object.isFrozen(slots.workers)).toBe(true);
    expect(changeSlots(slots, [])).toBe(slots);
  });
});
