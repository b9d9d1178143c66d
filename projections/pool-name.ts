/** Pools as people call them: `resource:ollama`, or `ollama` where that is clear. */
import type { PoolName } from "../events/names.js";
import type { Fold } from "./fold.js";

export type PoolFound =
  | { readonly name: PoolName }
  | { readonly refused: "not-found" | "invalid"; readonly reason: string };

export function poolNamed(fold: Fold, asked: string): PoolFound {
  // The keys of the record of pools are their names.
  const names = Object.keys(fold.slots.pools) as PoolName[];
  const matches = names.filter((name) => name === asked);
  if (matches.length === 0) matches.push(...names.filter((name) => name.split(":")[1] === asked));
  const [name, other] = matches;
  if (name === undefined)
    return { refused: "not-found", reason: `there is no pool ${asked}; pools are ${names.join(", ") || "none"}` };
  if (other !== undefined) return { refused: "invalid", reason: `${asked} is ambiguous: ${matches.join(" or ")}` };
  return { name };
}
