/** The auditor's account of reservations: asked for once, granted at most once, ended once; one at a time per set of pools (DEC-004). */
import { type Demander, demandUnder, poolSetOf } from "./auditor-demand.js";
import type { Raw, Report } from "./auditor-world.js";

export interface AuditedReservation extends Demander {
  readonly type: null;
  isActive: boolean;
}

type Pools = ReadonlyMap<string, number>;

export class AuditedReservations {
  /** In the order in which they were asked for. */
  readonly #all = new Map<string, AuditedReservation>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** An account of its own, to go on from here in another way. */
  copy(report: Report): AuditedReservations {
    const copy = new AuditedReservations(report);
    for (const [name, reservation] of this.#all) copy.#all.set(name, { ...reservation });
    return copy;
  }

  /** Those that are not over, granted or not. */
  get size(): number {
    return this.#all.size;
  }

  active(): readonly AuditedReservation[] {
    return [...this.#all.values()].filter(({ isActive }) => isActive);
  }

  /** Those that wait for slots, and not only for another one of the same pools, who holds them or goes first. */
  waiting(pools: Pools, cannotFit: (one: AuditedReservation) => boolean): readonly AuditedReservation[] {
    const taken = new Set(this.active().map((other) => poolSetOf(demandUnder(other, pools))));
    return [...this.#all.values()].filter((one) => {
      const set = poolSetOf(demandUnder(one, pools));
      if (one.isActive || cannotFit(one) || (set !== "" && taken.has(set))) return false;
      taken.add(set);
      return true;
    });
  }

  /** Takes the request or the end of one. */
  fact(fact: Raw, address: string): void {
    const id = String(fact["reservation"]);
    const known = this.#all.get(id);
    if (fact["type"] !== "ReservationRequested") {
      if (known === undefined) this.#wrong(address, `there is no reservation ${id} that could end`);
      this.#all.delete(id);
      return;
    }
    if (known !== undefined) return this.#wrong(address, `${id} is asked for already`);
    const resources = fact["resources"] as Readonly<Record<string, number>>;
    this.#all.set(id, { id, type: null, resources, isActive: false });
  }

  /** The one that may be granted, or undefined where none may; that there is room is looked at elsewhere. */
  granting(fact: Raw, pools: Pools, address: string): AuditedReservation | undefined {
    const id = String(fact["reservation"]);
    const reservation = this.#all.get(id);
    if (reservation === undefined || reservation.isActive) {
      this.#wrong(address, `${id} is granted and ${reservation === undefined ? "was not asked for" : "has its slots"}`);
      return undefined;
    }
    const set = poolSetOf(demandUnder(reservation, pools));
    const rival = this.active().find((other) => poolSetOf(demandUnder(other, pools)) === set);
    // Who takes nothing of any pool is in nobody's way.
    if (rival !== undefined && set !== "")
      this.#wrong(address, `${id} is granted while ${rival.id} has the same pools: ${set}`);
    return reservation;
  }

  #wrong(address: string, text: string): void {
    this.#report("reservation", address, text);
  }
}
