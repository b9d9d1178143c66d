/** The shelf of checkpoints on a real server: whatever happens to it, an answer is only slower, never another one. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Position, position } from "../../events/names.js";
import { openShelf } from "../../src/checkpoints/index.js";
import { nearestCheckpoint } from "../../src/checkpoints/nearest.js";
import { runRound } from "../../src/checkpoints/round.js";
import { CHECKPOINTS_MAX, type Shelf } from "../../src/checkpoints/shelf.js";
import type { Until } from "../../src/client/until.js";
import { JetStreamLog } from "../../src/log/jetstream.js";
import { Publisher } from "../../src/log/publisher.js";
import { connect, type JetStreamManager, type NatsConnection } from "../../src/nats/door.js";
import { ObjectBucket } from "../../src/nats/object-bucket.js";
import { openLedger } from "../../src/nats/streams.js";
import { type Subjects, subjectsOf } from "../../src/nats/subjects.js";
import { stateHash } from "../../src/state-hash.js";
import { bytesOf } from "../support/export-file.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { describeOnEveryServer } from "../support/server-matrix.js";

const FACTS = 10;

interface Kept {
  readonly shelf: Shelf;
  readonly log: JetStreamLog;
  readonly book: LedgerBuilder;
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly subjects: Subjects;
  /** The nearest checkpoint's position, or null; and what was said. */
  nearest(until?: Until | null): Promise<{ readonly at: Position | null; readonly said: readonly string[] }>;
  /** A round of keeping them, with one each ten facts. */
  round(): ReturnType<typeof runRound>;
  names(): Promise<readonly string[]>;
}

let namespaces = 0;
/** One fact an entry, and a job that is done each three. */
function bookOf(entries: number): LedgerBuilder {
  const book = ledger().elected().worker("w1", 1).limits({ global: 1 });
  for (let job = 1; book.entries.length + 3 <= entries; job += 1) {
    const id = `job-${job}`;
    book.submitted(id).granted(id).completed(id);
  }
  while (book.entries.length < entries) book.submitted(`late-${book.entries.length}`);
  return book;
}

await describeOnEveryServer("the shelf of checkpoints", (version) => {
  let server: NatsTestServer;
  beforeAll(async () => {
    server = await startNatsServer({ version });
  });
  afterAll(() => server.stop());

  async function open(book: LedgerBuilder, namespace = `shelf-${++namespaces}`): Promise<Kept> {
    const nc = await connect({ servers: server.url });
    onTestFinished(() => nc.close());
    const subjects = subjectsOf(namespace);
    const jsm = await nc.jetstreamManager();
    await openLedger(jsm, subjects);
    const log = new JetStreamLog({ nc, jsm, stream: subjects.ledgerStream, publisher: new Publisher(nc) });
    for (const { entry } of book.entries) await nc.jetstream().publish(subjects.ledger, bytesOf(entry));
    const shelf = openShelf(nc, subjects);
    const said: string[] = [];
    return {
      ...{ shelf, log, book, nc, jsm, subjects },
      nearest: async (until = null) => {
        said.length = 0;
        const fold = await nearestCheckpoint({ shelf, ledger: log, until, onNotice: (text) => void said.push(text) });
        if (fold !== null) expect(stateHash(fold)).toBe(hashAt(book, fold.head.position));
        return { at: fold?.head.position ?? null, said: [...said] };
      },
      round: () => runRound({ ledger: log, shelf, facts: FACTS, onNotice: (text) => void said.push(text) }),
      names: async () => {
        const stream = `OBJ_${subjects.checkpointsBucket}`;
        const { state } = await jsm.streams.info(stream, { subjects_filter: `$O.${subjects.checkpointsBucket}.C.>` });
        return Object.keys(state.subjects ?? {});
      },
    };
  }

  test("given a ledger, when a round is run, then there is one each so many facts, and the next round goes on from there", async () => {
    const { round, nearest, shelf, book, nc, subjects } = await open(bookOf(45));
    expect(await round()).toEqual({ written: 4, position: 40, factsAfter: 5 });
    expect((await shelf.list()).map(({ position: at, at: time }) => [at, time])).toEqual(
      [10, 20, 30, 40].map((at) => [at, book.entries[at - 1]?.entry.at]),
    );
    expect(await round()).toEqual({ written: 0, position: 40, factsAfter: 5 });
    for (let more = 0; more < 5; more += 1) book.submitted(`more-${more}`);
    for (const { entry } of book.entries.slice(45)) await nc.jetstream().publish(subjects.ledger, bytesOf(entry));
    expect(await round()).toEqual({ written: 1, position: 50, factsAfter: 0 });
    expect(await nearest()).toEqual({ at: 50, said: [] });
  });

  test("given checkpoints, when a position or a time is asked about, then the nearest that is not behind it is taken", async () => {
    const { round, nearest, book } = await open(bookOf(45));
    await round();
    const timeOf = (at: number) => ({ time: book.entries[at - 1]?.entry.at ?? "" });
    for (const [until, at] of [
      [{ position: 9 }, null],
      [{ position: 10 }, 10],
      [{ position: 39 }, 30],
      [{ position: 40 }, 40],
      [timeOf(29), 20],
      [timeOf(30), 30],
      [{ time: "2020-01-01T00:00:00.000Z" }, null],
    ] as const)
      expect(await nearest(until)).toEqual({ at, said: [] });
  });

  test("given no bucket, or one that was deleted, when it is looked at, then nothing is said, and nothing is made by looking", async () => {
    const { round, nearest, jsm, subjects } = await open(bookOf(25));
    expect(await nearest()).toEqual({ at: null, said: [] });
    const stream = `OBJ_${subjects.checkpointsBucket}`;
    await expect(jsm.streams.info(stream)).rejects.toThrow("stream not found");
    await round();
    expect((await nearest()).at).toBe(20);
    await jsm.streams.delete(stream);
    expect(await nearest()).toEqual({ at: null, said: [] });
    expect(await round()).toMatchObject({ written: 2 });
  });

  test("given more than there are places, then the newest four stay, and the others are spread", async () => {
    const { round, shelf, names } = await open(bookOf(410));
    expect(await round()).toMatchObject({ written: 41 });
    const positions = (await shelf.list()).map(({ position: at }) => at);
    expect(positions).toHaveLength(CHECKPOINTS_MAX);
    expect(positions.slice(-4)).toEqual([380, 390, 400, 410]);
    expect(await names()).toHaveLength(CHECKPOINTS_MAX);
  });

  test("given a newest one with missing bytes, when it is looked for, then an older one is taken, and it is said once", async () => {
    const { round, nearest, shelf, jsm, subjects } = await open(bookOf(45));
    await round();
    const newest = (await shelf.list()).at(-1);
    const filter = `$O.${subjects.checkpointsBucket}.C.${newest?.object.nuid}`;
    await jsm.streams.purge(`OBJ_${subjects.checkpointsBucket}`, { filter });
    const { at, said } = await nearest();
    expect(at).toBe(30);
    expect(said).toEqual([
      expect.stringMatching(
        /^checkpoints could not be used \(at 40: 1 of its 1 parts are missing\); folded from the one at 30$/,
      ),
    ]);
  });

  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ["bytes that are no gzip", () => Buffer.from("nothing"), /not packed as it should be/],
    ["bytes that are cut off", (bytes) => bytes.subarray(0, bytes.length / 2), /not packed as it should be/],
  ])("given one with %s, when it is looked for, then an older one is taken", async (_what, change, reason) => {
    const { round, nearest, shelf, nc, subjects } = await open(bookOf(45));
    await round();
    const bucket = new ObjectBucket(nc, subjects.checkpointsBucket);
    const newest = (await shelf.list()).at(-1);
    if (newest === undefined) throw new Error("there is no checkpoint");
    const bytes = Buffer.from(await bucket.read(newest.object));
    await bucket.put(newest.place, change(bytes), newest.object.metadata ?? {});
    const { at, said } = await nearest();
    expect(at).toBe(30);
    expect(said.join()).toMatch(reason);
  });

  test.each(["hash", "entry", "position"] as const)(
    "given one that says a wrong %s, when it is looked for, then an older one is taken",
    async (member) => {
      const { round, nearest, shelf, nc, subjects } = await open(bookOf(45));
      await round();
      const bucket = new ObjectBucket(nc, subjects.checkpointsBucket);
      const newest = (await shelf.list()).at(-1);
      if (newest === undefined) throw new Error("there is no checkpoint");
      const wrong = { ...newest.object.metadata, [member]: member === "position" ? "41" : "e39" };
      await bucket.put(newest.place, await bucket.read(newest.object), wrong);
      expect(await nearest()).toMatchObject({ at: 30, said: [expect.stringContaining("folded from the one at 30")] });
    },
  );

  test("given those of another version of the program, when one is looked for, then none is taken, it is said once, and they go first", async () => {
    const { round, nearest, shelf, nc, subjects } = await open(bookOf(45));
    await round();
    const bucket = new ObjectBucket(nc, subjects.checkpointsBucket);
    for (const { place, object } of await shelf.list())
      await bucket.put(place, await bucket.read(object), { ...object.metadata, code: "0.0.0 0.0" });
    expect(await nearest()).toEqual({ at: null, said: [expect.stringContaining("all 4 are of another stream or")] });
    await round();
    expect((await shelf.list()).map(({ position: at }) => at)).toEqual([10, 20, 30, 40]);
    expect(await nearest()).toEqual({ at: 40, said: [] });
  });

  test("given a ledger that was deleted and made anew, when one is looked for, then none of the old ledger is taken", async () => {
    const { round, nearest, jsm, subjects } = await open(bookOf(45));
    await round();
    await jsm.streams.delete(subjects.ledgerStream);
    const again = await open(bookOf(44), subjects.namespace);
    expect(await again.nearest()).toEqual({ at: null, said: [expect.stringContaining("another stream")] });
    await expect(nearest()).resolves.toMatchObject({ at: null });
  });

  test("given parts that a killed writer has left, when the next round is run, then they are gone, and nothing else is", async () => {
    const { round, names, nc, subjects } = await open(bookOf(45));
    await round();
    const whole = await names();
    for (let part = 0; part < 3; part += 1)
      await nc.jetstream().publish(`$O.${subjects.checkpointsBucket}.C.left`, "x");
    expect(await names()).toHaveLength(whole.length + 1);
    await round();
    expect(await names()).toEqual(whole);
  });
});

const folds = new WeakMap<LedgerBuilder, Map<number, string>>();
/** The hash of the state that a book has come to at a position. */
function hashAt(book: LedgerBuilder, at: number): string {
  const known = folds.get(book) ?? new Map<number, string>();
  folds.set(book, known);
  const hash = known.get(at) ?? hashOf(book, at);
  known.set(at, hash);
  return hash;
}

function hashOf(book: LedgerBuilder, at: number): string {
  const { fold } = ledger();
  for (const { position: place, entry } of book.entries) if (place <= at) fold.apply(position(place), entry);
  return stateHash(fold);
}
