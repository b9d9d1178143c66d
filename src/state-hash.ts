/** The hash of all that a fold believes: equal for equal states, on any machine (INV-009). */
import { createHash } from "node:crypto";
import { stateLines } from "../projections/canonical-state.js";
import type { Fold } from "../projections/fold.js";

/** SHA-256 over the lines of the state, in hexadecimal. */
export function stateHash(fold: Fold): string {
  const hash = createHash("sha256");
  for (const line of stateLines(fold)) hash.update(line).update("\n");
  return hash.digest("hex");
}
