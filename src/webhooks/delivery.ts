/** A delivery: the first attempt and three more, with growing waits between; then it has failed (DEC-009). */
import type { RunError } from "../../events/facts.js";
import type { Clock } from "../clock.js";
import { pause } from "./patience.js";
import type { Posted } from "./post.js";

/** The waits before the second, the third and the fourth attempt. */
export const RETRY_WAITS_MS: readonly number[] = [1_000, 4_000, 16_000];

export interface Delivering {
  /** Makes one attempt. */
  readonly attempt: () => Promise<Posted>;
  readonly waitsMs: readonly number[];
  readonly clock: Clock;
  /** Makes no further attempt once this aborts. */
  readonly stopping: AbortSignal;
}

/** `stopped`: it is not known whether it would have succeeded; it is to be made again. */
export type Delivered =
  | { readonly kind: "delivered" }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly attempts: number; readonly error: RunError };

export async function deliver({ attempt, waitsMs, clock, stopping }: Delivering): Promise<Delivered> {
  for (let attempts = 1; ; attempts += 1) {
    const posted = await attempt();
    if (posted.kind === "delivered") return { kind: "delivered" };
    if (posted.kind === "aborted") return { kind: "stopped" };
    const waitMs = waitsMs[attempts - 1];
    if (waitMs === undefined) return { kind: "failed", attempts, error: posted.error };
    await pause(waitMs, clock, stopping);
    if (stopping.aborted) return { kind: "stopped" };
  }
}
