/** Schedules as they are shown, in the order of their names. */
import type { Fold } from "../fold.js";
import { compareText } from "../jobs.js";
import type { Schedule } from "../schedules.js";

export type ScheduleView = Omit<Schedule, "setEnabled">;

export function schedulesView(fold: Fold): ScheduleView[] {
  return Object.values<Schedule>(fold.schedules)
    .sort((a, b) => compareText(a.name, b.name))
    .map(({ setEnabled: _asSet, ...shown }) => shown);
}
