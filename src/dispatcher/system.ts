/**
 * What a dispatcher asks of the process that it runs in: who it is, whether another one is gone, a word that nobody else has,
 * and the end of this moment. Whatever is chance here is decided by a seed in the simulation.
 */
import { randomBytes } from "node:crypto";
import type { ProcessIdentity } from "../../events/facts.js";
import { isProvablyGone, ownProcess } from "./process-identity.js";

export interface System {
  ownProcess(): ProcessIdentity;
  /** True only if it cannot be running any more. */
  isProvablyGone(other: ProcessIdentity): boolean;
  /** Random and short, for ids. */
  randomWord(): string;
  /** Calls `act` when everything that is happening at this moment has happened. */
  soon(act: () => void): void;
}

export const thisSystem: System = {
  ownProcess,
  isProvablyGone,
  randomWord: () => randomBytes(4).toString("hex"),
  soon: (act) => process.nextTick(act),
};
