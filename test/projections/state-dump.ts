/** All that a fold believes, as one canonical text: equal texts are equal states, byte for byte (INV-009). */
import { stateLines } from "../../projections/canonical-state.js";
import type { Fold } from "../../projections/fold.js";

export const dump = (fold: Fold): string => [...stateLines(fold), JSON.stringify(fold.counts)].join("\n");
