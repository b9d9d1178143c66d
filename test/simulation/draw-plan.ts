/** A plan from a seed. What people do and what goes wrong come from streams of their own. */
import { Chance } from "./chance.js";
import { drawDeeds } from "./draw-deeds.js";
import { drawFaults } from "./draw-faults.js";
import { drawSettings } from "./draw-settings.js";
import type { Plan } from "./plan.js";

export function drawPlan(seed: number): Plan {
  const settings = drawSettings(new Chance(seed, "settings"));
  const deeds = drawDeeds(new Chance(seed, "deeds"), settings);
  const faults = drawFaults(new Chance(seed, "faults"), settings);
  return { seed, settings, happenings: [...deeds, ...faults].sort((a, b) => a.atMs - b.atMs) };
}
