/** Commands on reservations (DEC-004): asking for the next slots of a demand, and giving them back. */
import type { ReservationId } from "../events/names.js";
import { findMisfitOf } from "./admission.js";
import type { Decided } from "./commands.js";
import type { Fold } from "./fold.js";

export type ReservationCommand =
  | {
      readonly verb: "reserve";
      readonly id: ReservationId;
      /** Tag → units. */
      readonly resources: Readonly<Record<string, number>>;
      readonly leaseMs: number;
      readonly holder: string;
    }
  | { readonly verb: "release"; readonly id: ReservationId; readonly reason: string };

/** Reservations at once: more callers than this that wait in a terminal are a mistake. */
const RESERVATIONS_MAX = 1_000;

export function decideReservation(fold: Fold, command: ReservationCommand): Decided {
  const { id } = command;
  const known = fold.slots.reservations[id];
  if (command.verb === "release") {
    if (known === undefined)
      return { refused: "not-found", reason: `there is no reservation ${id}: it was released, or has expired` };
    return { facts: [{ type: "ReservationReleased", reservation: id, reason: command.reason }], id };
  }
  // The same request again is the same reservation: a caller whose answer was lost may repeat it.
  if (known !== undefined) return { facts: [], id };
  if (Object.keys(fold.slots.reservations).length >= RESERVATIONS_MAX)
    return { refused: "conflict", reason: `there are ${RESERVATIONS_MAX} reservations already` };
  const resources = Object.fromEntries(
    Object.entries(command.resources)
      .filter(([, units]) => units > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const misfit = findMisfitOf(resources, "by the reservation", fold.slots);
  if (misfit !== null) return { refused: "invalid", reason: misfit };
  const { leaseMs, holder } = command;
  return { facts: [{ type: "ReservationRequested", reservation: id, resources, leaseMs, holder }], id };
}
