/** Where results go: small ones into the fact itself, larger ones into an object store under their digest. */
import { createHash } from "node:crypto";
import type { Result } from "../../events/facts.js";
import type { Json } from "../../events/json.js";

/** A result of at most this many bytes of JSON stands in the ledger; a larger one would make every replay carry it. */
export const RESULT_INLINE_BYTES_MAX = 64 * 1024;

export interface ResultStore {
  /** Keeps a result durably, and says where it is. */
  keep(result: Json, about: { readonly job: string; readonly grant: number }): Promise<Result>;
  /** Makes the place for large ones where it is missing, for those who may put some there and not make it. */
  prepare?(): Promise<void>;
}

/** Puts bytes under a name; the same name always has the same bytes. */
export type PutObject = (name: string, bytes: Uint8Array) => Promise<void>;

/** `make` makes the bucket, if it is not there. */
export function resultStore(bucket: string, put: PutObject, make?: () => Promise<void>): ResultStore {
  return {
    ...(make !== undefined && { prepare: make }),
    keep: async (result) => {
      const text = JSON.stringify(result);
      // A character is at most three bytes: most results need no counting.
      if (text.length * 3 <= RESULT_INLINE_BYTES_MAX || Buffer.byteLength(text) <= RESULT_INLINE_BYTES_MAX)
        return { inline: result };
      const bytes = Buffer.from(text);
      const digest = `sha256-${createHash("sha256").update(bytes).digest("hex")}`;
      await put(digest, bytes);
      return { stored: { bucket, digest, bytes: bytes.length } };
    },
  };
}
