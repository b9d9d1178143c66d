/** Where webhooks go on: what is stored when, and what is made of what was stored. */
import { beforeEach, describe, expect, test } from "vitest";
import { position } from "../../events/names.js";
import { createLogger } from "../../src/logger.js";
import { Positions } from "../../src/webhooks/positions.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { Bucket } from "./bucket.js";

let bucket: Bucket;
let clock: VirtualClock;
beforeEach(() => {
  bucket = new Bucket();
  clock = new VirtualClock("2026-01-01T00:00:00.000Z");
});

const open = (names: readonly string[], begin: number, ledger = "LEDGER@1") =>
  Positions.open({ state: bucket, ledger, clock, log: createLogger("silent") }, names, position(begin));

describe("the first position", () => {
  test("given nothing is stored, when webhooks begin, then at the ledger's end, and that is stored before anything else", async () => {
    const positions = await open(["a", "b"], 812);
    expect([positions.of("a"), positions.of("b"), positions.of("c")]).toEqual([812, 812, undefined]);
    expect(bucket.text).toBe('{"v":1,"ledger":"LEDGER@1","settled":{"a":812,"b":812}}');
  });

  test("given it cannot be stored, when webhooks begin, then they do not", async () => {
    bucket.isAway = true;
    await expect(open(["a"], 812)).rejects.toThrow("the server is away");
  });

  test("given stored positions, when webhooks begin, then there; a new one at the end; one that is not configured loses its own", async () => {
    bucket.text = '{"v":1,"ledger":"LEDGER@1","settled":{"a":5,"gone":3}}';
    const positions = await open(["a", "new"], 812);
    expect([positions.of("a"), positions.of("new")]).toEqual([5, 812]);
    expect(bucket.settled).toEqual({ a: 5, new: 812 });
  });

  test("given the positions of the same webhooks, when webhooks begin, then nothing needs to be stored", async () => {
    bucket.text = '{"v":1,"ledger":"LEDGER@1","settled":{"a":5}}';
    await open(["a"], 812);
    expect(bucket.puts).toBe(0);
  });

  test("given positions in another ledger of the same name, when webhooks begin, then at the end of this one", async () => {
    bucket.text = '{"v":1,"ledger":"LEDGER@0","settled":{"a":5}}';
    expect((await open(["a"], 812)).of("a")).toBe(812);
    expect(bucket.settled).toEqual({ a: 812 });
  });

  test.each([
    "",
    "rubbish",
    "5",
    '{"v":2,"ledger":"LEDGER@1","settled":{}}',
    '{"v":1,"ledger":"LEDGER@1","settled":{"a":-1}}',
  ])(
    "given %j is stored there, when webhooks begin, then it is refused with what to do, and left as it is",
    async (text) => {
      bucket.text = text;
      await expect(open(["a"], 812)).rejects.toMatchObject({
        code: "positions-unreadable",
        message: expect.stringMatching(/webhooks.*delete it/),
      });
      expect(bucket.text).toBe(text);
    },
  );
});

describe("storing", () => {
  test("given much is settled in a short time, then it is stored once in 250 ms, with the latest", async () => {
    const positions = await open(["a", "b"], 0);
    for (let at = 1; at <= 100; at += 1) positions.settle("a", position(at));
    await clock.pass(249);
    expect(bucket.puts).toBe(1);
    await clock.pass(1);
    expect(bucket.puts).toBe(2);
    expect(bucket.settled).toEqual({ a: 100, b: 0 });
    positions.settle("b", position(7));
    await clock.pass(250);
    expect(bucket.settled).toEqual({ a: 100, b: 7 });
    // The same again is nothing new.
    positions.settle("b", position(7));
    await clock.pass(10_000);
    expect([bucket.puts, clock.alarms]).toEqual([3, 0]);
  });

  test("given the server is away, then it is tried again until it is there", async () => {
    const positions = await open(["a"], 0);
    bucket.isAway = true;
    positions.settle("a", position(9));
    await clock.pass(5_000);
    expect(bucket.puts).toBeGreaterThan(2);
    expect(bucket.settled).toEqual({ a: 0 });
    bucket.isAway = false;
    await clock.pass(2_000);
    expect(bucket.settled).toEqual({ a: 9 });
  });

  test("given something is not stored yet, when it is closed, then it is, at once", async () => {
    const positions = await open(["a"], 0);
    positions.settle("a", position(9));
    await positions.close();
    expect(bucket.settled).toEqual({ a: 9 });
    expect(clock.alarms).toBe(0);
  });

  test("given the server is away, when it is closed, then it is tried once more and never again", async () => {
    const positions = await open(["a"], 0);
    bucket.isAway = true;
    positions.settle("a", position(9));
    await positions.close();
    await clock.pass(60_000);
    expect([bucket.puts, clock.alarms]).toEqual([2, 0]);
  });

  test("given the server does not answer, when it is closed, then it is waited for 3 s and no longer", async () => {
    const positions = await open(["a"], 0);
    bucket.isSilent = true;
    positions.settle("a", position(9));
    let isClosed = false;
    void positions.close().then(() => {
      isClosed = true;
    });
    await clock.pass(2_999);
    expect(isClosed).toBe(false);
    await clock.pass(1);
    expect(isClosed).toBe(true);
  });
});
