/**
 * The decisions of one version of this program on a ledger, as lines of JSON that another version reads (`replay --decide -o jsonl`):
 *
 *     {"format":"signalbox-decisions","version":1,"program":"0.1.0"}
 *     {"position":2,"at":"…","decided":[{"type":"StartGranted",…}]}        entries without any decision are left out
 *     {"end":1204}      or      {"stopped":{"address":"812.3","problem":"…"}}
 *
 * These lines are for good: a gate between two versions needs both to speak them.
 */
import { z } from "zod";
import type { Fact } from "../../events/facts.js";
import { position } from "../../events/names.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import { Redecider, type Redecision } from "../dispatcher/redecide.js";
import { entryOf } from "../log/entry.js";
import type { StoredMessage } from "../log/log.js";
import { VERSION } from "../version.js";

const FORMAT = "signalbox-decisions";
const FORMAT_VERSION = 1;

/** A fact as some version of this program decides it: another one may have facts that this one does not know. */
export type Decided = Readonly<{ type: string; [field: string]: unknown }>;

/** What one version decides at one entry. */
export interface DecisionsAt {
  readonly position: number;
  readonly at: string;
  readonly decided: readonly Decided[];
}

/** The entry that a version does not take, and why. */
export interface Stopped {
  readonly address: string;
  readonly problem: string;
}

const decidedSchema = z.looseObject({ type: z.string() });
const headerSchema = z.object({ format: z.literal(FORMAT), version: z.literal(FORMAT_VERSION), program: z.string() });
const lineSchema = z.union([
  z.object({ position: z.number().int().positive(), at: z.string(), decided: z.array(decidedSchema) }),
  z.object({ stopped: z.object({ address: z.string(), problem: z.string() }) }),
  z.object({ end: z.number().int().nonnegative() }),
]);
export type DecisionLine = DecisionsAt | { readonly stopped: Stopped } | { readonly end: number };

export const decisionsHeader = (): string =>
  JSON.stringify({ format: FORMAT, version: FORMAT_VERSION, program: VERSION });

/** The version of the program that speaks; null if the line is no header that this one reads. */
export function readHeader(line: string): string | null {
  return headerSchema.safeParse(parse(line)).data?.program ?? null;
}

/** Null if the line is none. */
export function readDecisionLine(line: string): DecisionLine | null {
  return lineSchema.safeParse(parse(line)).data ?? null;
}

/** What of an entry's decision others are told: the facts, and that the slots refuse them, if they do. */
export function decisionsAt({ position: at, at: time, decided, refused }: Redecision): DecisionsAt {
  const refusal = refused === null ? [] : [{ type: "SlotViolation", reason: refused }];
  return { position: at, at: time, decided: [...decided.map(plain), ...refusal] };
}

/** A fact as another version would read it. */
export const plain = (fact: Fact): Decided => ({ ...fact });

/** Decides a ledger again, entry by entry; ends with `Stopped` where this program does not take an entry. */
export async function* decideAgain(messages: AsyncIterable<StoredMessage>): AsyncGenerator<Redecision | Stopped> {
  const redecider = new Redecider();
  try {
    for await (const message of messages) yield redecider.apply(position(message.sequence), entryOf(message));
  } catch (error) {
    if (!(error instanceof LedgerCorrupt)) throw error;
    yield { address: error.address, problem: error.message };
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
