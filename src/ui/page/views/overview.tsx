/** Everything on one page: the machine of the jobs, the pools, and the newest facts. For a second screen. */
import type { JSX } from "preact";
import { itemsOf } from "../state/board-items.js";
import { useFacts } from "../state/fact-pages.js";
import { useSession } from "../state/session.js";
import { FactRow } from "./fact-row.js";
import { Lane } from "./lane.js";
import { MachineChart } from "./machine-view.js";
import { Running } from "./running.js";

const FACTS_SHOWN = 30;

export function Overview(): JSX.Element {
  const { board, route } = useSession();
  const shown = board.value;
  if (shown === null) return <p class="quiet">Nothing is known yet: the ledger is empty, or is just being read.</p>;
  return (
    <div class="view overview">
      <section class="card machine-card" aria-label="The life of a job">
        <MachineChart machine="job" form="plain" />
      </section>
      <section class="card lanes brief" aria-label="Pools">
        {itemsOf(shown.pools).map((pool) => (
          <Lane key={pool.name} board={shown} pool={pool} isBrief />
        ))}
        <Running board={shown} />
        {shown.pools.total === 0 && <p class="quiet">No limits are in force: everything starts at once.</p>}
      </section>
      <section class="card newest" aria-label="Newest facts">
        <header class="panel-head">
          <h2>Register</h2>
          <button
            type="button"
            class="link"
            onClick={() => {
              route.view.value = "log";
            }}
          >
            the whole log
          </button>
        </header>
        <Newest />
      </section>
    </div>
  );
}

function Newest(): JSX.Element {
  const { facts } = useFacts({});
  return (
    <ol class="plain newest-facts">
      {facts.slice(0, FACTS_SHOWN).map((line) => (
        <li key={line.address}>
          <FactRow line={line} />
        </li>
      ))}
    </ol>
  );
}
