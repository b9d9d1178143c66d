/** Schedules as a table. */
import type { ScheduleView } from "../../../projections/views/views.js";
import { drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { relativeTime } from "../wording.js";

export function schedulesTable(schedules: readonly ScheduleView[], terminal: Terminal): string {
  const { dim } = terminal.colors;
  return drawTable(
    schedules,
    [
      { title: "SCHEDULE", text: ({ name }) => name, mayShrink: true },
      {
        title: "NEXT",
        text: ({ enabled, nextAt }) => (enabled ? firingText(nextAt) : "disabled"),
        paint: (cell, { enabled }) => (enabled ? cell : dim(cell)),
      },
      { title: "TEMPLATE", text: ({ template }) => template, mayShrink: true },
      { title: "CRON", text: ({ cron }) => cron },
      { title: "ZONE", text: ({ timezone }) => timezone },
      { title: "LAST", text: ({ lastAt }) => relativeTime(lastAt, Date.now()) },
      { title: "FIRED", text: ({ fired }) => String(fired), align: "right" },
      { title: "MISSED", text: ({ missedCount }) => String(missedCount), align: "right" },
      { title: "IF MISSED", text: ({ missed }) => missed },
      { title: "SOURCE", text: ({ source }) => source },
    ],
    terminal,
  );
}

/** `2026-11-25T05:00:00.000Z (in 5 h)` */
export const firingText = (at: string | null): string =>
  at === null ? "never again" : `${at} (${relativeTime(at, Date.now())})`;
