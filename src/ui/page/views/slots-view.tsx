/** All pools at the moment that is shown, and how their slots were used before it. */
import type { JSX } from "preact";
import { itemsOf } from "../state/board-items.js";
import { useSession } from "../state/session.js";
import { Gantt } from "./gantt.js";
import { Lane } from "./lane.js";
import { ReservationList, WorkerList } from "./workers.js";

export function SlotsView(): JSX.Element {
  const { board } = useSession();
  const shown = board.value;
  if (shown === null) return <p class="quiet">Nothing is known yet.</p>;
  return (
    <section class="view slots" aria-label="Slots">
      <div class="lanes">
        {itemsOf(shown.pools).map((pool) => (
          <Lane key={pool.name} board={shown} pool={pool} />
        ))}
        {shown.pools.total > shown.pools.ids.length && (
          <p class="quiet">{shown.pools.total - shown.pools.ids.length} more pools are not shown.</p>
        )}
      </div>
      <Gantt />
      <div class="columns">
        <WorkerList board={shown} />
        <ReservationList board={shown} />
      </div>
    </section>
  );
}
