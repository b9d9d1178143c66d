/** Who runs the jobs, and who holds slots without being a job. */
import type { JSX } from "preact";
import type { Board } from "../../protocol.js";
import { clockText } from "../parts/times.js";

export function WorkerList({ board }: { board: Board }): JSX.Element {
  const { workers } = board;
  return (
    <section class="card" aria-label="Workers">
      <h2>Workers</h2>
      {workers.total === 0 && <p class="quiet">No worker is there: nothing can start.</p>}
      <ul class="plain">
        {workers.ids.map((id) => {
          const worker = Object.hasOwn(workers.byId, id) ? workers.byId[id] : undefined;
          if (worker === undefined) return null;
          const { used, capacity, types, remote, leaving, joinedAt } = worker;
          return (
            <li key={id}>
              <code>{id}</code> {used} of {capacity} seats
              {remote && " · remote"}
              {leaving && <strong class="tag">leaving</strong>} · {types === null ? "every type" : types.join(", ")} ·
              since {clockText(joinedAt)}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

export function ReservationList({ board }: { board: Board }): JSX.Element | null {
  const { reservations } = board;
  if (reservations.total === 0) return null;
  return (
    <section class="card" aria-label="Direct execution">
      <h2>Direct execution</h2>
      <ul class="plain">
        {reservations.ids.map((id) => {
          const one = Object.hasOwn(reservations.byId, id) ? reservations.byId[id] : undefined;
          if (one === undefined) return null;
          return (
            <li key={id}>
              <span aria-hidden="true">⚑ </span>
              <code>{id}</code> {one.state} for {one.holder} · since {clockText(one.requestedAt)}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
