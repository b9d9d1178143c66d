/** Random configurations: every sound one is taken as it is meant; a key that nobody knows is refused, wherever it stands. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeProblems, loadConfiguration } from "../../src/config/index.js";
import { checkRandomly } from "../projections/random-world.js";
import { folderWith } from "./folder.js";

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,10}$/);
const optional = <T>(shape: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(shape, { requiredKeys: [] });
const duration = fc.oneof(
  fc.integer({ min: 1_000, max: 86_400_000 }),
  fc.constantFrom("30s", "10m", "2h", "1d", "1500ms"),
);
const capacity = fc.integer({ min: 1, max: 1_000_000 });
const labels = fc.dictionary(name, fc.string({ maxLength: 20 }), { maxKeys: 3, noNullPrototype: true });
/** A key called `__proto__` is refused wherever it stands, and has its own test. */
const params = fc
  .dictionary(fc.string({ maxLength: 9 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3, noNullPrototype: true })
  .filter((value) => !JSON.stringify(value).includes("__proto__"));
const backoff = optional({
  base: fc.integer({ min: 0, max: 1_000 }),
  cap: fc.integer({ min: 10_000, max: 100_000 }),
  factor: fc.integer({ min: 1, max: 10 }),
  jitter: fc.boolean(),
});
const defaults = {
  params,
  labels,
  priority: fc.integer({ min: -1000, max: 1000 }),
  maxAttempts: fc.integer({ min: 1, max: 100 }),
  timeout: duration,
};
const runners = fc.constantFrom<object[]>(
  { runner: "ollama", model: "llama3.2" },
  { runner: "command", argv: ["convert", "-", "png:-"] },
  { runner: "http", url: "https://example.org/research" },
  { runner: "nats" },
);
const jobType = fc
  .tuple(runners, optional({ ...defaults, backoff }))
  .map(([runner, more]): object => ({ ...runner, ...more }));

/** Tags with units that the pools can give. */
const demandOf = (pools: Readonly<Record<string, number>>) =>
  fc
    .subarray(Object.entries(pools))
    .map((some) => Object.fromEntries(some.map(([tag, units]) => [tag, Math.ceil(units / 2)])));

const configuration = fc
  .record({
    types: fc.dictionary(name, jobType, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    pools: fc.dictionary(name, capacity, { maxKeys: 3, noNullPrototype: true }),
    rest: optional({
      namespace: fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/),
      lease: duration,
      grace: duration,
      stateDir: fc.constantFrom(".signalbox", "state/here"),
      history: optional({ keep: fc.integer({ min: 1, max: 10_000_000 }) }),
      checkpoints: fc.oneof(fc.constant(false), optional({ facts: fc.integer({ min: 100, max: 10_000_000 }) })),
      worker: optional({ capacity: fc.integer({ min: 1, max: 10_000 }) }),
    }),
    limits: optional({ global: capacity, maxOvertakes: fc.integer({ min: 0, max: 10_000 }) }),
  })
  .chain(({ types, pools, rest, limits }) => {
    const names = fc.constantFrom(...Object.keys(types));
    const template = fc.tuple(names, demandOf(pools), optional(defaults)).map(([type, resources, more]): object => {
      return { type, resources, ...more };
    });
    return fc
      .record({
        limited: fc.dictionary(names, capacity, { maxKeys: 2, noNullPrototype: true }),
        demands: fc.array(demandOf(pools), { minLength: 4, maxLength: 4 }),
        templates: fc.dictionary(name, template, { maxKeys: 3, noNullPrototype: true }),
      })
      .map(({ limited, demands, templates }) => ({
        ...rest,
        limits: { ...limits, types: limited, resources: pools },
        types: Object.fromEntries(
          Object.entries(types).map(([key, type], at) => [key, { ...type, resources: demands[at] }]),
        ),
        templates,
        schedules: Object.fromEntries(
          Object.keys(templates).map((key) => [`every-${key}`, { template: key, cron: "*/5 * * * *" }]),
        ),
      }));
  });

/** Objects in which only certain keys may stand, by their paths. */
function strictPlaces(written: Readonly<Record<string, unknown>>): readonly (readonly string[])[] {
  const under = (key: string) => Object.keys((written[key] ?? {}) as object).map((inner) => [key, inner]);
  const single = ["limits", "history", "worker"].filter((key) => key in written).map((key) => [key]);
  return [[], ...single, ...under("types"), ...under("templates"), ...under("schedules")];
}

function withUnknownKey(written: object, [first, ...rest]: readonly string[], key: string): object {
  if (first === undefined) return { ...written, [key]: 1 };
  const inner = (written as Readonly<Record<string, object>>)[first] ?? {};
  return { ...written, [first]: withUnknownKey(inner, rest, key) };
}

describe("random configurations", () => {
  test("given any sound configuration, when it is loaded, then it is taken, and means what it says", () => {
    const cwd = folderWith();
    checkRandomly("sound configurations", 150, configuration, (written) => {
      // JSON is YAML too.
      writeFileSync(join(cwd, "signalbox.yaml"), JSON.stringify(written));
      const loaded = loadConfiguration({ env: {}, cwd });
      if (loaded.kind === "refused") throw new Error(describeProblems(loaded.problems));
      const { limits, types, templates, schedules, namespace } = loaded.configuration;
      expect(limits).toEqual(written.limits);
      expect(namespace).toBe(written.namespace ?? "signalbox");
      expect(Object.keys(types).sort()).toEqual(Object.keys(written.types).sort());
      for (const [key, type] of Object.entries(types))
        expect({ resources: type.resources, maxAttempts: type.maxAttempts }).toEqual({
          maxAttempts: 3,
          ...only(written.types[key], ["resources", "maxAttempts"]),
        });
      for (const [key, template] of Object.entries(templates))
        expect(template).toMatchObject(only(written.templates[key], ["type", "resources", "labels", "priority"]));
      for (const [key, schedule] of Object.entries(schedules))
        expect(schedule).toEqual({ ...written.schedules[key], timezone: "UTC", enabled: true, missed: "skip" });
    });
  });

  test("given any sound configuration, when a key that nobody knows is put in anywhere, then it is refused with its path", () => {
    const cwd = folderWith();
    const input = fc.tuple(configuration, fc.nat(), fc.constantFrom("zzz-unknown", "constructor2", "__unknown"));
    checkRandomly("unknown keys", 150, input, ([written, picked, key]) => {
      const places = strictPlaces(written);
      const place = places[picked % places.length] ?? [];
      writeFileSync(join(cwd, "signalbox.yaml"), JSON.stringify(withUnknownKey(written, place, key)));
      const loaded = loadConfiguration({ env: {}, cwd });
      const told = loaded.kind === "refused" ? describeProblems(loaded.problems) : "taken";
      expect(told).toContain(` ${[...place, key].join(".")}: unknown key`);
    });
  });
});

const only = (object: object | undefined, keys: readonly string[]): object =>
  Object.fromEntries(Object.entries(object ?? {}).filter(([key]) => keys.includes(key)));
