/** The hash of all that a fold believes: equal for equal states, on any machine (INV-009). */
import { createHash } from "node:crypto";
import { stateLines } from "../projections/canonical-state.js";
import type { Fold } from "../projections/fold.js";

/** Lines are short, and each call of the hash costs as much as some of them. */
const CHARS_HASHED_AT_ONCE = 65_536;

/** SHA-256 over the lines of the state, in hexadecimal. */
export function stateHash(fold: Fold): string {
  const hash = createHash("sha256");
  let text = "";
  for (const line of stateLines(fold)) {
    text += `${line}\n`;
    if (text.length < CHARS_HASHED_AT_ONCE) continue;
    hash.update(text);
    text = "";
  }
  return hash.update(text).digest("hex");
}
