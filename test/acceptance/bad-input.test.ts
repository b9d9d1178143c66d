/**
 * Whatever a publisher sends, it gets a clear recorded answer and the scheduler goes on: after every bad message a good job runs to
 * its end (contract, section 1).
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/nats/door.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { Stage } from "../support/stage.js";
import { WorkServer } from "../support/work-server.js";

const resources = { ollama: 2, gpu: 4 };
const MIB = 1024 * 1024;

let server: NatsTestServer;
/** One that takes larger messages than the ledger's entries may be. */
let roomy: NatsTestServer;
let work: WorkServer;
/** A scheduler that gets one bad message after the other, and must bear them all. */
let shared: Stage;
beforeAll(async () => {
  server = await startNatsServer();
  roomy = await startNatsServer({ maxPayloadBytes: 8 * MIB });
  work = await WorkServer.start();
  shared = await Stage.openShared(server.url, () => configuration({ resources }));
});
afterAll(async () => {
  await shared[Symbol.asyncDispose]();
  await work[Symbol.asyncDispose]();
  await server.stop();
  await roomy.stop();
});

const configuration = (limits: object | null): object => ({
  ...(limits === null ? {} : { limits }),
  types: {
    story: { runner: "http", url: work.url("story") },
    constructor: { runner: "http", url: work.url("constructor") },
  },
});

const openStage = (limits: object | null, on: NatsTestServer = server): Promise<Stage> =>
  Stage.open(on.url, () => configuration(limits));

let goodJobs = 0;
/** A good job, after the bad message, must run to its end. */
async function expectItGoesOn(stage: Stage): Promise<void> {
  const id = `good-${++goodJobs}`;
  await stage.submit("story", { id, params: { name: id } });
  await stage.watch.until(
    `${id} has completed`,
    (watch) => watch.ofJob(id).some(({ fact }) => fact.type === "RunCompleted"),
    5_000,
  );
}

/** The largest message of a kind that the server takes. */
function filling(make: (chars: number) => object): string {
  let [fits, tooMany] = [0, MIB];
  while (tooMany - fits > 1) {
    const chars = Math.floor((fits + tooMany) / 2);
    if (JSON.stringify(make(chars)).length <= MIB) fits = chars;
    else tooMany = chars;
  }
  return JSON.stringify(make(fits));
}

/** As many tags as `chars` of JSON hold. */
const tags = (chars: number): Record<string, number> =>
  Object.fromEntries(
    Array.from({ length: Math.max(0, Math.floor(chars / 16)) }, (_, index) => [`tag-${index}`.padEnd(11, "x"), 1]),
  );

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

describe("a submission that is no good", () => {
  const bad: readonly (readonly [string, string, string | Uint8Array, RegExp])[] = [
    ["bytes that are not UTF-8", "submit.story", Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), /UTF-8/],
    ["broken JSON", "submit.story", '{"params": {', /JSON/],
    ["a JSON array", "submit.story", "[1, 2]", /./],
    ["a JSON text", "submit.story", '"hello"', /./],
    ["JSON null", "submit.story", "null", /./],
    ["params that are no object", "submit.story", '{"params": "prompt"}', /params.*JSON object/],
    ["params that are an array", "submit.story", '{"params": [1]}', /params.*JSON object/],
    ["priority 1e9", "submit.story", '{"priority": 1e9}', /priority.*-1000 to 1000.*1000000000/],
    ["a priority that is no whole number", "submit.story", '{"priority": 0.5}', /priority.*whole number/],
    ["an unknown type", "submit.stroy", "{}", /"stroy" is unknown.*story/],
    ["a type of the language's own names", "submit.toString", "{}", /"toString" is unknown/],
    ["a subject with more tokens", "submit.story.extra", "{}", /"story\.extra" is unknown/],
    ["an unknown key", "submit.story", '{"prioritty": 5}', /prioritty.*allowed are/],
    ["an id of the default form", "submit.story", '{"id": "j42"}', /id.*default id/],
    ["an id with blanks", "submit.story", '{"id": "a b"}', /id: must match/],
    ["an unknown tag", "submit.story", '{"resources": {"olama": 1}}', /olama.*no such pool.*gpu, ollama/],
    [
      "a tag of the language's own names",
      "submit.story",
      '{"resources": {"constructor": 1}}',
      /constructor.*no such pool/,
    ],
    ["a demand above the capacity", "submit.story", '{"resources": {"ollama": 3}}', /ollama.*3.*capacity is 2/],
    ["an unknown template", "submit.story", '{"template": "nightly"}', /template.*nightly.*unknown/],
    ["a delay that is no duration", "submit.story", '{"delay": "soon"}', /delay.*duration/],
    ["a time that is none", "submit.story", '{"runAt": "tomorrow"}', /runAt.*ISO 8601/],
    ["deep nesting of arrays", "submit.story", nested(100_000), /./],
    ["deep nesting inside params", "submit.story", `{"params": {"a": ${nested(50_000)}}}`, /params.*nested/],
    [
      "a key as long as the message",
      "submit.story",
      JSON.stringify({ resources: { ["x".repeat(1_000_000)]: 1 } }),
      /resources/,
    ],
    [
      "a label as long as the message",
      "submit.story",
      JSON.stringify({ labels: { ["x".repeat(1_000_000)]: "1" } }),
      /labels/,
    ],
    [
      "a key as long as the message and unknown",
      "submit.story",
      JSON.stringify({ ["x".repeat(1_000_000)]: 1 }),
      /unknown/,
    ],
    [
      "params of more than 512 kB",
      "submit.story",
      JSON.stringify({ params: { text: "x".repeat(600_000) } }),
      /params.*524288/,
    ],
    ["a batch that is no array", "submit", '{"type": "story"}', /array/],
    ["an empty batch", "submit", "[]", /empty/],
    ["an empty batch message", "submit", "", /array/],
    [
      "a batch of 1,001",
      "submit",
      JSON.stringify(Array.from({ length: 1_001 }, () => ({ type: "story" }))),
      /1001.*1000/,
    ],
  ];
  test.for(bad)(
    "given %s, when it is submitted, then it is rejected with a reason and the scheduler goes on",
    async ([, subject, body, reason]) => {
      const stage = shared;
      const sequence = await stage.publish(subject, body);
      await expectItGoesOn(stage);
      const facts = stage.watch.ofJob(`j${sequence}`);
      expect(facts.map(({ fact }) => fact.type)).toEqual(["JobRejected"]);
      expect(facts[0]?.fact).toMatchObject({ reason: expect.stringMatching(reason) });
      expect(JSON.stringify(facts[0]?.fact).length, "bytes of the fact").toBeLessThan(3_000);
      expect(await stage.request("query.job", { id: `j${sequence}` })).toMatchObject({ state: "rejected" });
      await stage.audit();
    },
  );

  test("given an id that exists, when it is submitted again, then that is recorded and changes nothing", async () => {
    const stage = shared;
    await stage.submit("story", { id: "chapter-7", params: { name: "first" } });
    await stage.untilEnded(1);
    await stage.submit("story", { id: "chapter-7", params: { name: "second" }, priority: 9 });
    await expectItGoesOn(stage);
    expect(stage.watch.ofType("SubmissionDuplicated").map(({ fact }) => fact.job)).toEqual(["chapter-7"]);
    expect(await stage.request("query.job", { id: "chapter-7" })).toMatchObject({
      priority: 0,
      params: { name: "first" },
    });
    await stage.audit();
  });

  test("given good and bad items in one batch, when it is decided, then the bad ones touch no others", async () => {
    const stage = shared;
    const items = [
      { type: "story" },
      { type: "stroy" },
      null,
      7,
      { type: "story", priority: 1e9 },
      {},
      { type: "story", id: "mine" },
      [],
      { type: "story" },
    ];
    const sequence = await stage.publish("submit", items);
    await expectItGoesOn(stage);
    await stage.untilEnded(items.length);
    const { jobs } = await stage.audit();
    const states = items.map((_, index) => jobs.get(index === 6 ? "mine" : `j${sequence}-${index}`)?.state);
    const [good, bad] = ["completed", "rejected"];
    expect(states).toEqual([good, bad, bad, bad, bad, bad, good, bad, good]);
  });

  test("given an empty payload, when it is submitted, then it is a job with defaults", async () => {
    const sequence = await shared.submit("story", "");
    await expectItGoesOn(shared);
    await shared.untilEnded(1);
    expect(shared.watch.ofJob(`j${sequence}`).at(-1)?.fact.type).toBe("RunCompleted");
  });

  test("given ids, types and params named like the language's own members, when they are submitted, then they are ordinary", async () => {
    const stage = shared;
    const ids = ["constructor", "toString", "hasOwnProperty", "valueOf"];
    for (const id of ids)
      await stage.submit("constructor", { id, labels: { constructor: "x" }, params: { constructor: 1, toString: 2 } });
    await expectItGoesOn(stage);
    await stage.untilEnded(ids.length);
    for (const id of ids)
      expect(await stage.request("query.job", { id })).toMatchObject({
        state: "completed",
        params: { constructor: 1, toString: 2 },
      });
    await stage.submit("story", '{"id": "proto", "params": {"__proto__": {"polluted": true}, "name": "x"}}');
    await expectItGoesOn(stage);
    const proto = stage.watch.ofType("JobSubmitted").find(({ fact }) => fact.job === "proto");
    expect(JSON.stringify(proto?.fact.spec.params)).toContain("__proto__");
    await stage.audit();
  });

  test("given a paused pool, when a job for it is submitted, then it waits, explained, until the pool is resumed", async () => {
    const stage = shared;
    await stage.request("api.pause", { pool: "gpu" });
    await stage.submit("story", { id: "waits", resources: { gpu: 1 } });
    await expectItGoesOn(stage);
    const explained = await stage.request("query.explain", { id: "waits" });
    expect(explained).toMatchObject({
      state: "queued",
      verdict: "paused",
      text: expect.stringMatching(/gpu.*paused|paused.*gpu/),
    });
    await stage.request("api.resume", { pool: "gpu" });
    await stage.untilEnded(1);
    await stage.audit();
  });
});

describe("a message that is large", () => {
  test("given the server takes 8 MB, when 2 MB are submitted, then that is rejected with the reason", async () => {
    const stage = await openStage(null, roomy);
    const sequence = await stage.submit("story", { params: { text: "x".repeat(2_000_000) } });
    await expectItGoesOn(stage);
    expect(stage.watch.ofJob(`j${sequence}`)[0]?.fact).toMatchObject({
      type: "JobRejected",
      reason: expect.stringMatching(/params: 20000\d\d bytes.*524288/),
    });
    await stage.audit();
  });

  test("given the server takes 1 MB, when 2 MB are published, then the publisher is told at once and nothing is stored", async () => {
    const stage = await openStage(null);
    const other = await connect({ servers: server.url });
    onTestFinished(() => other.close());
    await expect(
      other.jetstream().publish(`${stage.namespace}.submit.story`, "x".repeat(2_000_000)),
    ).rejects.toMatchObject({
      code: "MAX_PAYLOAD_EXCEEDED",
    });
    await expectItGoesOn(stage);
    expect(await stage.intake()).toHaveLength(1);
  });

  /** Each fits into the intake by itself, to the last byte; what is to be recorded of it must fit into the ledger too. */
  const large: readonly (readonly [string, string, (chars: number) => object])[] = [
    [
      "params and tags that fill it together",
      "submit.story",
      (chars) => ({ params: { text: "x".repeat(500_000) }, resources: tags(chars - 500_000) }),
    ],
    ["tags that fill it", "submit.story", (chars) => ({ resources: tags(chars) })],
    ["a tag's name that fills it", "submit.story", (chars) => ({ resources: { ["x".repeat(chars)]: 1 } })],
    ["a label's name that fills it", "submit.story", (chars) => ({ labels: { ["x".repeat(chars)]: "1" } })],
    ["a pool's name that fills it", "command.pause", (chars) => ({ pool: "p".repeat(chars) })],
    ["a limit's name that fills it", "command.limits", (chars) => ({ set: { [`resources.${"r".repeat(chars)}`]: 1 } })],
    [
      "a nested limit's name that fills it",
      "command.limits",
      (chars) => ({ set: { resources: { ["r".repeat(chars)]: 1 } } }),
    ],
    ["an unknown key that fills it", "command.cancel", (chars) => ({ id: "x", ["k".repeat(chars)]: 1 })],
    [
      "params of an amendment that fill it",
      "command.amend",
      (chars) => ({ id: "amended", params: { text: "x".repeat(chars) } }),
    ],
  ];
  test.for(large)(
    "given %s, when it is decided, then an answer is on record and the scheduler goes on",
    async ([, subject, make]) => {
      const stage = await openStage({ types: { constructor: 1 } });
      await stage.request("api.pause", { pool: "type:constructor" });
      await stage.submit("constructor", { id: "amended" });
      await stage.publish(subject, filling(make));
      await expectItGoesOn(stage);
      await stage.audit({ allEnded: false });
    },
  );

  test("given many large submissions at once, when they are decided, then every entry fits and all end", async () => {
    const stage = await openStage({ types: { story: 3 } });
    const text = "x".repeat(500_000);
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => stage.submit("story", { params: { text, name: `large ${index}` } })),
    );
    await stage.untilEnded(30);
    await expectItGoesOn(stage);
    await stage.audit();
  });
});

describe("a command that is no good", () => {
  const bad: readonly (readonly [string, string, string | Uint8Array, RegExp])[] = [
    ["an unknown verb", "command.destroy", "{}", /no command "destroy".*cancel/],
    ["a verb of the language's own names", "command.constructor", "{}", /no command "constructor"/],
    ["a verb with more tokens", "command.cancel.now", "{}", /no command "cancel\.now"/],
    ["a cancel of an unknown job", "command.cancel", '{"id": "nobody"}', /no job nobody/],
    ["a cancel without an id", "command.cancel", "", /id/],
    ["a resume of a pool that is not paused", "command.resume", '{"pool": "ollama"}', /is so already/],
    ["broken JSON", "command.cancel", "{", /JSON/],
    ["bytes that are not UTF-8", "command.pause", Uint8Array.of(0xff), /UTF-8/],
    ["an array", "command.limits", "[]", /./],
    ["a limit that is none", "command.limits", '{"set": {"global": -1}}', /global/],
    ["deep nesting", "command.limits", `{"set": {"global": ${nested(50_000)}}}`, /global/],
    ["deep nesting of the whole", "command.amend", nested(100_000), /./],
  ];
  test.for(bad)(
    "given %s, when it is published, then the refusal is on record and the scheduler goes on",
    async ([, subject, body, reason]) => {
      const sequence = await shared.publish(subject, body);
      await expectItGoesOn(shared);
      const refused = shared.watch.ofType("CommandRefused").filter(({ fact }) => fact.intake.sequence === sequence);
      expect(refused.map(({ fact }) => fact)).toEqual([
        expect.objectContaining({ reason: expect.stringMatching(reason), intake: { sequence, index: null } }),
      ]);
      expect(refused[0]?.fact.reason.length).toBeLessThan(2_000);
      await shared.audit();
    },
  );
});
