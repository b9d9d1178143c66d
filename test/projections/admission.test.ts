/** Admission: every submission becomes exactly one fact, and whatever does not fit is refused with a reason for people (CC-6, contract 1). */
import { describe, expect, test } from "vitest";
import type { Limits } from "../../events/limits.js";
import { intakeSequence } from "../../events/names.js";
import { PARAMS_BYTES_MAX, PARAMS_DEPTH_MAX, utf8Bytes } from "../../events/submission.js";
import { type Arrival, admit, type Catalogue } from "../../projections/admission.js";
import { ledger } from "../support/ledger-builder.js";

const STORED_AT = "2026-06-01T12:00:00.000Z";
const catalogue: Catalogue = {
  types: new Map([
    [
      "story",
      {
        resources: { ollama: 1 },
        params: { model: "small", tone: "plain" },
        timeoutMs: 600_000,
        labels: { by: "type" },
      },
    ],
    ["research", { maxAttempts: 7, priority: 3 }],
    ["constructor", {}],
  ]),
  templates: new Map([
    ["nightly", { type: "story", params: { tone: "dark" }, resources: { cpu: 1 }, maxAttempts: 5, priority: -2 }],
    ["lean", { type: "story", resources: { ollama: 0 }, timeoutMs: 1_000 }],
    ["huge", { type: "story", resources: { cpu: 9 } }],
  ]),
};
const POOLS: Limits = { resources: { ollama: 1, cpu: 2 } };

interface About {
  readonly type?: string | null;
  readonly index?: number | null;
  readonly limits?: Limits;
  readonly now?: string;
  readonly taken?: readonly string[];
}
/** The fact that a submission becomes; from the subject of type `story` unless told otherwise. */
function admitted(value: unknown, about: About = {}) {
  const book = ledger()
    .elected()
    .limits(about.limits ?? POOLS);
  for (const id of about.taken ?? []) book.submitted(id);
  const { type = "story", index = null, now = STORED_AT } = about;
  const arrival: Arrival = {
    point: { sequence: intakeSequence(42), index },
    subjectType: type,
    content: { value },
    // Large enough that the params are counted.
    bytes: 1_000_000,
    storedAt: STORED_AT,
  };
  const fact = admit(arrival, catalogue, book.fold, now);
  // Whatever admission decides, the fold takes.
  book.fact(fact);
  return fact;
}
const accepted = (value: unknown, about: About = {}) => {
  const fact = admitted(value, about);
  if (fact.type !== "JobSubmitted") throw new Error(JSON.stringify(fact));
  return fact;
};
const reason = (value: unknown, about: About = {}): string => {
  const fact = admitted(value, about);
  if (fact.type !== "JobRejected") throw new Error(`not rejected: ${JSON.stringify(fact).slice(0, 200)}`);
  return fact.reason;
};

describe("what a job inherits (CC-4)", () => {
  test("given only a type, when it is submitted, then type and defaults say the rest", () => {
    expect(accepted({})).toMatchObject({
      job: "j42",
      createdAt: STORED_AT,
      runAt: null,
      retryOf: null,
      intake: { sequence: 42, index: null },
      spec: {
        type: "story",
        params: { model: "small", tone: "plain" },
        priority: 0,
        resources: { ollama: 1 },
        maxAttempts: 3,
        timeoutMs: 600_000,
        labels: { by: "type" },
        template: null,
      },
    });
  });

  test("given a template, when it is submitted, then template overrides type, and the job both, tag by tag and param by param", () => {
    const { spec } = accepted(
      {
        template: "nightly",
        params: { model: "large", n: 1 },
        resources: { cpu: 2 },
        labels: { book: "9" },
        timeout: "5m",
      },
      { type: null },
    );
    expect(spec).toEqual({
      type: "story",
      params: { model: "large", tone: "dark", n: 1 },
      priority: -2,
      resources: { cpu: 2, ollama: 1 },
      maxAttempts: 5,
      timeoutMs: 300_000,
      labels: { by: "type", book: "9" },
      template: "nightly",
    });
  });

  test.each<[string, object, Record<string, number>]>([
    ["by the template", { template: "lean" }, {}],
    ["by the job", { resources: { ollama: 0 } }, {}],
    ["by the template and given again by the job", { template: "lean", resources: { ollama: 1 } }, { ollama: 1 }],
    ["by the job from the template", { template: "nightly", resources: { cpu: 0 } }, { ollama: 1 }],
    ["that nobody gave", { resources: { nothing: 0 } }, { ollama: 1 }],
  ])("given a tag removed with 0 %s, when it is submitted, then the tag is gone", (_, value, resources) => {
    expect(accepted(value).spec.resources).toEqual(resources);
  });

  test("given tags in any order, when they are submitted, then they are kept in order of name, so that equal demands are equal", () => {
    expect(Object.keys(accepted({ resources: { ollama: 1, cpu: 1 } }).spec.resources)).toEqual(["cpu", "ollama"]);
    expect(Object.keys(accepted({ resources: { cpu: 1, ollama: 1 } }).spec.resources)).toEqual(["cpu", "ollama"]);
  });

  test("given zero and null as values, when they are given, then they override like any other", () => {
    expect(accepted({ priority: 0 }, { type: "research" }).spec).toMatchObject({ priority: 0, maxAttempts: 7 });
    expect(accepted({ priority: 0, template: "nightly" }).spec.priority).toBe(0);
  });
});

describe("what is refused, and what is said (CC-6)", () => {
  test.each<[string, unknown, string, About?]>([
    [
      "an unknown type",
      {},
      'type: "poem" is unknown; configured types: constructor, research, story',
      { type: "poem" },
    ],
    ["no type in a batch", {}, "type: is missing; name a job type or a template", { type: null }],
    ["two types", { type: "research" }, 'type: "story" and "research" are both named; they must agree'],
    [
      "a template of another type",
      { template: "nightly" },
      'type: "research" and "story" are both named; they must agree',
      { type: "research" },
    ],
    [
      "an unknown template",
      { template: "weekly" },
      'template: "weekly" is unknown; configured templates: huge, lean, nightly',
    ],
    [
      "a template named like a member",
      { template: "toString" },
      'template: "toString" is unknown; configured templates: huge, lean, nightly',
    ],
    [
      "a tag without a pool",
      { resources: { gpu: 1 } },
      "resources.gpu: there is no such pool (given by the job); configured pools: cpu, ollama",
    ],
    [
      "a tag named like a member",
      { resources: { constructor: 1 } },
      "resources.constructor: there is no such pool (given by the job); configured pools: cpu, ollama",
    ],
    [
      "a demand above capacity",
      { resources: { cpu: 3 } },
      "resources.cpu: demands 3 (given by the job), the pool's capacity is 2; allowed are 0 to 2",
    ],
    [
      "a template's demand above capacity",
      { template: "huge" },
      "resources.cpu: demands 9 (given by template huge), the pool's capacity is 2; allowed are 0 to 2",
    ],
    [
      "a type's tag without a pool",
      {},
      "resources.ollama: there is no such pool (given by type story); configured pools: cpu",
      { limits: { resources: { cpu: 1 } } },
    ],
    [
      "a misspelt key",
      { priorty: 1 },
      '"priorty": unknown; allowed are id, type, params, priority, resources, template, runAt, delay, timeout, maxAttempts, labels, group',
    ],
    ["a fraction of priority", { priority: 1.5 }, "priority: must be a whole number from -1000 to 1000, got 1.5"],
    ["too high a priority", { priority: 1001 }, "priority: must be a whole number from -1000 to 1000, got 1001"],
    ["too low a priority", { priority: -1001 }, "priority: must be a whole number from -1000 to 1000, got -1001"],
    ["a priority as text", { priority: "9" }, 'priority: must be a whole number from -1000 to 1000, got "9"'],
    ["negative units", { resources: { cpu: -1 } }, "resources.cpu: must be a whole number from 0 to 1000000, got -1"],
    ["half a unit", { resources: { cpu: 0.5 } }, "resources.cpu: must be a whole number from 0 to 1000000, got 0.5"],
    ["no attempts", { maxAttempts: 0 }, "maxAttempts: must be a whole number from 1 to 100, got 0"],
    ["too many attempts", { maxAttempts: 101 }, "maxAttempts: must be a whole number from 1 to 100, got 101"],
    ["no time to run in", { timeout: 0 }, "timeout: must be longer than 0, got 0"],
    ["an endless timeout", { timeout: "3651d" }, 'timeout: must not be longer than 3650d, got "3651d"'],
    [
      "a runAt and a delay",
      { runAt: "2026-12-01T08:00:00.000Z", delay: "5m" },
      "runAt and delay: give one of them, not both",
    ],
    [
      "a local time",
      { runAt: "2026-12-01T08:00:00+01:00" },
      'runAt: must be an ISO 8601 time in UTC, such as 2026-12-01T08:00:00.000Z, got "2026-12-01T08:00:00+01:00"',
    ],
    [
      "no day of the calendar",
      { runAt: "2026-02-30T08:00:00Z" },
      'runAt: must be an ISO 8601 time in UTC, such as 2026-12-01T08:00:00.000Z, got "2026-02-30T08:00:00Z"',
    ],
    ["params that are a list", { params: [1] }, "params: must be a JSON object"],
    ["params that are null", { params: null }, "params: must be a JSON object"],
    ["labels that are numbers", { labels: { a: 1 } }, "labels.a: must be text, got 1"],
    ["a name with a dot", { template: "a.b" }, 'template: must be a name of letters, digits, _ and -, got "a.b"'],
  ])(
    "given %s, when it is submitted, then the reason names the key, what is allowed and where it was given",
    (_, value, expected, about) => {
      expect(reason(value, about)).toBe(expected);
    },
  );

  test.each<[string, unknown]>([
    ["text", "hello"],
    ["a number", 7],
    ["nothing", null],
    ["a list", []],
    ["undefined", undefined],
  ])("given %s in place of an object, when it is submitted, then it is refused under its default id", (_, value) => {
    expect(admitted(value)).toMatchObject({ type: "JobRejected", job: "j42", jobType: "story" });
  });

  test("given a message that could not be read, when it is decided, then it is refused with what is wrong with it", () => {
    const arrival: Arrival = {
      point: { sequence: intakeSequence(7), index: null },
      subjectType: "story",
      content: { unreadable: "not JSON" },
      bytes: 8,
      storedAt: STORED_AT,
    };
    expect(admit(arrival, catalogue, ledger().elected().fold, STORED_AT)).toMatchObject({
      type: "JobRejected",
      job: "j7",
      reason: "not JSON",
    });
  });

  test("given many mistakes at once, when it is submitted, then the first few are told and the rest counted", () => {
    expect(reason({ priority: "a", maxAttempts: 0, resources: 3, labels: 3, params: 3 })).toMatch(
      /; .*; .*; and 2 more$/,
    );
  });

  test("given values as long as can be, when they are refused, then the reason stays short", () => {
    const long = "x".repeat(100_000);
    for (const value of [{ template: long }, { priority: long }, { [long]: 1 }, { type: long }])
      expect(reason(value).length).toBeLessThan(1_000);
    expect(admitted({ type: long }, { type: null })).toMatchObject({ jobType: "x".repeat(64) });
  });

  test("given no resource pools are configured, when a job carries tags, then they are taken as they are (CC-6)", () => {
    for (const limits of [{ global: 1 }, { types: { story: 1 } }, {}])
      expect(accepted({ resources: { gpu: 99 } }, { limits }).spec.resources).toEqual({ gpu: 99, ollama: 1 });
  });
});

describe("ids", () => {
  test.each([
    "chapter-7",
    "A",
    "0",
    "constructor",
    "toString",
    "hasOwnProperty",
    "j42x",
    "j-1",
    "J42",
    "j42_7",
    "a".repeat(128),
  ])("given the id '%s', when it is submitted, then the job is called so", (id) => {
    expect(accepted({ id }).job).toBe(id);
  });

  test.each([
    "",
    "-a",
    "_a",
    "__proto__",
    "a.b",
    "a b",
    "a*",
    "ä",
    "a\n",
    "a".repeat(129),
    "j42",
    "j42-7",
    "j0",
    7,
    null,
    {},
  ])("given the id %j, when it is submitted, then it is refused under the default id", (id) => {
    const fact = admitted({ id });
    expect(fact).toMatchObject({ type: "JobRejected", job: "j42" });
    expect(fact.type === "JobRejected" && fact.reason).toMatch(/^id: (must match|looks like a default id)/);
  });

  test("given an item of a batch, when it is submitted, then its default id has its index", () => {
    expect(accepted({ type: "story" }, { type: null, index: 7 }).job).toBe("j42-7");
    expect(accepted({ type: "story" }, { type: null, index: 0 }).job).toBe("j42-0");
  });

  test.each(["chapter-7", "constructor"])(
    "given the id %s exists, when it is submitted again, then that is on record and nothing else, even if it does not fit",
    (id) => {
      for (const value of [{ id }, { id, priority: "wrong" }, { id, template: "nope" }]) {
        expect(admitted(value, { taken: [id] })).toEqual({
          type: "SubmissionDuplicated",
          job: id,
          intake: { sequence: 42, index: null },
        });
      }
    },
  );

  test("given ids like members of every object, when nobody has them, then they are no duplicates", () => {
    for (const id of ["constructor", "toString", "valueOf"]) expect(admitted({ id }).type).toBe("JobSubmitted");
  });

  test("given a refused submission with an own id, when it is recorded, then under that id", () => {
    expect(admitted({ id: "mine", priority: "high" })).toMatchObject({ type: "JobRejected", job: "mine" });
  });
});

describe("times", () => {
  test.each<[string, object, string | null]>([
    ["a delay", { delay: "5m" }, "2026-06-01T12:05:00.000Z"],
    ["a delay in milliseconds", { delay: 1 }, "2026-06-01T12:00:00.001Z"],
    ["no delay to speak of", { delay: 0 }, null],
    ["a time to come", { runAt: "2026-12-01T08:00:00Z" }, "2026-12-01T08:00:00.000Z"],
    ["a time in the past", { runAt: "2020-12-01T08:00:00.000Z" }, null],
    ["this very time", { runAt: STORED_AT }, null],
    ["fractions of a millisecond", { runAt: "2026-12-01T08:00:00.123456Z" }, "2026-12-01T08:00:00.123Z"],
  ])("given %s, when it is submitted, then it is due then", (_, value, runAt) => {
    expect(accepted(value).runAt).toBe(runAt);
  });

  test("given a delay that is over before it is decided, when it is submitted, then the job is queued at once", () => {
    expect(accepted({ delay: "5m" }, { now: "2026-06-01T12:05:00.000Z" }).runAt).toBeNull();
    expect(accepted({ delay: "5m" }, { now: "2026-06-01T12:04:59.999Z" }).runAt).toBe("2026-06-01T12:05:00.000Z");
  });
});

describe("params", () => {
  const nested = (depth: number): object => {
    let value: object = {};
    for (let i = 1; i < depth; i += 1) value = { in: value };
    return value;
  };

  test("given params nested as deep as allowed, when they are submitted, then they are taken; one deeper is refused", () => {
    expect(accepted({ params: nested(PARAMS_DEPTH_MAX) }).type).toBe("JobSubmitted");
    expect(reason({ params: nested(PARAMS_DEPTH_MAX + 1) })).toBe(
      `params: must not be nested deeper than ${PARAMS_DEPTH_MAX}`,
    );
    expect(reason({ params: nested(5_000) })).toMatch(/nested deeper/);
    expect(reason({ params: JSON.parse(`{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}`) })).toMatch(/nested deeper/);
  });

  test.each([
    ["letters", "a", 1],
    ["umlauts", "ü", 2],
    ["signs of three bytes", "語", 3],
    ["signs of two units", "🚂", 4],
  ])(
    "given params of %s up to 512 kB of JSON in UTF-8, when they are submitted, then they are taken; one byte more is refused",
    (_, sign, bytes) => {
      const frame = JSON.stringify({ text: "" }).length;
      const room = PARAMS_BYTES_MAX - frame;
      const text = sign.repeat(Math.floor(room / bytes)) + "x".repeat(room % bytes);
      const about = { type: "research" };
      expect(utf8Bytes(JSON.stringify({ text }))).toBe(PARAMS_BYTES_MAX);
      expect(accepted({ params: { text } }, about).spec.params).toEqual({ text });
      expect(reason({ params: { text: `${text}x` } }, about)).toBe(
        `params: ${PARAMS_BYTES_MAX + 1} bytes of JSON are too many; at most ${PARAMS_BYTES_MAX} are taken`,
      );
    },
  );

  test("given text in any script, when it is submitted, then it comes through unchanged", () => {
    const params = { "schlüssel 🚂": "語 \u0000 \u2028 \\ \" ' \ud83d", nested: [{ "": null }, true, 1e-9] };
    expect(accepted({ params }, { type: "research" }).spec.params).toEqual(params);
  });

  test.each(["constructor", "toString", "__proto__"])(
    "given a param called %s, when it is submitted, then it is a param like any other",
    (key) => {
      const params: unknown = JSON.parse(`{"${key}": {"polluted": true}, "b": 2}`);
      expect(JSON.stringify(accepted({ params }, { type: "research" }).spec.params)).toBe(JSON.stringify(params));
      expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    },
  );

  test.each(["constructor", "toString", "__proto__"])(
    "given a label called %s, when it is submitted, then it is a label like any other, or refused",
    (key) => {
      const fact = admitted({ labels: JSON.parse(`{"${key}": "x", "b": "y"}`) }, { type: "research" });
      if (fact.type === "JobSubmitted") expect(JSON.stringify(fact.spec.labels)).toBe(`{"${key}":"x","b":"y"}`);
      else expect(fact.type).toBe("JobRejected");
    },
  );
});

describe("labels", () => {
  const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, "x"]));
  test("given as many labels as allowed, when they are submitted, then they are taken; one more is refused", () => {
    expect(accepted({ labels: labels(64) }).type).toBe("JobSubmitted");
    expect(reason({ labels: labels(65) })).toBe("labels: must not be more than 64");
  });

  test("given labels that are too long, when they are submitted, then they are refused", () => {
    expect(accepted({ labels: { ["k".repeat(64)]: "v".repeat(256) } }).type).toBe("JobSubmitted");
    expect(reason({ labels: { a: "v".repeat(257) } })).toMatch(/^labels\.a: /);
    expect(reason({ labels: { ["k".repeat(65)]: "v" } })).toMatch(/^labels\./);
    expect(reason({ labels: { "": "v" } })).toMatch(/^labels/);
  });
});
