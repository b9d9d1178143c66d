/** The one door to immer: small states are changed as drafts and stay frozen for everyone who reads them (D5). */
export { type Draft, produce as evolve } from "immer";
