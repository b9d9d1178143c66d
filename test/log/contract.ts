/**
 * What every log promises, whatever it is kept in. The real one and the one in memory pass this same suite, so that a test
 * on the one in memory says something about the real one.
 */
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { BATCH_MESSAGES_MAX, type Log, LogGap, type StoredMessage } from "../../src/log/log.js";

/** Two fresh, empty logs: one that may be trimmed, one that is append-only. */
export interface LogsUnderTest {
  readonly intake: Log;
  readonly intakeSubject: string;
  readonly ledger: Log;
  readonly ledgerSubject: string;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (message: StoredMessage): string => new TextDecoder().decode(message.data);
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Appends `count` messages "1", "2", … to the intake, each named after its sequence. */
export async function fill({ intake, intakeSubject }: LogsUnderTest, count: number): Promise<void> {
  const { last } = await intake.state();
  const appended = numbers(last + 1, last + count).map((sequence) =>
    intake.append({ subject: intakeSubject, data: bytes(String(sequence)) }),
  );
  const outcomes = await Promise.all(appended);
  expect(outcomes.filter(({ outcome }) => outcome !== "stored")).toEqual([]);
}

/** Follows until `count` messages have come. */
export async function followed(log: Log, after: number, count: number): Promise<StoredMessage[]> {
  const stop = new AbortController();
  const messages: StoredMessage[] = [];
  for await (const batch of log.follow(after, stop.signal)) {
    expect(batch.length).toBeGreaterThan(0);
    expect(batch.length).toBeLessThanOrEqual(BATCH_MESSAGES_MAX);
    messages.push(...batch);
    if (messages.length >= count) stop.abort();
  }
  return messages;
}

export function describeLogContract(open: () => Promise<LogsUnderTest>): void {
  test("given an empty log, when its state is asked for, then its first sequence is beyond its last", async () => {
    const { intake, ledger } = await open();
    for (const log of [intake, ledger]) {
      const { first, last, identity } = await log.state();
      expect(last).toBe(0);
      expect(first).toBe(1);
      expect(identity).not.toBe("");
    }
  });

  test("given an empty log, when messages are appended, then they are numbered from 1 without a gap", async () => {
    const { ledger, ledgerSubject } = await open();
    for (const sequence of [1, 2, 3])
      expect(await ledger.append({ subject: ledgerSubject, data: bytes("x") })).toEqual({
        outcome: "stored",
        sequence,
      });
    expect(await ledger.state()).toMatchObject({ first: 1, last: 3 });
  });

  test("given a stored message, when it is read, then its bytes, subject and time come back", async () => {
    const { ledger, ledgerSubject } = await open();
    const data = Uint8Array.from({ length: 256 }, (_, index) => index);
    const before = Date.now();
    await ledger.append({ subject: ledgerSubject, data });
    data.fill(0);
    const message = await ledger.read(1);
    expect([...(message?.data ?? [])]).toEqual(numbers(0, 255));
    expect(message).toMatchObject({ sequence: 1, subject: ledgerSubject });
    expect(message?.storedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Math.abs(Date.parse(message?.storedAt ?? "") - before)).toBeLessThan(60_000);
  });

  test("given a log of two, when a message before the first or after the last is read, then there is none", async () => {
    const logs = await open();
    await fill(logs, 2);
    expect(await logs.intake.read(3)).toBeNull();
    expect(await logs.intake.read(1_000_000)).toBeNull();
  });

  test("given an expectation that holds, when a message is appended, then it is stored", async () => {
    const { ledger, ledgerSubject } = await open();
    expect(await ledger.append({ subject: ledgerSubject, data: bytes("a"), expectedLast: 0 })).toMatchObject({
      sequence: 1,
    });
    expect(await ledger.append({ subject: ledgerSubject, data: bytes("b"), expectedLast: 1 })).toMatchObject({
      sequence: 2,
    });
  });

  test("given a rival wrote first, when an append expects the log as it was, then it is refused and leaves no trace", async () => {
    const { ledger, ledgerSubject } = await open();
    await ledger.append({ subject: ledgerSubject, data: bytes("rival"), expectedLast: 0 });
    for (const expectedLast of [0, 2, 7]) {
      const late = await ledger.append({ subject: ledgerSubject, data: bytes("late"), expectedLast });
      expect(late.outcome).toBe("refused");
      expect("reason" in late && late.reason).not.toBe("");
    }
    expect((await ledger.state()).last).toBe(1);
    expect((await followed(ledger, 0, 1)).map(textOf)).toEqual(["rival"]);
  });

  test("given ten appends at once with the same expectation, when they are decided, then exactly one is stored", async () => {
    const { ledger, ledgerSubject } = await open();
    for (const expectedLast of [0, 1, 2]) {
      const outcomes = await Promise.all(
        numbers(1, 10).map(() => ledger.append({ subject: ledgerSubject, data: bytes("x"), expectedLast })),
      );
      expect(outcomes.filter(({ outcome }) => outcome === "stored")).toEqual([
        { outcome: "stored", sequence: expectedLast + 1 },
      ]);
      expect(outcomes.filter(({ outcome }) => outcome === "refused")).toHaveLength(9);
    }
  });

  test("given more than a batch is stored, when the log is followed, then everything comes in order, then what is new", async () => {
    const logs = await open();
    await fill(logs, 2_500);
    const all = followed(logs.intake, 0, 2_600);
    await fill(logs, 100);
    const messages = await all;
    expect(messages.map(({ sequence }) => sequence)).toEqual(numbers(1, 2_600));
    expect(messages.map(textOf)).toEqual(numbers(1, 2_600).map(String));
  });

  test("given a position in the middle, when the log is followed after it, then the next message is the first", async () => {
    const logs = await open();
    await fill(logs, 20);
    expect((await followed(logs.intake, 13, 7)).map(({ sequence }) => sequence)).toEqual(numbers(14, 20));
  });

  test("given a reader at the end, when a message is appended, then it comes to every follower", async () => {
    const logs = await open();
    await fill(logs, 3);
    const followers = [followed(logs.intake, 3, 2), followed(logs.intake, 3, 2), followed(logs.intake, 0, 5)];
    await fill(logs, 2);
    const [one, two, whole] = await Promise.all(followers);
    expect(one?.map(textOf)).toEqual(["4", "5"]);
    expect(two?.map(textOf)).toEqual(["4", "5"]);
    expect(whole?.map(textOf)).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("given a reader that takes its time, when more is appended than a batch holds, then nothing is missed", async () => {
    const logs = await open();
    await fill(logs, 1);
    const stop = new AbortController();
    const seen: number[] = [];
    for await (const batch of logs.intake.follow(0, stop.signal)) {
      seen.push(...batch.map(({ sequence }) => sequence));
      if (seen.length < 1_400) await fill(logs, 700);
      else stop.abort();
    }
    expect(seen).toEqual(numbers(1, seen.length));
  });

  test("given a follower that waits, when its signal aborts, then following ends", async () => {
    const { intake } = await open();
    const stop = new AbortController();
    let hasEnded = false;
    const following = (async () => {
      for await (const batch of intake.follow(0, stop.signal)) throw new Error(`${batch.length} messages came`);
      hasEnded = true;
    })();
    setImmediate(() => stop.abort());
    await expect.poll(() => hasEnded, { timeout: 3_000 }).toBe(true);
    await following;
  });

  test("given a signal that has aborted already, when the log is followed, then nothing comes", async () => {
    const logs = await open();
    await fill(logs, 1);
    for await (const batch of logs.intake.follow(0, AbortSignal.abort()))
      throw new Error(`${batch.length} messages came`);
  });

  test("given the intake, when it is trimmed, then the older messages are gone and the later ones keep their numbers", async () => {
    const logs = await open();
    await fill(logs, 10);
    await logs.intake.trim(6);
    expect(await logs.intake.state()).toMatchObject({ first: 7, last: 10 });
    expect(await logs.intake.read(6)).toBeNull();
    expect(await logs.intake.read(7)).toMatchObject({ sequence: 7 });
    expect((await followed(logs.intake, 6, 4)).map(textOf)).toEqual(["7", "8", "9", "10"]);
  });

  test("given the intake, when it is trimmed up to nothing, then nothing is gone", async () => {
    const logs = await open();
    await fill(logs, 3);
    await logs.intake.trim(0);
    expect(await logs.intake.state()).toMatchObject({ first: 1, last: 3 });
  });

  test("given the intake is trimmed to its end, when more is appended, then the numbers go on", async () => {
    const logs = await open();
    await fill(logs, 5);
    await logs.intake.trim(5);
    expect(await logs.intake.state()).toMatchObject({ first: 6, last: 5 });
    await fill(logs, 2);
    expect((await followed(logs.intake, 5, 2)).map(({ sequence }) => sequence)).toEqual([6, 7]);
  });

  test("given what comes next was trimmed, when the log is followed, then it says that there is a gap", async () => {
    const logs = await open();
    await fill(logs, 10);
    await logs.intake.trim(6);
    await expect(followed(logs.intake, 3, 1)).rejects.toThrow(LogGap);
    await expect(followed(logs.intake, 5, 1)).rejects.toMatchObject({
      code: "log-gap",
      message: expect.stringContaining("6"),
    });
    await logs.intake.trim(10);
    await expect(followed(logs.intake, 9, 1)).rejects.toThrow(LogGap);
  });

  test("given a position that the log never came to, when it is followed after it, then it says that there is a gap", async () => {
    // Whoever read that far has read another log: this one was made anew, or restored from an older copy.
    const logs = await open();
    await fill(logs, 3);
    await expect(followed(logs.intake, 7, 1)).rejects.toThrow(LogGap);
  }, 3_000);

  test("given a follower that has waited often, when its signal is looked at, then it has left no listeners behind", async () => {
    const logs = await open();
    const stop = new AbortController();
    await fill(logs, 1);
    let seen = 0;
    for await (const batch of logs.intake.follow(0, stop.signal)) {
      seen += batch.length;
      if (seen > 30) break;
      // Comes while the follower waits again.
      setImmediate(() => void logs.intake.append({ subject: logs.intakeSubject, data: bytes("next") }));
    }
    expect(getEventListeners(stop.signal, "abort").length).toBeLessThan(3);
  });

  test("given the append-only log, when somebody trims it, then that is refused and every message is still there", async () => {
    const { ledger, ledgerSubject } = await open();
    for (const text of ["a", "b", "c"]) await ledger.append({ subject: ledgerSubject, data: bytes(text) });
    for (const sequence of [0, 2]) await expect(ledger.trim(sequence)).rejects.toThrow();
    expect(await ledger.state()).toMatchObject({ first: 1, last: 3 });
    expect((await followed(ledger, 0, 3)).map(textOf)).toEqual(["a", "b", "c"]);
  });
}
