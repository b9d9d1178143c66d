/** The log in JetStream: the contract on every server version, and what only a real server can do to us. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { JetStreamLog } from "../../src/log/jetstream.js";
import { LogGap, type StoredMessage } from "../../src/log/log.js";
import { Publisher } from "../../src/log/publisher.js";
import { openConnection } from "../../src/nats/connection.js";
import {
  type ConsumerMessages,
  Events,
  type NatsConnection,
  StorageType,
  type StreamConfig,
} from "../../src/nats/door.js";
import { openStreams } from "../../src/nats/streams.js";
import { type Subjects, subjectsOf } from "../../src/nats/subjects.js";
import { eventually } from "../embedded/folders.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { describeOnEveryServer } from "../support/server-matrix.js";
import { TcpGate } from "../support/tcp-gate.js";
import { describeLogContract, fill, followed, type LogsUnderTest } from "./contract.js";

interface Opened extends LogsUnderTest {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
}

let namespaces = 0;
const freshNamespace = (): string => `test-${++namespaces}`;
const text = (data: string): Uint8Array => new TextEncoder().encode(data);

/** A member of an object, as it is; a method knows its object. */
function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key, target);
  return typeof value === "function" ? value.bind(target) : value;
}

/** Settles when the connection, which is about to be lost, is there again: what is asked before that is never answered. */
async function reconnected(nc: NatsConnection): Promise<void> {
  for await (const { type } of nc.status()) if (type === Events.Reconnect) return;
}

/** Both logs of a namespace through a connection of their own, which is closed with the test. */
async function open(port: number, namespace = freshNamespace()): Promise<Opened> {
  const nc = await openConnection({ servers: [`nats://127.0.0.1:${port}`] }, "test");
  onTestFinished(async () => {
    await nc.close();
  });
  const subjects = subjectsOf(namespace);
  const jsm = await openStreams(nc, subjects);
  const publisher = new Publisher(nc);
  const logOf = (stream: string) => new JetStreamLog({ nc, jsm, stream, publisher });
  return {
    nc,
    subjects,
    intake: logOf(subjects.intakeStream),
    intakeSubject: `${subjects.submit}.story`,
    ledger: logOf(subjects.ledgerStream),
    ledgerSubject: subjects.ledger,
  };
}

await describeOnEveryServer("the log in JetStream", (version) => {
  let server: NatsTestServer;
  beforeAll(async () => {
    server = await startNatsServer({ version });
  });
  afterAll(() => server.stop());

  describeLogContract(() => open(server.port));

  test("given a stream that is deleted and made anew, when its state is asked for, then it has another identity", async () => {
    const { nc, subjects, ledger, ledgerSubject } = await open(server.port);
    await ledger.append({ subject: ledgerSubject, data: text("x") });
    const before = await ledger.state();
    expect((await ledger.state()).identity).toBe(before.identity);
    const jsm = await nc.jetstreamManager();
    await jsm.streams.delete(subjects.ledgerStream);
    await openStreams(nc, subjects);
    expect((await ledger.state()).identity).not.toBe(before.identity);
  });

  test("given an append in flight, when only its acknowledgement is lost, then its outcome is unknown and the log has it", async () => {
    await using gate = await TcpGate.open(server.port);
    const namespace = freshNamespace();
    const { nc, ledger, ledgerSubject } = await open(gate.port, namespace);
    const direct = await open(server.port, namespace);
    const back = reconnected(nc);
    gate.dropAnswers();
    const appending = ledger.append({ subject: ledgerSubject, data: text("lost ack"), expectedLast: 0 });
    await eventually("the server has stored it", async () => ((await direct.ledger.state()).last === 1 ? true : null));
    gate.cut();
    expect(await appending).toMatchObject({ outcome: "unknown" });
    await back;
    expect(await ledger.read(1)).toMatchObject({ sequence: 1, data: text("lost ack") });
    // A second try of the same append is refused: only the log says that it was ours.
    expect(await ledger.append({ subject: ledgerSubject, data: text("lost ack"), expectedLast: 0 })).toMatchObject({
      outcome: "refused",
    });
  });

  test("given an append whose connection broke, when the server comes to it later, then it still lands", async () => {
    await using gate = await TcpGate.open(server.port);
    const namespace = freshNamespace();
    const { ledger, ledgerSubject } = await open(gate.port, namespace);
    const direct = await open(server.port, namespace);
    await server.pause();
    try {
      const appending = ledger.append({ subject: ledgerSubject, data: text("comes late"), expectedLast: 0 });
      await gate.untilSent("comes late");
      gate.cut();
      expect(await appending).toMatchObject({ outcome: "unknown" });
    } finally {
      server.resume();
    }
    expect(await eventually("it has landed", () => direct.ledger.read(1))).toMatchObject({ data: text("comes late") });
  });

  test("given a frozen server, when it is killed with an append in its buffer, then the outcome is unknown and the log has it not", async () => {
    const { nc, ledger, ledgerSubject } = await open(server.port);
    await ledger.append({ subject: ledgerSubject, data: text("before"), expectedLast: 0 });
    const back = reconnected(nc);
    await server.pause();
    const appending = ledger.append({ subject: ledgerSubject, data: text("never read"), expectedLast: 1 });
    await server.kill();
    expect(await appending).toMatchObject({ outcome: "unknown" });
    await server.restart();
    await back;
    expect(await ledger.read(1)).toMatchObject({ data: text("before") });
    expect(await ledger.read(2)).toBeNull();
    expect(await ledger.append({ subject: ledgerSubject, data: text("again"), expectedLast: 1 })).toEqual({
      outcome: "stored",
      sequence: 2,
    });
  });

  test("given followers, when the server is killed and restarted again and again, then nothing is missed and nothing comes twice", async () => {
    const logs = await open(server.port);
    const { identity } = await logs.intake.state();
    const rounds = 3;
    const perRound = 400;
    const stop = new AbortController();
    const seen: StoredMessage[] = [];
    const following = (async () => {
      for await (const batch of logs.intake.follow(0, stop.signal)) seen.push(...batch);
    })();
    for (let round = 1; round <= rounds; round += 1) {
      await fill(logs, perRound);
      const back = reconnected(logs.nc);
      // Killed while the follower may still be behind.
      await server.kill();
      await server.restart();
      await back;
    }
    await fill(logs, 1);
    const count = rounds * perRound + 1;
    await eventually("everything has come", () => (seen.length >= count ? true : null));
    stop.abort();
    await following;
    expect(seen.map(({ sequence }) => sequence)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    expect(seen.map(({ data }) => new TextDecoder().decode(data))).toEqual(
      seen.map(({ sequence }) => String(sequence)),
    );
    expect((await logs.intake.state()).identity).toBe(identity);
  });

  test("given appends that do not wait for each other, when a rival takes the first one's place, then the second is stored on a false prefix", async () => {
    // Why one entry is in flight at a time (D1): the server compares a number, not what stands there.
    const namespace = freshNamespace();
    const { ledger, ledgerSubject } = await open(server.port, namespace);
    const rival = await open(server.port, namespace);
    await rival.ledger.append({ subject: ledgerSubject, data: text("the rival's"), expectedLast: 0 });
    const [first, second] = await Promise.all([
      ledger.append({ subject: ledgerSubject, data: text("first"), expectedLast: 0 }),
      ledger.append({ subject: ledgerSubject, data: text("second, decided from first"), expectedLast: 1 }),
    ]);
    expect(first.outcome).toBe("refused");
    expect(second).toEqual({ outcome: "stored", sequence: 2 });
    expect((await followed(ledger, 0, 2)).map(({ data }) => new TextDecoder().decode(data))).toEqual([
      "the rival's",
      "second, decided from first",
    ]);
  });

  test("given a message deleted from the middle, when the log is followed across it, then it says that there is a gap", async () => {
    const logs = await open(server.port);
    await fill(logs, 5);
    const jsm = await logs.nc.jetstreamManager();
    await jsm.streams.deleteMessage(logs.subjects.intakeStream, 3);
    const seen: number[] = [];
    const following = (async () => {
      for await (const batch of logs.intake.follow(0, AbortSignal.timeout(2_000)))
        seen.push(...batch.map(({ sequence }) => sequence));
    })();
    await expect(following).rejects.toThrow(LogGap);
    expect(seen).toEqual([1, 2]);
  });

  test("given a consumer that delivers each message twice, when the log is followed to its end, then each comes once, and nothing is said to be missing", async () => {
    const logs = await open(server.port);
    await fill(logs, 5);
    const js = logs.nc.jetstream();
    const twice = (messages: ConsumerMessages): ConsumerMessages =>
      new Proxy(messages, {
        get: (target, key) =>
          key === Symbol.asyncIterator
            ? async function* () {
                for await (const message of target) yield* [message, message];
              }
            : bound(target, key),
      });
    const consumers = new Proxy(js.consumers, {
      get: (target, key) =>
        key !== "get"
          ? bound(target, key)
          : async (...args: Parameters<typeof target.get>) => {
              const consumer = await target.get(...args);
              return new Proxy(consumer, {
                get: (each, name) =>
                  name === "consume"
                    ? async (options?: Parameters<typeof each.consume>[0]) => twice(await each.consume(options))
                    : bound(each, name),
              });
            },
    });
    const doubled = new Proxy(js, { get: (target, key) => (key === "consumers" ? consumers : bound(target, key)) });
    const nc = new Proxy(logs.nc, { get: (target, key) => (key === "jetstream" ? () => doubled : bound(target, key)) });
    const jsm = await logs.nc.jetstreamManager();
    const log = new JetStreamLog({ nc, jsm, stream: logs.subjects.intakeStream, publisher: new Publisher(logs.nc) });
    const stop = new AbortController();
    const seen: number[] = [];
    for await (const batch of log.follow(0, stop.signal)) {
      seen.push(...batch.map(({ sequence }) => sequence));
      // Some round trips after the last one has come for the second time there is one more.
      if (seen.at(-1) === 5) for (let trips = 0; trips < 5; trips += 1) await log.read(5);
      if (seen.at(-1) === 5) await fill(logs, 1);
      if (seen.at(-1) === 6) stop.abort();
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
  });

  describe("opening the streams", () => {
    const unfit: readonly (readonly [string, "intake" | "ledger", Partial<StreamConfig>])[] = [
      ["is kept in memory", "ledger", { storage: StorageType.Memory }],
      ["is kept in memory", "intake", { storage: StorageType.Memory }],
      ["forgets by age", "ledger", { max_age: 3_600_000_000_000 }],
      ["forgets by age", "intake", { max_age: 3_600_000_000_000 }],
      ["forgets by number", "intake", { max_msgs: 1_000, discard: "old" as StreamConfig["discard"] }],
      ["forgets by size", "intake", { max_bytes: 1_000_000, discard: "old" as StreamConfig["discard"] }],
      [
        "forgets by number per subject",
        "ledger",
        { max_msgs_per_subject: 10, discard: "old" as StreamConfig["discard"] },
      ],
      [
        "forgets by number per subject",
        "intake",
        { max_msgs_per_subject: 10, discard: "old" as StreamConfig["discard"] },
      ],
      ["is a work queue", "intake", { retention: "workqueue" as StreamConfig["retention"] }],
      ["keeps only what somebody waits for", "intake", { retention: "interest" as StreamConfig["retention"] }],
      ["allows deletes", "ledger", { deny_delete: false }],
      ["allows purges", "ledger", { deny_purge: false }],
      ["forgets message ids too soon", "intake", { duplicate_window: 1_000_000_000 }],
      ["never acknowledges", "ledger", { no_ack: true }],
      ["takes other subjects", "ledger", { subjects: ["elsewhere.ledger"] }],
    ];
    test.for(unfit)("given a stream that %s (%s), then it is refused", async ([, which, setting]) => {
      const nc = await openConnection({ servers: [server.url] }, "test");
      onTestFinished(async () => {
        await nc.close();
      });
      const subjects = subjectsOf(freshNamespace());
      const jsm = await nc.jetstreamManager();
      const name = which === "ledger" ? subjects.ledgerStream : subjects.intakeStream;
      const taken = which === "ledger" ? [subjects.ledger] : [subjects.submit, subjects.submitAny, subjects.commandAny];
      const append = which === "ledger" ? { deny_delete: true, deny_purge: true } : {};
      await jsm.streams.add({ name, subjects: taken, ...append, ...setting });
      onTestFinished(async () => {
        await jsm.streams.delete(name);
      });
      const opening = await openStreams(nc, subjects).then(
        () => "opened",
        (error: unknown) => error,
      );
      expect(opening).toMatchObject({ code: "stream-unfit", message: expect.stringContaining(name) });
    });

    test("given fit streams, when they are opened again, then they are taken as they are", async () => {
      const { nc, subjects, ledger, ledgerSubject } = await open(server.port);
      await ledger.append({ subject: ledgerSubject, data: text("x") });
      await openStreams(nc, subjects);
      expect((await ledger.state()).last).toBe(1);
    });
  });
});

test("given a server that takes only small messages, when the streams are opened, then it is refused", async () => {
  await using server = await startNatsServer({ maxPayloadBytes: 64 * 1024 });
  const nc = await openConnection({ servers: [server.url] }, "test");
  onTestFinished(async () => {
    await nc.close();
  });
  await expect(openStreams(nc, subjectsOf("test"))).rejects.toMatchObject({
    code: "stream-unfit",
    message: expect.stringContaining("max_payload"),
  });
});

test("given a server that hangs, when no acknowledgement comes in time, then the outcome is unknown and the message lands later", async () => {
  await using server = await startNatsServer();
  const { ledger, ledgerSubject } = await open(server.port);
  await server.pause();
  const outcome = await ledger.append({ subject: ledgerSubject, data: text("slow"), expectedLast: 0 });
  expect(outcome).toMatchObject({ outcome: "unknown", reason: expect.stringContaining("acknowledgement") });
  server.resume();
  expect(await eventually("it has landed", () => ledger.read(1).catch(() => null))).toMatchObject({
    data: text("slow"),
  });
});
