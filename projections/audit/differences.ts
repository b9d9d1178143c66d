/** What two say of the same slots, compared; and what workers say they run, with what was granted to them. */
import type { StatedHolder, StatedPool } from "./slot-count.js";

/** One thing that differs, with its address: the pool, the job or reservation, and the position of the grant, as far as it has them. */
export interface Difference {
  readonly pool: string | null;
  readonly job: string | null;
  readonly grant: number | null;
  readonly worker: string | null;
  readonly text: string;
}

/** `who`: those who say the second, such as "the scheduler". The first is the count. */
export function slotDifferences(
  counted: readonly StatedPool[],
  stated: readonly StatedPool[],
  who: string,
): Difference[] {
  const byName = new Map(stated.map((pool) => [pool.name, pool]));
  const missing = counted.flatMap((pool) => {
    const other = byName.get(pool.name);
    byName.delete(pool.name);
    return other === undefined
      ? [ofPool(pool.name, `${who} knows no such pool; it has ${pool.capacity} slots`)]
      : poolDifferences(pool, other, who);
  });
  return [
    ...missing,
    ...[...byName.keys()].map((name) => ofPool(name, `${who} says that there is such a pool; there is none`)),
  ];
}

function poolDifferences(counted: StatedPool, stated: StatedPool, who: string): Difference[] {
  const { name } = counted;
  const differences: Difference[] = [];
  for (const key of ["capacity", "used", "paused"] as const) {
    if (counted[key] === stated[key]) continue;
    differences.push(ofPool(name, `${key} is ${counted[key]}, and ${who} says ${stated[key]}`));
  }
  const claims = new Map(stated.holders.map((holder) => [keyOf(holder), holder]));
  for (const holder of counted.holders) {
    const claim = claims.get(keyOf(holder));
    claims.delete(keyOf(holder));
    const { job, units, worker } = holder;
    if (claim === undefined)
      differences.push(ofHolder(name, holder, `${job} holds ${units}, and ${who} does not know it`));
    else if (claim.units !== units || claim.worker !== worker)
      differences.push(
        ofHolder(
          name,
          holder,
          `${job} holds ${units} with ${worker}, and ${who} says ${claim.units} with ${claim.worker}`,
        ),
      );
  }
  for (const claim of claims.values())
    differences.push(
      ofHolder(
        name,
        claim,
        `${who} says that ${claim.job} holds ${claim.units}; it holds none by grant ${claim.grant}`,
      ),
    );
  return differences;
}

const keyOf = ({ job, grant, reservation }: StatedHolder): string => `${job} ${grant} ${reservation === true}`;

const ofPool = (pool: string, text: string): Difference => ({
  pool,
  job: null,
  grant: null,
  worker: null,
  text: `${pool}: ${text}`,
});
const ofHolder = (pool: string, { job, grant, worker }: StatedHolder, text: string): Difference => ({
  ...{ pool, job, grant, worker },
  text: `${pool}, grant ${grant}: ${text}`,
});
