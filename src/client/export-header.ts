/** The first line of an exported log: what it is an export of, and what is to be known before its entries are read. */
import { z } from "zod";
import { type Limits, limitsSchema } from "../../events/limits.js";

const EXPORT_FORMAT = "signalbox-ledger";
/** A whole log, from its first entry on. */
const WHOLE_VERSION = 1;
/** A part: between header and entries stand the state that it begins with, and earlier entries that tell of jobs in it. */
const PART_VERSION = 2;

/** What of jobs can be left out of an export. */
export const REDACTABLE = ["params", "result"] as const;
export type Redactable = (typeof REDACTABLE)[number];

const headerSchema = z.object({
  format: z.literal(EXPORT_FORMAT),
  version: z.number().int(),
  namespace: z.string(),
  /** Names the very stream: one that was deleted and made again is another. */
  stream: z.string(),
  /** The position of the last entry in the file; every one from `first` is there. */
  last: z.number().int().nonnegative(),
  exportedAt: z.string(),
  /** In a part: the position of the first entry. */
  first: z.number().int().min(2).exactOptional(),
  /** In a part: how many entries before `first` are there, because jobs that had not ended are told in them. */
  earlier: z.number().int().nonnegative().exactOptional(),
  /** In a part: the hash of the state that it begins with. */
  beginHash: z.string().exactOptional(),
  /** What stands in place of these is not what was submitted, or came of it. */
  redacted: z.array(z.enum(REDACTABLE)).exactOptional(),
  /** The hash of the state that the entries come to, and the limits in force there; absent if the ledger is corrupt. */
  stateHash: z.string().exactOptional(),
  limits: limitsSchema.exactOptional(),
  /** Which program has said so: another one may fold the same entries to something else. */
  code: z.string().exactOptional(),
});
export type ExportHeader = Readonly<z.infer<typeof headerSchema>>;

/** What is told of the state at the end. */
export interface EndState {
  readonly stateHash: string;
  readonly limits: Limits;
  readonly code: string;
}

export function headerLine(header: Omit<ExportHeader, "format" | "version">): string {
  const version = header.first === undefined ? WHOLE_VERSION : PART_VERSION;
  return JSON.stringify({ format: EXPORT_FORMAT, version, ...header });
}

/** The header in a value that was parsed from the first line; null if it is none. */
export function readHeader(value: unknown): ExportHeader | { readonly wrongVersion: number } | null {
  const read = headerSchema.safeParse(value);
  if (!read.success) return null;
  const { version, first } = read.data;
  if (version !== (first === undefined ? WHOLE_VERSION : PART_VERSION)) return { wrongVersion: version };
  return read.data;
}

/** The position of the first entry in the file. */
export const firstOf = ({ first }: Pick<ExportHeader, "first">): number => first ?? 1;
