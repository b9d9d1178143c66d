/** The log played back: any position of a ledger as a scene, and what another build would have decided there. */

export { DecidingBuild, programOf } from "./build.js";
export type { Condition } from "./condition.js";
export { type Decided, decideAgain, decisionsAt, decisionsHeader, plain } from "./decisions.js";
export { type Difference, differencesAt, isSame } from "./differences.js";
export { placeOf, type Range } from "./range.js";
export { Reel, type ToldFact } from "./reel.js";
export { Rounds } from "./rounds.js";
export type { Holding, Lane, Scene } from "./scene.js";
export { Tape } from "./tape.js";
