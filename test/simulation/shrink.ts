/**
 * Makes a failing plan small: leaves out ever smaller parts of what happens, and keeps what still breaks the same rule. What is left
 * is the story that a person reads.
 */
import type { Happening, Plan } from "./plan.js";

export interface Shrinking {
  readonly plan: Plan;
  /** How many worlds were run for it. */
  readonly runs: number;
}

/** `breaks` runs a plan and says whether it breaks the rule in question. */
export async function shrink(
  plan: Plan,
  breaks: (plan: Plan) => Promise<boolean>,
  runsMax: number,
): Promise<Shrinking> {
  let runs = 0;
  let smallest = plan;
  const isEnough = () => runs >= runsMax;
  const tryOut = async (candidate: Plan): Promise<boolean> => {
    runs += 1;
    if (!(await breaks(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let parts = 2; !isEnough(); ) {
    const { happenings } = smallest;
    const size = Math.max(1, Math.ceil(happenings.length / parts));
    let hasShrunk = false;
    // From the end: what came after the failure goes first.
    for (let from = happenings.length - size; from > -size && !isEnough() && !hasShrunk; from -= size) {
      const rest = happenings.filter((_, index) => index < from || index >= from + size);
      hasShrunk = rest.length < happenings.length && (await tryOut({ ...smallest, happenings: rest }));
    }
    if (hasShrunk) parts = Math.max(2, parts - 1);
    else if (size === 1) break;
    else parts = Math.min(parts * 2, happenings.length);
  }
  for (const [index, happening] of smallest.happenings.entries()) {
    for (const simpler of simplerThan(happening)) {
      if (isEnough()) break;
      const happenings = smallest.happenings.map((each, at) => (at === index ? simpler : each));
      if (await tryOut({ ...smallest, happenings })) break;
    }
  }
  return { plan: smallest, runs };
}

/** The same with less to read. */
function simplerThan(happening: Happening): readonly Happening[] {
  if (happening.kind !== "publish") return [];
  if (happening.subject.endsWith(".submit")) {
    const items: unknown = JSON.parse(happening.text);
    if (!Array.isArray(items)) return [];
    return [1, 2, Math.ceil(items.length / 2)].map((count) => ({
      ...happening,
      text: JSON.stringify(items.slice(0, count)),
    }));
  }
  return [
    { ...happening, text: "{}", retries: 0 },
    { ...happening, retries: 0 },
  ];
}
