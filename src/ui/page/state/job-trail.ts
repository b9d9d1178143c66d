/** The way of one job through the job machine, of its history. */

import { wayKey } from "../../drawing/ways.js";
import type { JobAnswer } from "../../protocol.js";

export function trailOf({ job }: JobAnswer): ReadonlyMap<string, readonly number[]> {
  const trail = new Map<string, number[]>();
  job.history.forEach(({ from, to }, index) => {
    if (from === to) return;
    const key = wayKey(from ?? "new", to);
    trail.set(key, [...(trail.get(key) ?? []), index + 1]);
  });
  return trail;
}
