/** What is left of the lease by which somebody holds slots, counted down between two words of the scheduler that leads. */
import type { BoardHolder } from "../../protocol.js";
import { useSession } from "./session.js";

/** What was heard longer ago is not known any more: it comes about once a second. */
const HEARD_MS_MAX = 5_000;
/** A holder gives up by itself when it could not renew for two thirds of its lease: with less than this share left something is wrong. */
const ENDING_SHARE = 1 / 3;

export interface LeaseLeft {
  readonly leaseMs: number;
  readonly leftMs: number;
  readonly isEnding: boolean;
}

/** Null where nobody says it: in the past, in a recording, inside a scheduler, without a leader, without a connection. */
export function useLeaseLeft({ job, worker, reservation }: BoardHolder): LeaseLeft | null {
  const { feed, playhead, now } = useSession();
  const { heardMs, leases } = feed.leases.value;
  const [kind, holder] = reservation === true ? ["reservation", job] : ["worker", worker];
  const heard = leases.find((lease) => lease.kind === kind && lease.holder === holder);
  // The page's own tick: with it the answer is another one.
  const isTicking = now.value > 0 && playhead.isLive.value && feed.link.value.kind === "live";
  const sinceMs = performance.now() - heardMs;
  if (heard === undefined || !isTicking || sinceMs > HEARD_MS_MAX) return null;
  const leftMs = Math.max(0, heard.leftMs - sinceMs);
  return { leaseMs: heard.leaseMs, leftMs, isEnding: leftMs < heard.leaseMs * ENDING_SHARE };
}
