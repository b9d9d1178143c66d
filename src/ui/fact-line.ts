/** A fact in one line, and where it came from, as far as it says so itself. */
import type { Fact } from "../../events/facts.js";
import type { FactAddress } from "../../events/names.js";
import { gistOf } from "../../projections/views/views.js";
import type { Cause, FactLine } from "./protocol.js";

/** A model's complaint may be long; the whole of it is in the fact itself. */
const GIST_CHARS_MAX = 300;

export function factLine(address: FactAddress, at: string, fact: Fact): FactLine {
  const gist = gistOf(fact);
  const cut = gist.length > GIST_CHARS_MAX ? `${gist.slice(0, GIST_CHARS_MAX)}…` : gist;
  return { address, at, type: fact.type, job: "job" in fact ? fact.job : null, gist: cut };
}

export function causeOf(fact: Fact): Cause | null {
  if ("grant" in fact) return { kind: "grant", position: fact.grant };
  if (fact.type === "JobSubmitted" && fact.retryOf !== null) return { kind: "job", job: fact.retryOf };
  if ("intake" in fact && fact.intake !== null) return { kind: "intake", ...fact.intake };
  return null;
}
