/** Runs before every test file: a state that somebody writes to by mistake throws. */
import { freezeStates } from "../../projections/draft.js";

freezeStates(true);
