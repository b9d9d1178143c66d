/** A demand in words, for whoever reads facts or tables. */

/** `resource:ollama, global 2`: a single unit is not counted out. */
export function demandText(demand: Readonly<Record<string, number>>): string {
  return Object.entries(demand)
    .map(([pool, units]) => (units === 1 ? pool : `${pool} ${units}`))
    .join(", ");
}
