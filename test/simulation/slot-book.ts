/**
 * The third book: who is really at work in which slots, under a live grant or not. No two may ever be in one slot (CON-002), but where
 * nobody could have helped it: code that was told to end and does not, and such as nobody can reach, because its process is stopped, or
 * dead on a machine where nobody leads (D8). Those meetings are counted.
 *
 * What is assumed of clocks: the monotonic clocks of all machines go at the same pace. Wall clocks may jump.
 */
import type { Raw } from "../support/auditor-world.js";
import { CapacityHistory } from "../support/capacity-history.js";
import type { Place } from "./runs.js";
import type { Tally } from "./tally.js";
import type { WorldRule } from "./verdict.js";

/** Somebody at work. */
export interface Use {
  /** The job, or the reservation. */
  readonly name: string;
  readonly grant: number;
  /** Null: in no process of the cluster. */
  readonly place: Place | null;
  /** In a process of its own, which goes on when its worker is stopped, or dead. */
  readonly isDetached: boolean;
  /** When it was told to end; null if it was not. */
  toldUs: number | null;
}

interface Grant {
  readonly demand: Readonly<Record<string, number>>;
  /** Where its worker's leader runs, at the time of its end; null while it is live. */
  ended: { readonly type: string; readonly leaderHost: string } | null;
}

export interface SlotBookOptions {
  readonly now: () => number;
  /** Of the schedulers. */
  readonly leaseMs: number;
  readonly tally: Tally;
  readonly report: (rule: WorldRule, text: string) => void;
}

/** An end closer than this to the expiry of its lease is told as a near miss. */
const NEAR_SHARE = 1 / 12;

const ENDS = new Set(["RunCompleted", "RunSkipped", "RunCancelled", "RunFailed", "RunTimedOut", "LeaseExpired"]);
const HANDED_BACK = new Set(["ReservationReleased", "ReservationExpired"]);

export class SlotBook {
  readonly #of: SlotBookOptions;
  readonly #grants = new Map<string, Grant>();
  readonly #atWork = new Set<Use>();
  /** When the last one of a grant ended that had been told to, for lack of a renewal. */
  readonly #endedUs = new Map<string, number>();
  readonly #capacities = new CapacityHistory();
  readonly #reserved = new Map<string, number>();
  #leaderHost = "";
  #position = 0;

  constructor(of: SlotBookOptions) {
    this.#of = of;
  }

  begin(of: Omit<Use, "toldUs">): Use {
    const use: Use = { ...of, toldUs: null };
    const grant = this.#grants.get(keyOf(use));
    if (grant?.ended != null)
      this.#of.report("late-start", `${keyOf(use)} begins, and its grant is over: ${grant.ended.type}`);
    this.#atWork.add(use);
    for (const [pool, units] of Object.entries(grant?.demand ?? {})) if (units > 0) this.#check(pool, use);
    return use;
  }

  end(use: Use): void {
    this.#atWork.delete(use);
    if (use.toldUs !== null) this.#endedUs.set(keyOf(use), this.#of.now());
  }

  entry(position: number, entry: Raw): void {
    this.#position = position;
    for (const fact of entry["facts"] as readonly Raw[]) this.#fact(position, fact);
  }

  #fact(position: number, fact: Raw): void {
    const type = String(fact["type"]);
    if (type === "DispatcherElected") this.#leaderHost = String((fact["process"] as Raw)["host"]);
    else if (type === "LimitsChanged") this.#capacities.note(position, fact["limits"] as Raw);
    else if (type === "StartGranted" || type === "ReservationGranted") {
      const name = String(fact["job"] ?? fact["reservation"]);
      this.#grants.set(keyOf({ name, grant: position }), {
        demand: fact["demand"] as Readonly<Record<string, number>>,
        ended: null,
      });
      if (type === "ReservationGranted") this.#reserved.set(name, position);
    } else if (ENDS.has(type)) this.#over(String(fact["job"]), Number(fact["grant"]), type);
    else if (HANDED_BACK.has(type)) {
      const name = String(fact["reservation"]);
      this.#over(name, this.#reserved.get(name) ?? 0, type);
    }
  }

  #over(name: string, position: number, type: string): void {
    const key = keyOf({ name, grant: position });
    const grant = this.#grants.get(key);
    if (grant === undefined) return;
    grant.ended = { type, leaderHost: this.#leaderHost };
    const ended = this.#endedUs.get(key);
    if (
      type === "LeaseExpired" &&
      ended !== undefined &&
      this.#of.now() - ended < this.#of.leaseMs * 1_000 * NEAR_SHARE
    )
      this.#of.tally.count("near miss: ended in the last twelfth of a lease before its expiry");
    for (const use of this.#atWork) {
      if (use.name !== name || use.grant !== position) continue;
      const reason = this.#excuse(use, grant);
      if (reason === null)
        this.#of.report("untold", `${key}: ${type} gives its slots away, and it goes on, and was not told to end`);
    }
  }

  #check(pool: string, begun: Use): void {
    const there = [...this.#atWork].filter((use) => (this.#grants.get(keyOf(use))?.demand[pool] ?? 0) > 0);
    const units = there.reduce((sum, use) => sum + (this.#grants.get(keyOf(use))?.demand[pool] ?? 0), 0);
    const live = there.filter((use) => this.#grants.get(keyOf(use))?.ended == null);
    const since = Math.min(this.#position, ...live.map(({ grant }) => grant));
    const capacity = this.#capacities.mostSince(pool, since, this.#position);
    if (units <= capacity) return;
    for (const use of there) {
      const grant = this.#grants.get(keyOf(use));
      if (grant?.ended == null) continue;
      const excuse = this.#excuse(use, grant);
      if (excuse !== null) this.#of.tally.count(`met in a slot: ${excuse}`);
      else
        this.#of.report(
          "slot-twice",
          `${pool}: ${units} units are at work and there are ${capacity}: ${keyOf(begun)} begins beside ${keyOf(use)}`,
        );
      return;
    }
    this.#of.report(
      "slot-twice",
      `${pool}: ${units} units are at work and there are ${capacity}, as ${begun.name} begins`,
    );
  }

  /** Why nobody could have ended it; null if somebody could. */
  #excuse({ place, toldUs, isDetached }: Use, { ended }: Grant): string | null {
    if (toldUs !== null) return "one that was told to end and does not";
    if (place === null || ended === null) return null;
    const isReached = isDetached && place.host === ended.leaderHost;
    if (isReached) return null;
    if (place.program.isDead && isDetached) return "a process whose worker is dead, elsewhere";
    if (place.program.isStill) return "one whose worker is stopped";
    return null;
  }
}

const keyOf = ({ name, grant }: { readonly name: string; readonly grant: number }): string => `${name}@${grant}`;
