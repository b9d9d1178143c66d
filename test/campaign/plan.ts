/** What is to happen in a round, drawn from the campaign's seed and the round's number alone: the same again for the same two. */
import { Chance } from "./chance.js";
import { drawLoad, type Load } from "./deeds.js";
import { describeFault, drawFaults, type Fault, type FaultKind } from "./faults.js";
import { drawSetting, type Setting } from "./setting.js";

export interface Plan {
  readonly seed: number;
  readonly round: number;
  readonly setting: Setting;
  readonly load: Load;
  readonly faults: readonly Fault[];
}

export interface PlanAsked {
  readonly seed: number;
  readonly round: number;
  readonly workersMax: number;
  /** These faults and no others, in this order. */
  readonly kinds?: readonly FaultKind[];
  readonly jobsMax?: number;
}

export function drawPlan({ seed, round, workersMax, kinds, jobsMax = Number.POSITIVE_INFINITY }: PlanAsked): Plan {
  const chanceOf = (name: string) => new Chance(seed, `${name} of round ${round}`);
  const setting = drawSetting(chanceOf("setting"), workersMax);
  const load = drawLoad(chanceOf("load"), setting, jobsMax);
  const { leaseMs, workers } = setting;
  const asked = { jobs: load.jobs, leaseMs, workers, ...(kinds !== undefined && { kinds }) };
  return { seed, round, setting, load, faults: drawFaults(chanceOf("faults"), asked) };
}

export function describePlan({ seed, round, setting, load, faults }: Plan): readonly string[] {
  const { strategy, limits, leaseMs, workers } = setting;
  return [
    `round ${round} of seed ${seed}: strategy ${strategy} ${JSON.stringify(limits)}, lease ${leaseMs} ms, ${workers} workers`,
    `${load.jobs} jobs in ${load.waves.length} waves`,
    ...faults.map((fault, index) => `fault ${index + 1}: ${describeFault(fault)}`),
  ];
}
