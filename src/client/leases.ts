/** What is left of leases, asked of the scheduler that leads: nobody else knows. */
import { type LeasesAnswer, leasesSchema } from "../api/leases.js";
import { request } from "./request.js";
import type { Session } from "./session.js";

/** It is answered from memory; who takes longer is busy with something else, and is asked again. */
const LEASES_ANSWER_MS = 2_000;

/** Null if nobody leads, or who does is of an older version and does not know the question. */
export async function askLeases({ nc, subjects }: Pick<Session, "nc" | "subjects">): Promise<LeasesAnswer | null> {
  const answer = await request(nc, `${subjects.query}.leases`, {}, LEASES_ANSWER_MS).catch(() => null);
  const read = leasesSchema.safeParse(answer);
  return read.success ? read.data : null;
}
