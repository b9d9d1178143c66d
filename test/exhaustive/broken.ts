import { LedgerCorrupt } from "../../projections/fold.js";

/** Something that must never be was found. */
export class Broken extends Error {
  /** The rule, for people and for tests. */
  readonly rule: string;
  /** What was being decided, if it was found in a turn. */
  readonly during: string | null;

  constructor(rule: string, message: string, during: string | null = null) {
    super(message);
    this.rule = rule;
    this.during = during;
  }
}

export function asBroken(error: unknown, during: string | null = null): Broken {
  if (error instanceof Broken) return during === null ? error : new Broken(error.rule, error.message, during);
  if (error instanceof LedgerCorrupt) return new Broken("guard", error.message, during);
  return new Broken("code", error instanceof Error ? (error.stack ?? error.message) : String(error), during);
}
