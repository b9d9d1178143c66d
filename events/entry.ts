/**
 * An entry: the facts of one decision turn, written to the ledger in one message (D2). It is atomic, so
 * "j1 completed, j2 granted" is one write. `id` and `prev` chain the entries; `epoch` names the reign (D1).
 */
import { z } from "zod";
import { type Fact, factSchema, timeSchema } from "./facts.js";
import { entryIdSchema, epochSchema, intakeSequenceSchema } from "./names.js";

export const ENTRY_VERSION = 1;

/** How far the intake is decided: all messages up to `sequence`, and `taken` items of the batch after it (D3). */
export const intakeProgressSchema = z.object({ sequence: intakeSequenceSchema, taken: z.number().int().nonnegative() });
export type IntakeProgress = z.infer<typeof intakeProgressSchema>;

const headerSchema = z.object({
  v: z.literal(ENTRY_VERSION),
  id: entryIdSchema,
  /** The id of the entry before; null in the first. */
  prev: entryIdSchema.nullable(),
  epoch: epochSchema,
  /** When the turn was decided. Never goes back (D6). */
  at: timeSchema,
  intake: intakeProgressSchema,
});
export const entrySchema = headerSchema.extend({ facts: z.array(factSchema).min(1) });

export type EntryHeader = Readonly<z.infer<typeof headerSchema>>;
export type Entry = EntryHeader & { readonly facts: readonly Fact[] };
