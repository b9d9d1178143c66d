/** Who runs the jobs, and who holds slots without being a job. */
import type { JSX } from "preact";
import type { Board } from "../../protocol.js";
import { clockText } from "../parts/times.js";
import { itemsOf } from "../state/board-items.js";

export function WorkerList({ board }: { board: Board }): JSX.Element {
  const { workers } = board;
  return (
    <section class="card" aria-label="Workers">
      <h2>Workers</h2>
      {workers.total === 0 && <p class="quiet">No worker is there: nothing can start.</p>}
      <ul class="plain">
        {itemsOf(workers).map(({ id, used, capacity, types, remote, leaving, joinedAt }) => (
          <li key={id}>
            <code>{id}</code> {used} of {capacity} seats
            {remote && " · remote"}
            {leaving && <strong class="tag">leaving</strong>} · {types === null ? "every type" : types.join(", ")} ·
            since {clockText(joinedAt)}
          </li>
        ))}
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
        {itemsOf(reservations).map(({ id, state, holder, requestedAt }) => (
          <li key={id}>
            <span aria-hidden="true">⚑ </span>
            <code>{id}</code> {state} for {holder} · since {clockText(requestedAt)}
          </li>
        ))}
      </ul>
    </section>
  );
}
