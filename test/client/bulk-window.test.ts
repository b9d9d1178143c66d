/** Sending batches on a real server: in order, each once, whatever gets lost on the way; and what is said when that cannot be known. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Batch } from "../../src/client/bulk-packer.js";
import { BATCHES_IN_FLIGHT_MAX, BatchWindow, type WindowTarget } from "../../src/client/bulk-window.js";
import { Publisher } from "../../src/log/publisher.js";
import { openConnection } from "../../src/nats/connection.js";
import type { NatsConnection } from "../../src/nats/door.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { eventually } from "../embedded/folders.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { describeOnEveryServer } from "../support/server-matrix.js";
import { TcpGate } from "../support/tcp-gate.js";

let server: NatsTestServer;
let namespaces = 0;
const batchOf = (number: number, marks = ""): Batch => ({
  lines: [2 * number - 1, 2 * number],
  ids: [null, null],
  data: Buffer.from(JSON.stringify([{ number }, marks])),
});

interface Stage {
  readonly target: WindowTarget;
  readonly stored: { line: number; sequence: number }[];
  readonly repeats: string[];
  readonly interrupt: AbortController;
  window(repeatMsMax?: number): BatchWindow;
  /** The numbers of the batches that the intake holds, in its order. */
  intake(): Promise<number[]>;
}

/** A namespace with its streams on the server at `direct`, and a connection to it by `port`. */
async function stageOn(port: number, { direct: at = server.port, hasStreams = true } = {}): Promise<Stage> {
  namespaces += 1;
  const subjects = subjectsOf(`window-${namespaces}`);
  const open = async (to: number): Promise<NatsConnection> => {
    const nc = await openConnection({ servers: [`nats://127.0.0.1:${to}`] }, "test");
    onTestFinished(() => nc.close());
    return nc;
  };
  if (hasStreams) await openStreams(await open(at), subjects);
  const nc = await open(port);
  const publisher = new Publisher(nc);
  const target: WindowTarget = {
    nc,
    subjects,
    namespace: subjects.namespace,
    publish: (one) => publisher.publish(one),
  };
  const stored: Stage["stored"] = [];
  const repeats: string[] = [];
  const interrupt = new AbortController();
  const hooks = {
    onStored: async ({ lines }: Batch, sequence: number) => void stored.push({ line: lines[0] ?? 0, sequence }),
    onRepeat: (reason: string) => void repeats.push(reason),
  };
  return {
    target,
    stored,
    repeats,
    interrupt,
    window: (repeatMsMax) => new BatchWindow(target, interrupt.signal, hooks, repeatMsMax),
    intake: async () => {
      // A connection of its own: one that was there before may just be coming back.
      const jsm = await (await open(at)).jetstreamManager();
      const { last_seq: last } = (await jsm.streams.info(subjects.intakeStream)).state;
      const messages = Array.from({ length: last }, (_, index) =>
        jsm.streams.getMessage(subjects.intakeStream, { seq: index + 1 }),
      );
      return (await Promise.all(messages)).map((message) => message.json<[{ number: number }]>()[0].number);
    },
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

await describeOnEveryServer("a window of batches", (version) => {
  beforeAll(async () => {
    server = await startNatsServer({ version });
  });
  afterAll(() => server.stop());

  test("given a server, when batches are sent, then each is stored once, in order, and its sequence is told in order", async () => {
    const stage = await stageOn(server.port);
    const window = stage.window();
    const count = 5 * BATCHES_IN_FLIGHT_MAX;
    for (const number of upTo(count)) expect(await window.send(batchOf(number))).toBe(true);
    await window.finish();
    expect(await stage.intake()).toEqual(upTo(count));
    expect(stage.stored).toEqual(upTo(count).map((number) => ({ line: 2 * number - 1, sequence: number })));
    expect({ repeats: stage.repeats, inDoubt: window.inDoubt, failure: window.failure }).toEqual({
      repeats: [],
      inDoubt: [],
      failure: null,
    });
  });

  test("given acknowledgements that get lost with the connection, when the batches are sent again, then the intake has each once", async () => {
    await using gate = await TcpGate.open(server.port);
    const stage = await stageOn(gate.port);
    const window = stage.window();
    await window.send(batchOf(1));
    await window.finish();
    gate.dropAnswers();
    for (const number of [2, 3, 4, 5]) await window.send(batchOf(number, "unacknowledged"));
    await gate.untilSent("unacknowledged");
    await eventually("the server has stored them", async () => ((await stage.intake()).length === 5 ? true : null));
    gate.cut();
    for (const number of [6, 7]) await window.send(batchOf(number));
    await window.finish();
    expect(stage.repeats).toEqual(["the connection was lost before the acknowledgement"]);
    expect(await stage.intake()).toEqual(upTo(7));
    expect(stage.stored.map(({ sequence }) => sequence)).toEqual(upTo(7));
    expect(window.inDoubt).toEqual([]);
  });

  test("given a server that dies and comes back, when batches go on being sent, then the intake has each once and in order", async () => {
    await using mortal = await startNatsServer({ version });
    const stage = await stageOn(mortal.port, { direct: mortal.port });
    const window = stage.window();
    for (const number of upTo(20)) await window.send(batchOf(number));
    await mortal.kill();
    const sending = (async () => {
      for (const number of upTo(20)) await window.send(batchOf(20 + number));
      await window.finish();
    })();
    await mortal.restart();
    await sending;
    expect(await stage.intake()).toEqual(upTo(40));
    expect(stage.stored.map(({ sequence }) => sequence)).toEqual(upTo(40));
  });
});

describe("a window of batches that meets an end", () => {
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterAll(() => server.stop());

  test("given a server that stays away, when the time for repeating is over, then the batches are in doubt and no more are sent", async () => {
    const gate = await TcpGate.open(server.port);
    const stage = await stageOn(gate.port);
    const window = stage.window(300);
    await window.send(batchOf(1));
    await window.finish();
    gate.dropAnswers();
    await window.send(batchOf(2, "never answered"));
    await window.send(batchOf(3));
    await gate.untilSent("never answered");
    await gate[Symbol.asyncDispose]();
    await window.finish();
    expect(window.inDoubt.map(({ lines }) => lines)).toEqual([
      [3, 4],
      [5, 6],
    ]);
    expect(window.failure).toMatchObject({ code: "unanswered", hint: expect.stringContaining("repeated safely") });
    expect(await window.send(batchOf(4))).toBe(false);
    expect(stage.stored).toHaveLength(1);
  });

  test("given an interrupt, when batches are under way, then they are waited for, and no more are sent", async () => {
    const stage = await stageOn(server.port);
    const window = stage.window();
    for (const number of upTo(3)) await window.send(batchOf(number));
    stage.interrupt.abort();
    expect(await window.send(batchOf(4))).toBe(false);
    await window.finish();
    expect(stage.stored).toHaveLength(3);
    expect({ inDoubt: window.inDoubt, failure: window.failure }).toEqual({ inDoubt: [], failure: null });
  });

  test("given a full window and a server that is silent, when it is interrupted, then whoever waits for room gets none, and all is in doubt", async () => {
    await using gate = await TcpGate.open(server.port);
    const stage = await stageOn(gate.port);
    const window = stage.window();
    gate.dropAnswers();
    for (const number of upTo(BATCHES_IN_FLIGHT_MAX)) await window.send(batchOf(number));
    const waiting = window.send(batchOf(99));
    stage.interrupt.abort();
    expect(await waiting).toBe(false);
    await window.finish();
    expect(window.inDoubt).toHaveLength(BATCHES_IN_FLIGHT_MAX);
    expect(window.failure).toBeNull();
  });

  test("given nobody who takes jobs, when the first batch is sent, then that is said at once and nothing is in doubt", async () => {
    const stage = await stageOn(server.port, { hasStreams: false });
    const window = stage.window();
    for (const number of [1, 2, 3]) await window.send(batchOf(number));
    await window.finish();
    expect(window.failure).toMatchObject({ code: "no-scheduler" });
    expect(window.inDoubt).toEqual([]);
    expect(window.refused.map(({ lines }) => lines[0])).toEqual([1, 3, 5]);
  });

  test("given a hook that throws, when its batch is stored, then whoever waits for the end gets it", async () => {
    const stage = await stageOn(server.port);
    const broken = new Error("the reader is gone");
    const window = new BatchWindow(stage.target, stage.interrupt.signal, {
      onStored: () => Promise.reject(broken),
      onRepeat: () => {},
    });
    await window.send(batchOf(1));
    await expect(window.finish()).rejects.toBe(broken);
    expect(await window.send(batchOf(2))).toBe(false);
  });
});
