/** A part of a log in the visualizer: from the state that it begins with on, it shows what the whole log shows. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { position } from "../../events/names.js";
import { openCapsule as openPart } from "../../src/client/capsule.js";
import { factsPage } from "../../src/ui/fact-pages.js";
import { exportPage, openCapsule, readAssets, type Shown, startUi } from "../../src/ui/index.js";
import type { Capsule } from "../../src/ui/protocol.js";
import { slotHistory } from "../../src/ui/slot-history.js";
import { checkRandomlyAsync } from "../projections/random-world.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { logOfLines } from "./messages.js";

const signal = new AbortController().signal;
const folding = { signal, onEntry: () => {} };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-ui-part-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
/** The log from an entry on, as a file. */
async function written(lines: readonly string[], first: number): Promise<string> {
  const from = { ledger: await logOfLines(lines), begin: null, shelf: null, onNotice: () => {} };
  const times = { exportedAt: "2026-12-01T00:00:00.000Z", namespace: "signalbox" };
  const part = await openPart(from, { first, last: lines.length, redact: [], ...times });
  let text = "";
  for await (const line of part.lines) text += `${line}\n`;
  files += 1;
  const path = join(folder, `${files}.jsonl`);
  await writeFile(path, text);
  return path;
}

const allFacts = {
  from: { way: "after", place: { position: 0, index: null } },
  text: null,
  types: [],
  job: null,
} as const;
const factsOf = async ({ ledger, recording, begin }: Shown) =>
  (await factsPage({ ledger, begins: begin?.head.position ?? 0, now: recording.fold }, { ...allFacts, limit: 5_000 }))
    .facts;

/** Spans that were granted behind a position, as they were known at the end. */
const spansBehind = ({ recording: { spans, fold } }: Shown, at: number) => {
  const from = { position: position(at + 1), at: "" };
  const all = slotHistory(spans, { from, to: { position: fold.head.position, at: fold.head.at }, pools: [] });
  return all.spans.filter(({ grant }) => grant > at);
};

describe("a part of a log", () => {
  test("given any part of any day, when it is shown, then each of its moments, its facts and its spans are those of the whole log", async () => {
    let moments = 0;
    const input = fc.tuple(dayArbitrary(), fc.nat());
    await checkRandomlyAsync("parts in the visualizer", 20, input, async ([day, pick]) => {
      const { lines } = dayOf(day);
      // Of a single entry there is no part.
      if (lines.length < 2) return;
      const first = 2 + (pick % (lines.length - 1));
      await using whole = await openCapsule(await written(lines, 1), folding);
      await using part = await openCapsule(await written(lines, first), folding);
      expect([whole.begin, part.begin?.head.position]).toEqual([null, first - 1]);
      // Backwards and forwards again: a moment is folded from what is there.
      for (let at = lines.length; at >= first - 1; at -= 1)
        expect(await part.moments.board(position(at), signal)).toEqual(await whole.moments.board(position(at), signal));
      moments += lines.length - first + 2;
      const later = (await factsOf(whole)).filter(({ address }) => Number.parseInt(address, 10) >= first);
      expect(await factsOf(part)).toEqual(later);
      expect(spansBehind(part, first - 1)).toEqual(spansBehind(whole, first - 1));
      if (first > 2)
        await expect(part.moments.positionOf({ position: first - 2 })).rejects.toMatchObject({
          code: "not-found",
          message: `this part of the log begins with the state at position ${first - 1}`,
        });
    });
    process.stdout.write(`parts in the visualizer: ${moments} moments compared\n`);
    expect(moments).toBeGreaterThan(20);
  });

  test("given a part, when it is written as one page, then it begins with the first entry of the part, and says how many jobs it cannot tell of", async () => {
    const [day] = fc.sample(dayArbitrary(), { numRuns: 1, seed: 11 });
    if (day === undefined) throw new Error("no day");
    const { lines } = dayOf(day);
    const first = Math.ceil(lines.length / 2);
    await using part = await openCapsule(await written(lines, first), folding);
    const { html, capsule } = await exportPage(part, await readAssets(), "", signal);
    const text = /<script type="application\/json" id="capsule">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
    const read: Capsule = JSON.parse(text);
    expect(read.meta.first?.position).toBe(first);
    expect(read.frames[0]).toMatchObject({ kind: "key", board: { position: first } });
    const jobs = Object.values(part.recording.fold.counts).reduce((sum, count) => sum + count, 0);
    expect(read.jobs.length + capsule.jobsLeft).toBe(jobs);
  });

  test("given a part, when it is served, then no what-if is offered: what came before is not known", async () => {
    const [day] = fc.sample(dayArbitrary(), { numRuns: 1, seed: 11 });
    if (day === undefined) throw new Error("no day");
    const { lines } = dayOf(day);
    const stop = new AbortController();
    const offers = async (first: number) => {
      const ledger = { capsule: await written(lines, first) };
      const ui = await startUi({
        ledger,
        host: "127.0.0.1",
        port: 0,
        isActing: false,
        signal: stop.signal,
        onEntry: () => {},
      });
      const meta = await (await fetch(`http://127.0.0.1:${ui.port}/api/meta`)).json();
      return [meta, ui.ended] as const;
    };
    const [[whole, wholeEnded], [part, partEnded]] = await Promise.all([offers(1), offers(2)]);
    stop.abort();
    await Promise.all([wholeEnded, partEnded]);
    expect([whole, part]).toMatchObject([{ hasWhatIf: true }, { hasWhatIf: false }]);
  });
});
