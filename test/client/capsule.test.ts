/** Capsules: whatever part of whatever day is exported, it says and decides by itself what the whole log says and decides. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalJson } from "../../events/json.js";
import { jobId, position } from "../../events/names.js";
import { isTerminal } from "../../events/states.js";
import type { Fold } from "../../projections/fold.js";
import { stateOf } from "../../projections/jobs.js";
import { type CapsuleOptions, openCapsule } from "../../src/client/capsule.js";
import { openExport, readExportedLog } from "../../src/client/exported-log.js";
import { ClientFailure } from "../../src/client/failure.js";
import { answerFrom, foldLedger, type Readable } from "../../src/client/reader.js";
import { verifyExport } from "../../src/client/verify.js";
import { entryOf } from "../../src/log/entry.js";
import { MemoryLog } from "../../src/log/memory.js";
import { stateHash } from "../../src/state-hash.js";
import { decisionsOf, viewsOf } from "../support/checkpoints.js";
import { bytesOf } from "../support/export-file.js";
import { ledger } from "../support/ledger-builder.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-capsule-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function readableOf(entries: readonly Uint8Array[]): Promise<Readable> {
  const log = new MemoryLog({ identity: "DAY@1", now: () => "2026-01-01T00:00:00.000Z", appendOnly: true });
  for (const data of entries) await log.append({ subject: "signalbox.ledger", data });
  return { ledger: log, begin: null, shelf: null, onNotice: () => {} };
}

let files = 0;
/** The capsule as a file. */
async function written(from: Readable, options: Partial<CapsuleOptions>): Promise<string> {
  const { last } = await from.ledger.state();
  const times = { exportedAt: "2026-01-02T00:00:00.000Z", namespace: "signalbox" };
  const { lines } = await openCapsule(from, { first: 1, last, redact: [], ...times, ...options });
  const path = join(folder, `${++files}.jsonl`);
  let text = "";
  for await (const line of lines) text += `${line}\n`;
  await writeFile(path, text);
  return path;
}

const readableFile = async (path: string): Promise<Readable> => {
  const { begin, ledger: log } = await readExportedLog(path);
  return { ledger: log, begin, shelf: null, onNotice: () => {} };
};
const verified = async (path: string) =>
  verifyExport(await openExport(path), { until: null, signal: new AbortController().signal, onEntry: () => {} });

/** All that is answered about one job, as a text. */
async function jobText(fold: Fold, from: Readable, id: string): Promise<string> {
  const answers = await Promise.all([
    answerFrom(fold, from.ledger, "job", { id }),
    answerFrom(fold, from.ledger, "explain", { id }),
  ]);
  return canonicalJson(answers);
}

describe("a capsule", () => {
  test("given any part of any day, when it is asked and verified by itself, then it says what the whole log says there", {
    timeout: 120_000,
  }, async () => {
    const percent = fc.noBias(fc.integer({ min: 0, max: 100 }));
    const seed = Number(process.env["SIGNALBOX_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    process.stdout.write(`capsules: seed ${seed}\n`);
    let parts = 0;
    const whole = fc.asyncProperty(fc.record({ day: dayArbitrary(), percent, length: percent }), async (given) => {
      const book = dayOf(given.day);
      const all = await readableOf(book.lines.map((line) => Buffer.from(line)));
      const first = 1 + Math.floor((given.percent * (book.lines.length - 1)) / 100);
      const last = first + Math.floor((given.length * (book.lines.length - first)) / 100);
      const path = await written(all, { first, last });
      const { header } = await openExport(path);
      const own = await readableFile(path);
      const [fold, real] = await Promise.all([foldLedger(own), foldLedger(all, { position: last })]);
      expect(stateHash(fold)).toBe(stateHash(real));
      expect(header).toMatchObject({ last, stateHash: stateHash(real), limits: real.slots.limits });
      expect(decisionsOf(fold)).toBe(decisionsOf(real));
      expect(viewsOf(fold)).toBe(viewsOf(real));
      expect(await verified(path)).toMatchObject({ ok: true, verified: { entries: last - first + 1 } });
      if (first === 1) return;
      parts += 1;
      const before = await foldLedger(all, { position: first - 1 });
      for (const { id, node: _node, ...row } of real.jobs.values()) {
        const known = before.jobs.get(id);
        const mustBeTold = known === undefined || !isTerminal(stateOf(known)) || (row.addresses[0] ?? 0) >= first;
        const told = await jobText(fold, own, id).catch((error: unknown) => {
          if (mustBeTold || !(error instanceof ClientFailure) || error.code !== "not-found") throw error;
          return null;
        });
        // Some that had ended are told by chance, because their facts stand beside those of others.
        if (told !== null) expect(told).toBe(await jobText(real, all, id));
      }
      // A part of a part is a part.
      const again = await written(own, { first: last, last });
      expect(stateHash(await foldLedger(await readableFile(again)))).toBe(stateHash(real));
    });
    await fc.assert(whole, { seed, numRuns: 40 });
    expect(parts).toBeGreaterThan(5);
  });

  test("given params and results, when they are redacted, then no word of them is there, and everything else is the same", async () => {
    const book = ledger().elected().worker("w1", 5).limits({ global: 1 });
    book.submitted("a", { params: { prompt: "a secret" } }).submitted("b", { params: { prompt: "a secret" } });
    book.submitted("c", { params: {} }).decided().completed("a", { answer: "another secret" }).decided();
    book.amended("c", { params: { prompt: "a third secret" } }).submitted("d", { params: { prompt: "a secret" } });
    const all = await readableOf(book.entries.map(({ entry }) => bytesOf(entry)));
    const end = book.entries.length;
    for (const first of [1, end - 2]) {
      const path = await written(all, { first, redact: ["params", "result"] });
      const text = await readFile(path, "utf8");
      expect(text).not.toContain("secret");
      const { header } = await openExport(path);
      expect(header.redacted).toEqual(["params", "result"]);
      const own = await readableFile(path);
      for (let at = first; at <= end; at += 1) {
        const [fold, real] = await Promise.all([foldLedger(own, { position: at }), foldLedger(all, { position: at })]);
        expect(decisionsOf(fold)).toBe(decisionsOf(real));
        expect(viewsOf(fold)).toBe(viewsOf(real));
        const [told, kept] = [await own.ledger.read(at), await all.ledger.read(at)];
        if (told === null || kept === null) throw new Error(`entry ${at} is missing`);
        expect(entryOf(told).facts.map(({ type }) => type)).toEqual(entryOf(kept).facts.map(({ type }) => type));
      }
      const fold = await foldLedger(own);
      expect(header.stateHash).toBe(stateHash(fold));
      expect(await verified(path)).toMatchObject({ ok: true });
      const paramsOf = (id: string) => fold.jobs.get(jobId(id))?.spec?.params;
      // Equal ones are seen to be equal.
      expect(paramsOf("b")).toEqual({ redacted: expect.stringMatching(/^hmac-sha256-[0-9a-f]{64}$/) });
      expect(paramsOf("d")).toEqual(paramsOf("b"));
      expect(paramsOf("c")).not.toEqual(paramsOf("b"));
    }
    const onlyResults = await readFile(await written(all, { redact: ["result"] }), "utf8");
    expect(onlyResults).toContain('"a secret"');
    expect(onlyResults).not.toContain("another secret");
    // With a key of its own each time: two exports cannot be compared.
    const [one, other] = await Promise.all([
      written(all, { redact: ["params"] }),
      written(all, { redact: ["params"] }),
    ]);
    const hashes = await Promise.all([one, other].map(async (path) => (await openExport(path)).header.stateHash));
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  test("given a ledger that is corrupt, when it is exported, then as it is, without a hash; a part of it cannot be made", async () => {
    const book = ledger().elected().worker("w1", 5).submitted("a");
    const entries = book.entries.map(({ entry }) => bytesOf(entry));
    const all = await readableOf([...entries, Buffer.from("no entry")]);
    const said: string[] = [];
    const path = await written({ ...all, onNotice: (text) => void said.push(text) }, {});
    expect((await openExport(path)).header).not.toHaveProperty("stateHash");
    expect(said).toEqual([expect.stringMatching(/corrupt at 4.*exported as it is, without a state hash/)]);
    await expect(written(all, { first: 2 })).rejects.toMatchObject({ code: "ledger-corrupt" });
    await expect(written(all, { redact: ["params"] })).rejects.toMatchObject({ code: "ledger-corrupt" });
    expect(await written(all, { first: 2, last: 3 })).toMatch(/jsonl$/);
  });
});

describe("a part that is not whole", () => {
  const book = ledger().elected().worker("w1", 5).limits({ global: 1 }).submitted("a").submitted("b").decided();

  test.each<[string, (lines: readonly string[]) => readonly string[], RegExp]>([
    [
      "another state to begin with",
      (lines) => lines.map((line) => line.replaceAll('"nextPlace":', '"nextPlace":1')),
      /not the one that its header names/,
    ],
    ["a state that is cut off", (lines) => lines.filter((line) => !line.includes('"kind":"end"')), /is not complete/],
    [
      "a line of the state that is missing",
      (lines) => lines.filter((line) => !line.includes('"kind":"texts"')),
      /cannot be read by this program/,
    ],
    [
      "an earlier entry that is missing",
      (lines) => lines.filter((line) => !line.startsWith('{"position":4')),
      /earlier entries is missing/,
    ],
    ["no entry", (lines) => lines.filter((line) => !line.startsWith('{"position":6')), /it is cut off/],
    ["another version", (lines) => lines.map((line) => line.replace('"version":2', '"version":3')), /version is 3/],
  ])("given one with %s, when it is opened and read, then that is said", async (_what, change, reason) => {
    const all = await readableOf(book.entries.map(({ entry }) => bytesOf(entry)));
    const path = await written(all, { first: position(6) });
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    await writeFile(path, `${change(lines).join("\n")}\n`);
    await expect(readExportedLog(path)).rejects.toThrow(reason);
  });
});
