/** What the capacities of the pools were when, from the limits as they stand in the ledger: a lowered limit preempts nobody (CC-5). */
import type { Raw } from "./auditor-world.js";

export class CapacityHistory {
  readonly #changes = new Map<string, { readonly from: number; readonly units: number }[]>();

  /** The limits that hold from a position on. */
  note(position: number, limits: Raw): void {
    const now = new Map<string, number>();
    if (limits["global"] !== undefined) now.set("global", Number(limits["global"]));
    for (const kind of ["types", "resources"] as const)
      for (const [name, units] of Object.entries((limits[kind] ?? {}) as Raw))
        now.set(`${kind === "types" ? "type" : "resource"}:${name}`, Number(units));
    for (const pool of new Set([...now.keys(), ...this.#changes.keys()])) {
      const changes = this.#changes.get(pool) ?? [];
      // While a pool is not configured it holds nobody back.
      changes.push({ from: position, units: now.get(pool) ?? Number.POSITIVE_INFINITY });
      this.#changes.set(pool, changes);
    }
  }

  /** The largest capacity of a pool from a position up to `last`. */
  mostSince(pool: string, position: number, last: number): number {
    const changes = this.#changes.get(pool) ?? [];
    let most = Number.NEGATIVE_INFINITY;
    for (const [index, { units }] of changes.entries()) {
      const until = changes[index + 1]?.from ?? last + 1;
      if (until > position) most = Math.max(most, units);
    }
    return most;
  }
}
