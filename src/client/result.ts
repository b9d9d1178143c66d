/** A job's result, wherever it is kept: in the ledger, or under its digest in the object store. */
import { createHash } from "node:crypto";
import { isPlainObject, type Json } from "../../events/json.js";
import type { JobView } from "../../projections/views/views.js";
import { readObject } from "../nats/object-store.js";
import { ClientFailure } from "./failure.js";
import type { Session } from "./session.js";

/** The result itself. Throws `ClientFailure` if a stored one is not there any more, or is not what its digest says. */
export async function readResult({ nc }: Session, { id, result }: JobView): Promise<Json> {
  const stored = isPlainObject(result) ? result["stored"] : undefined;
  if (!isPlainObject(stored)) return result;
  const { bucket, digest } = stored;
  // A result that only looks like a reference is a result.
  if (typeof bucket !== "string" || typeof digest !== "string") return result;
  const bytes = await readObject(nc, bucket, digest);
  if (bytes === null)
    throw new ClientFailure("not-found", `the result of ${id} is not in ${bucket} any more: ${digest}`);
  if (`sha256-${createHash("sha256").update(bytes).digest("hex")}` !== digest) {
    throw new ClientFailure(
      "refused",
      `the result of ${id} in ${bucket} is not what was stored: its digest is not ${digest}`,
    );
  }
  return JSON.parse(new TextDecoder().decode(bytes));
}
