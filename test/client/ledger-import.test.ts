/** Importing a ledger over a connection that breaks, against a rival, and with an interrupt; and the intake with which one goes on. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { intakeSequence } from "../../events/names.js";
import { ContinuedIntake } from "../../src/client/continued-intake.js";
import { importLedger, openSession, type Session } from "../../src/client/index.js";
import { loadConfiguration } from "../../src/config/index.js";
import type { Log } from "../../src/log/log.js";
import { Publisher } from "../../src/log/publisher.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { bytesOf, exportText } from "../support/export-file.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { describeOnEveryServer } from "../support/server-matrix.js";
import { TcpGate } from "../support/tcp-gate.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-import-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
/** A ledger of so many entries, and the file that holds it. */
async function exported(entries: number): Promise<{ book: LedgerBuilder; path: string }> {
  const book = ledger().elected().worker("w1", 1).limits({ global: 1 });
  while (book.entries.length < entries) book.submitted(`job-${book.entries.length}`);
  const path = join(folder, `${++files}.jsonl`);
  await writeFile(path, exportText(book.entries));
  return { book, path };
}

const connectionTo = async (port: number): Promise<NatsConnection> => {
  const nc = await connect({ servers: `nats://127.0.0.1:${port}`, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  onTestFinished(() => nc.close());
  return nc;
};

/** The log's methods, which may be called by themselves. */
const bound = (log: Log): Log => ({
  state: () => log.state(),
  append: (append) => log.append(append),
  read: (sequence) => log.read(sequence),
  follow: (after, signal) => log.follow(after, signal),
  trim: (sequence) => log.trim(sequence),
});

let namespaces = 0;
async function sessionOn(port: number): Promise<Session> {
  const namespace = `import-${++namespaces}`;
  const loaded = loadConfiguration({ namespace, env: {}, cwd: folder });
  if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.problems));
  const nats = `nats://127.0.0.1:${port}`;
  const session = await openSession({ loaded, nats, env: {}, cwd: folder, onNotice: () => {} });
  onTestFinished(() => session.close());
  return session;
}

/** What the ledger stream of a namespace holds. */
async function stored(port: number, namespace: string): Promise<readonly string[]> {
  const jsm = await (await connectionTo(port)).jetstreamManager();
  const stream = subjectsOf(namespace).ledgerStream;
  const { last_seq: last } = (await jsm.streams.info(stream)).state;
  const messages = Array.from({ length: last }, (_, index) => jsm.streams.getMessage(stream, { seq: index + 1 }));
  return (await Promise.all(messages)).map(({ data }) => Buffer.from(data).toString("utf8"));
}
const texts = ({ entries }: LedgerBuilder): string[] =>
  entries.map(({ entry }) => Buffer.from(bytesOf(entry)).toString("utf8"));

describe("importing", () => {
  let server: NatsTestServer;
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterAll(() => server.stop());
  const never = new AbortController().signal;

  test("given a connection that breaks after an entry was sent, when it is imported, then each entry is there once", async () => {
    await using gate = await TcpGate.open(server.port);
    const session = await sessionOn(gate.port);
    const { book, path } = await exported(200);
    const importing = importLedger(session, {
      path,
      continues: false,
      signal: never,
      onProgress: (doing, entries) => {
        if (doing === "written" && entries === 100) gate.dropAnswers();
      },
    });
    await gate.untilSent('"id":"e101"');
    gate.cut();
    expect(await importing).toMatchObject({ entries: 200, isComplete: true });
    expect(await stored(server.port, session.namespace)).toEqual(texts(book));
  });

  test("given somebody else who was first, when it is to be gone on with, then the intake takes submissions as before", async () => {
    const session = await sessionOn(server.port);
    const { subjects } = session;
    const { path } = await exported(10);
    const rival = await connectionTo(server.port);
    await openStreams(rival, subjects);
    // The rival writes after the last look at the empty ledger, and before the first append.
    const late: Session = {
      ...session,
      ledger: async () => {
        const log = await session.ledger();
        const append: Log["append"] = async (entry) => {
          await rival.jetstream().publish(subjects.ledger, "the rival's");
          return log.append(entry);
        };
        return { ...bound(log), append };
      },
    };
    const onProgress = () => {};
    await expect(importLedger(late, { path, continues: true, signal: never, onProgress })).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("entry 1 has no place"),
    });
    expect((await rival.jetstream().publish(`${subjects.submit}.hello`, "{}")).seq).toBe(1);
  });

  test("given an interrupt, when half is written, then it stops there and says so", async () => {
    const session = await sessionOn(server.port);
    const { book, path } = await exported(50);
    const interrupt = new AbortController();
    const onProgress = (doing: string, entries: number) => {
      if (doing === "written" && entries === 20) interrupt.abort();
    };
    expect(await importLedger(session, { path, continues: false, signal: interrupt.signal, onProgress })).toMatchObject(
      {
        entries: 20,
        isComplete: false,
      },
    );
    expect(await stored(server.port, session.namespace)).toEqual(texts(book).slice(0, 20));
  });

  test("given somebody else who writes to the ledger meanwhile, when the next entry is due, then it is refused, and nothing of theirs is lost", async () => {
    const session = await sessionOn(server.port);
    const { path } = await exported(500);
    const rival = await connectionTo(server.port);
    const publishing: Promise<unknown>[] = [];
    const onProgress = (doing: string, entries: number) => {
      if (doing === "written" && entries === 10)
        publishing.push(rival.jetstream().publish(session.subjects.ledger, "the rival's"));
    };
    await expect(importLedger(session, { path, continues: false, signal: never, onProgress })).rejects.toMatchObject({
      code: "refused",
      message: expect.stringMatching(/^somebody else has written to the ledger meanwhile; entry \d+ has no place$/),
    });
    await Promise.all(publishing);
    expect(await stored(server.port, session.namespace)).toContain("the rival's");
  });
});

await describeOnEveryServer("the intake of a ledger that is gone on with", (version) => {
  let server: NatsTestServer;
  beforeAll(async () => {
    server = await startNatsServer({ version });
  });
  afterAll(() => server.stop());

  test.each([true, false])(
    "given there was one before, empty: %s, when it is made, then it begins far behind what was decided, and takes nothing before it is opened",
    async (wasThere) => {
      const nc = await connectionTo(server.port);
      const jsm = await nc.jetstreamManager();
      const subjects = subjectsOf(`intake-${++namespaces}`);
      const { submit, submitAny, commandAny, intakeStream } = subjects;
      if (wasThere) await jsm.streams.add({ name: intakeStream, subjects: [submit, submitAny, commandAny] });
      const intake = await ContinuedIntake.close({ nc, jsm, subjects, publisher: new Publisher(nc) });
      await expect(nc.jetstream().publish(submit, "[]")).rejects.toThrow("503");
      const { identity, last } = await intake.moveBehind(intakeSequence(42));
      expect(last).toBe(1_000_042);
      await expect(nc.jetstream().publish(`${submit}.hello`, "{}")).rejects.toThrow("503");
      await intake.open();
      expect((await nc.jetstream().publish(`${submit}.hello`, "{}")).seq).toBe(1_000_043);
      expect(`${intakeStream}@${(await jsm.streams.info(intakeStream)).created}`).toBe(identity);
    },
  );

  test("given it was just made, when the server is killed, then it still begins there", async () => {
    await using mortal = await startNatsServer({ version });
    const nc = await connectionTo(mortal.port);
    const subjects = subjectsOf("mortal");
    const place = { nc, jsm: await nc.jetstreamManager(), subjects, publisher: new Publisher(nc) };
    const intake = await ContinuedIntake.close(place);
    const { identity, last } = await intake.moveBehind(intakeSequence(7));
    await intake.open();
    await mortal.kill();
    await mortal.restart();
    const again = await connectionTo(mortal.port);
    const { state, created } = await (await again.jetstreamManager()).streams.info(subjects.intakeStream);
    expect(state.last_seq).toBe(last);
    expect(`${subjects.intakeStream}@${created}`).toBe(identity);
  });
});
