/**
 * Schedules across the changes of the clock (DEC-010), in two zones that change at different times and in different ways. The
 * instants are written by hand: in Berlin the clock goes from 2:00 to 3:00 on 29 March 2026 at 01:00 UTC and from 3:00 back to 2:00
 * on 25 October at 01:00 UTC; in New York from 2:00 to 3:00 on 8 March at 07:00 UTC and from 2:00 back to 1:00 on 1 November at
 * 06:00 UTC.
 */
import { describe, expect, test } from "vitest";
import { nextFiring } from "../../src/cron.js";

/** Cron, the time after which is asked, and the times that follow each other, in UTC. */
type Case = readonly [cron: string, what: string, after: string, times: readonly string[]];

function expectTimes(timezone: string, cron: string, after: string, times: readonly string[]): void {
  const found: string[] = [];
  let time = minute(after);
  for (const _ of times) {
    const next = nextFiring({ cron, timezone }, time);
    if (next === null) throw new Error(`${cron} does not come true after ${time}`);
    found.push(next);
    time = next;
  }
  expect(found).toEqual(times.map(minute));
}

/** `2026-03-29 01:00` as the ISO 8601 time in UTC that it is. */
const minute = (text: string): string => `${text.replace(" ", "T")}:00.000Z`;

describe("Europe/Berlin", () => {
  test.for<Case>([
    [
      "0 6 * * *",
      "six in the morning is six in the morning, an hour sooner in UTC",
      "2026-03-27 12:00",
      ["2026-03-28 05:00", "2026-03-29 04:00", "2026-03-30 04:00"],
    ],
    [
      "30 2 * * *",
      "half past two, which is skipped, comes true right after the gap, once",
      "2026-03-27 12:00",
      ["2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"],
    ],
    [
      "15,45 2 * * *",
      "two times that are skipped come true together, as one",
      "2026-03-28 12:00",
      ["2026-03-29 01:00", "2026-03-30 00:15", "2026-03-30 00:45"],
    ],
    ["0 3 * * *", "three is right after the gap", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 01:00"]],
    [
      "0 1,2,3 * * *",
      "two and three come true as one",
      "2026-03-28 23:30",
      ["2026-03-29 00:00", "2026-03-29 01:00", "2026-03-29 23:00"],
    ],
    [
      "0 0 * * *",
      "the day of the change is an hour shorter",
      "2026-03-28 12:00",
      ["2026-03-28 23:00", "2026-03-29 22:00", "2026-03-30 22:00"],
    ],
    [
      "*/30 * * * *",
      "every half hour stays every half hour",
      "2026-03-29 00:00",
      ["2026-03-29 00:30", "2026-03-29 01:00", "2026-03-29 01:30", "2026-03-29 02:00"],
    ],
    [
      "15 * * * *",
      "every hour stays every hour",
      "2026-03-28 23:30",
      ["2026-03-29 00:15", "2026-03-29 01:15", "2026-03-29 02:15"],
    ],
    [
      "0 */2 * * *",
      "every two hours leaves out the two o'clock that is skipped",
      "2026-03-28 22:00",
      ["2026-03-28 23:00", "2026-03-29 02:00", "2026-03-29 04:00"],
    ],
  ])("given '%s' in spring, when the clock goes forward, then %s", ([cron, , after, times]) => {
    expectTimes("Europe/Berlin", cron, after, times);
  });

  test.for<Case>([
    [
      "0 6 * * *",
      "six in the morning is six in the morning, an hour later in UTC",
      "2026-10-23 12:00",
      ["2026-10-24 04:00", "2026-10-25 05:00", "2026-10-26 05:00"],
    ],
    [
      "30 2 * * *",
      "half past two, which comes twice, comes true the first time only",
      "2026-10-23 12:00",
      ["2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"],
    ],
    ["30 2 * * *", "a schedule set between the two waits a day", "2026-10-25 00:45", ["2026-10-26 01:30"]],
    ["30 2 * * *", "a schedule set in the repeated hour waits a day", "2026-10-25 01:10", ["2026-10-26 01:30"]],
    [
      "15,45 2 * * *",
      "two times that come twice come true the first time only",
      "2026-10-24 12:00",
      ["2026-10-25 00:15", "2026-10-25 00:45", "2026-10-26 01:15"],
    ],
    [
      "0 1-3 * * *",
      "two, which comes twice, comes true the first time only",
      "2026-10-24 22:30",
      ["2026-10-24 23:00", "2026-10-25 00:00", "2026-10-25 02:00", "2026-10-26 00:00"],
    ],
    [
      "0 0 * * *",
      "the day of the change is an hour longer",
      "2026-10-24 12:00",
      ["2026-10-24 22:00", "2026-10-25 23:00", "2026-10-26 23:00"],
    ],
    [
      "*/30 * * * *",
      "every half hour stays every half hour",
      "2026-10-25 00:00",
      ["2026-10-25 00:30", "2026-10-25 01:00", "2026-10-25 01:30", "2026-10-25 02:00"],
    ],
    [
      "15 * * * *",
      "every hour stays every hour",
      "2026-10-24 23:30",
      ["2026-10-25 00:15", "2026-10-25 01:15", "2026-10-25 02:15"],
    ],
    [
      "0 */2 * * *",
      "every two hours takes both two o'clocks",
      "2026-10-24 21:30",
      ["2026-10-24 22:00", "2026-10-25 00:00", "2026-10-25 01:00", "2026-10-25 03:00"],
    ],
  ])("given '%s' in autumn, when the clock goes back, then %s", ([cron, , after, times]) => {
    expectTimes("Europe/Berlin", cron, after, times);
  });
});

describe("America/New_York", () => {
  test.for<Case>([
    [
      "0 6 * * *",
      "six stays six, sooner in UTC",
      "2026-03-06 12:00",
      ["2026-03-07 11:00", "2026-03-08 10:00", "2026-03-09 10:00"],
    ],
    [
      "30 2 * * *",
      "half past two is made up for at three",
      "2026-03-06 12:00",
      ["2026-03-07 07:30", "2026-03-08 07:00", "2026-03-09 06:30"],
    ],
    [
      "45 2 * * SUN",
      "the Sunday of the change is not left out",
      "2026-03-01 12:00",
      ["2026-03-08 07:00", "2026-03-15 06:45"],
    ],
    [
      "*/20 * * * *",
      "every twenty minutes stays so",
      "2026-03-08 06:20",
      ["2026-03-08 06:40", "2026-03-08 07:00", "2026-03-08 07:20"],
    ],
    [
      "0 */3 * * *",
      "midnight and three are two hours apart",
      "2026-03-08 03:00",
      ["2026-03-08 05:00", "2026-03-08 07:00", "2026-03-08 10:00"],
    ],
  ])("given '%s' in spring, when the clock goes forward, then %s", ([cron, , after, times]) => {
    expectTimes("America/New_York", cron, after, times);
  });

  test.for<Case>([
    [
      "0 6 * * *",
      "six stays six, later in UTC",
      "2026-10-30 12:00",
      ["2026-10-31 10:00", "2026-11-01 11:00", "2026-11-02 11:00"],
    ],
    [
      "30 1 * * *",
      "half past one comes true the first time only",
      "2026-10-30 12:00",
      ["2026-10-31 05:30", "2026-11-01 05:30", "2026-11-02 06:30"],
    ],
    ["30 1 * * *", "between the two it waits a day", "2026-11-01 05:45", ["2026-11-02 06:30"]],
    ["0 2 * * *", "two comes only once", "2026-10-31 12:00", ["2026-11-01 07:00", "2026-11-02 07:00"]],
    [
      "*/20 * * * *",
      "every twenty minutes stays so, also in the hour that is repeated",
      "2026-11-01 05:20",
      ["2026-11-01 05:40", "2026-11-01 06:00", "2026-11-01 06:20", "2026-11-01 06:40", "2026-11-01 07:00"],
    ],
    [
      "0 */3 * * *",
      "midnight and three are four hours apart",
      "2026-11-01 03:00",
      ["2026-11-01 04:00", "2026-11-01 08:00", "2026-11-01 11:00"],
    ],
  ])("given '%s' in autumn, when the clock goes back, then %s", ([cron, , after, times]) => {
    expectTimes("America/New_York", cron, after, times);
  });
});
