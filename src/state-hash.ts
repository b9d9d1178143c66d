/** The hash of all that a fold believes: equal for equal states, on any machine (INV-009). */
import { createHash } from "node:crypto";
import { stateLines } from "../projections/canonical-state.js";
import type { Fold } from "../projections/fold.js";
import { Slices } from "./slices.js";

/** Lines are short, and each call of the hash costs as much as some of them. */
const CHARS_HASHED_AT_ONCE = 65_536;

/** SHA-256 over the lines of the state, in hexadecimal. */
export function stateHash(fold: Fold): string {
  const hashing = hashSteps(fold);
  for (;;) {
    const { done, value } = hashing.next();
    if (done) return value;
  }
}

/** The same, letting others have their turn meanwhile. The fold must not change until it settles. */
export async function stateHashInSlices(fold: Fold): Promise<string> {
  const slices = new Slices();
  const hashing = hashSteps(fold);
  for (;;) {
    const { done, value } = hashing.next();
    if (done) return value;
    await slices.between();
  }
}

function* hashSteps(fold: Fold): Generator<undefined, string> {
  const hash = createHash("sha256");
  let text = "";
  for (const line of stateLines(fold)) {
    text += `${line}\n`;
    if (text.length < CHARS_HASHED_AT_ONCE) continue;
    hash.update(text);
    text = "";
    yield;
  }
  return hash.update(text).digest("hex");
}
