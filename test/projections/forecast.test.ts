/** Forecasts of starts: literal ones on small ledgers, and how far off they are on a day of random durations. */
import { describe, expect, test } from "vitest";
import { jobId } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { type Forecast, forecastStarts, withForecasts } from "../../projections/forecast/forecast.js";
import { ForecastTrial } from "../../projections/forecast/forecast-error.js";
import { queueView } from "../../projections/views/views.js";
import { type LedgerBuilder, ledger, type SubmittedJob } from "../support/ledger-builder.js";

/** One slot for all; runs of `story` have taken so many seconds each. */
function ranBefore(seconds: readonly number[], job: SubmittedJob = {}): LedgerBuilder {
  const book = ledger().elected().worker("w1").limits({ global: 1 });
  for (const [index, long] of seconds.entries()) {
    const id = `past-${index}`;
    book.together(() => book.submitted(id, job).granted(id));
    // Each entry comes a second after the one before.
    book.later((long - 1) * 1_000).completed(id);
  }
  return book;
}

const at = (book: LedgerBuilder, seconds: number) =>
  new Date(Date.parse(book.fold.head.at) + seconds * 1_000).toISOString();

function forecast(book: LedgerBuilder, id: string, now = book.fold.head.at): Forecast {
  const made = forecastStarts(book.fold, new Set([jobId(id)]), now).get(jobId(id));
  if (made === undefined) throw new Error(`no answer for ${id}`);
  return made;
}

const TEN = [8, 9, 9, 10, 10, 10, 10, 11, 11, 12];

describe("a forecast", () => {
  test("given runs of ten seconds, when a job waits behind one that has just begun, then it starts when that one ends, and how sure is told", () => {
    const book = ranBefore(TEN).submitted("a").submitted("b").decided();
    expect(forecast(book, "b")).toEqual({
      expected: at(book, 10),
      earliest: at(book, 8),
      latest: at(book, 12),
      basis: [{ type: "story", model: null, runs: 10 }],
      text: "expected in 10 s, at 00:02:05Z (00:02:03Z to 00:02:07Z), from 10 runs of story; usually within ±20 %",
    });
  });

  test("given a run that goes on for longer than most, when asked later, then only those that took longer are counted", () => {
    const book = ranBefore(TEN).submitted("a").submitted("b").decided();
    expect(forecast(book, "b", at(book, 10.5))).toMatchObject({ expected: at(book, 11), earliest: at(book, 11) });
    expect(forecast(book, "b", at(book, 60))).toMatchObject({ expected: at(book, 60), latest: at(book, 60) });
  });

  test("given three ahead, when the last is asked about, then their times add up, and the range grows by less than they do", () => {
    const book = ranBefore(TEN);
    book.together(() => book.submitted("a").submitted("b").submitted("c").submitted("d")).decided();
    const { expected, earliest, latest } = forecast(book, "d");
    const seconds = [earliest, expected, latest].map((time) => (Date.parse(time ?? "") - Date.parse(book.now)) / 1_000);
    expect(seconds[1]).toBeGreaterThanOrEqual(28);
    expect(seconds[1]).toBeLessThanOrEqual(30);
    expect((seconds[2] ?? 0) - (seconds[0] ?? 0)).toBeLessThanOrEqual(8);
  });

  test("given no run of its type has ended, when a job waits, then there is no forecast, and why is told", () => {
    const book = ranBefore([]).submitted("a").submitted("b").decided();
    expect(forecast(book, "b")).toEqual({
      ...{ expected: null, earliest: null, latest: null, basis: [] },
      text: "no run of story has ended yet: no forecast",
    });
  });

  test("given a single run, when a job waits, then the forecast says that this is little to go by", () => {
    const book = ranBefore([10]).submitted("a").submitted("b").decided();
    expect(forecast(book, "b").text).toBe(
      "expected in 10 s, at 00:00:26Z (00:00:26Z to 00:00:26Z), from 1 run of story, which is little to go by",
    );
  });

  test("given runs with two models, when a job of one is ahead, then only runs with its model are counted; of another one, those of the type", () => {
    const model = (name: string) => ({ params: { model: name } });
    const book = ranBefore([10, 10, 10, 10, 10], model("small"));
    book.together(() => book.submitted("big", model("big")).granted("big"));
    book.later(99_000).completed("big");
    book.submitted("a", model("small")).submitted("b").decided();
    expect(forecast(book, "b")).toMatchObject({
      expected: at(book, 10),
      basis: [{ type: "story", model: "small", runs: 5 }],
      text: expect.stringContaining("from 5 runs of story with small"),
    });
    book
      .completed("a")
      .submitted("c", { params: { model: "new" }, priority: 9 })
      .decided();
    expect(forecast(book, "b").basis).toEqual([{ type: "story", model: null, runs: 7 }]);
  });

  test("given room, when a job is asked about before it is decided on, then it is expected at once", () => {
    const book = ranBefore(TEN).submitted("a");
    expect(forecast(book, "a")).toMatchObject({ expected: book.fold.head.at, text: "expected at once" });
  });

  test("given a reservation that holds the slot, when a job waits, then nothing that runs gives it what it waits for", () => {
    const book = ranBefore(TEN).reserved("r").decided().submitted("a").decided();
    expect(forecast(book, "a").text).toBe("no forecast: nothing that runs now gives it what it waits for");
  });

  test("given a reservation that waits for the slot, when a job waits behind it, then it is taken to hold it for ever", () => {
    const book = ranBefore(TEN).submitted("a").decided().reserved("r").submitted("b").decided();
    expect(forecast(book, "b").text).toBe("no forecast: nothing that runs now gives it what it waits for");
  });

  test("given a paused pool, when a job waits, then there is no forecast, whatever else is not known", () => {
    const stuck = "no forecast: it cannot start as things are";
    expect(forecast(ranBefore(TEN).paused("global").submitted("a").decided(), "a").text).toBe(stuck);
    expect(forecast(ranBefore([]).submitted("a").decided().paused("global").submitted("b").decided(), "b").text).toBe(
      stuck,
    );
  });

  test("given hundreds of lines of which nobody can start, when the last is asked about, then it comes to an end", () => {
    const book = ranBefore(TEN).limits({ resources: { gpu: 1 } });
    book.submitted("holder", { resources: { gpu: 1 } }).decided();
    book.together(() => {
      for (let n = 0; n < 700; n += 1) book.submitted(`w${n}`, { type: `type-${n}`, resources: { gpu: 1 } });
    });
    expect(forecast(book, "w699").text).toContain("has ended yet: no forecast");
  });

  test("given thousands waiting, when the last is asked about, then it is not forecast; and the first are, in bounded time", () => {
    const book = ranBefore(TEN);
    book.together(() => {
      for (let n = 0; n < 2_500; n += 1) book.submitted(`w${n}`);
    });
    book.decided();
    expect(forecast(book, "w2400").text).toBe("not forecast: more than 2000 jobs are waiting before it");
    expect(forecast(book, "w1500")).toMatchObject({ expected: expect.any(String) });
  });

  test("given a queue, when forecasts are asked for with it, then each item has its own, and nothing is changed by that", () => {
    const book = ranBefore(TEN);
    book.together(() => book.submitted("a").submitted("b").submitted("c")).decided();
    const before = JSON.stringify(queueView(book.fold));
    const items = withForecasts(book.fold, queueView(book.fold), null);
    expect(items.map(({ job, forecast: made }) => [job, made?.expected])).toEqual([
      ["b", at(book, 10)],
      ["c", expect.stringMatching(/^2026/)],
    ]);
    expect(JSON.stringify(queueView(book.fold))).toBe(before);
  });
});

/** Numbers from 0 to 1 that look random, the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Two slots; jobs come in waves, and run from 60 to 180 s. The test ends them, as time tells. */
function busyDay(jobs: number): LedgerBuilder {
  const random = numbers(7);
  const draw = () => random.next().value;
  const book = ledger().elected().worker("w1").limits({ global: 2 });
  const ends = new Map<string, number>();
  const nowMs = () => Date.parse(book.now);
  let submitted = 0;
  while (submitted < jobs || ends.size > 0) {
    if (submitted < jobs && draw() < 0.6) {
      submitted += 1;
      book.submitted(`j-${submitted}`);
    } else {
      const [first] = [...ends].sort(([, a], [, b]) => a - b);
      if (first === undefined) continue;
      book.later(Math.max(0, first[1] - nowMs())).completed(first[0]);
      ends.delete(first[0]);
    }
    for (const { row } of book.decide().starts) ends.set(row.id, nowMs() + 60_000 + draw() * 120_000);
  }
  return book;
}

describe("the error of forecasts, measured on a ledger", () => {
  test("given a busy day of random durations, when it is measured, then forecasts are near, and eight of ten starts are in their range", () => {
    const trial = new ForecastTrial(new Fold());
    for (const { position, entry } of busyDay(300).entries) trial.apply(position, entry);
    const error = trial.result();
    expect(error.waits).toBeGreaterThan(250);
    expect(error.made).toBeGreaterThan(200);
    expect(error.measured).toBe(error.made);
    process.stdout.write(`forecasts: ${JSON.stringify(error)}\n`);
    expect(error.medianErrorMs ?? 0).toBeLessThan(0.1 * (error.medianWaitMs ?? 0));
    expect(error.insideShare).toBeGreaterThan(0.65);
    expect(error.insideShare).toBeLessThan(0.95);
  });

  test("given a ledger of more waits than are looked at, when it is measured, then evenly spread ones are", () => {
    const trial = new ForecastTrial(new Fold());
    const book = ranBefore(TEN);
    for (let n = 0; n < 2_200; n += 1) {
      const [holder, waiter] = [`h${n}`, `w${n}`];
      book.submitted(holder).decided().submitted(waiter).decided().completed(holder).decided().completed(waiter);
    }
    for (const { position, entry } of book.entries) trial.apply(position, entry);
    const { waits, asked } = trial.result();
    expect(waits).toBe(4_400);
    expect(asked).toBeGreaterThanOrEqual(500);
    expect(asked).toBeLessThan(1_000);
  });

  test("given a ledger in which nobody waits, when it is measured, then there is nothing to measure", () => {
    const trial = new ForecastTrial(new Fold());
    for (const { position, entry } of ranBefore(TEN).entries) trial.apply(position, entry);
    expect(trial.result()).toEqual({
      ...{ waits: 0, asked: 0, made: 0, measured: 0 },
      ...{ medianErrorMs: null, p90ErrorMs: null, medianWaitMs: null, insideShare: null },
    });
  });
});
