/** What may be done to a pool: pause it, resume it, give it another limit. Shown only where actions are allowed, and now. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Actions, BoardPool } from "../../protocol.js";
import { poolParts } from "../parts/pool-words.js";
import { useSession } from "../state/session.js";

export function LaneActions({ pool }: { pool: BoardPool }): JSX.Element | null {
  const session = useSession();
  const { short } = poolParts(pool.name);
  const [isBusy, setBusy] = useState(false);
  const [limit, setLimit] = useState<string | null>(null);
  if (!session.meta.isActing || !session.playhead.isLive.value) return null;
  const busily = async (what: Promise<boolean>): Promise<void> => {
    setBusy(true);
    await what;
    setBusy(false);
  };
  const toggle = (): Promise<boolean> =>
    pool.paused
      ? session.act("resume", { pool: pool.name }, `${short} is resumed`)
      : session.act("pause", { pool: pool.name }, `${short} is paused`);
  return (
    <div class="lane-actions">
      <button type="button" class="button small" disabled={isBusy} onClick={() => void busily(toggle())}>
        {pool.paused ? "Resume" : "Pause"}
        <span class="unseen"> {short}</span>
      </button>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const units = Number(limit);
          if (limit === null || !Number.isInteger(units) || units < 1) return;
          void busily(session.act("limits", { set: limitOf(pool.name, units) }, `The limit of ${short} is ${units}`));
          setLimit(null);
        }}
      >
        <label>
          <span class="unseen">Limit of {short}</span>
          <input
            type="number"
            min={1}
            step={1}
            required
            value={limit ?? String(pool.capacity)}
            onInput={({ currentTarget }) => setLimit(currentTarget.value)}
          />
        </label>
        <button type="submit" class="button small" disabled={isBusy || limit === null}>
          Set<span class="unseen"> the limit of {short}</span>
        </button>
      </form>
    </div>
  );
}

function limitOf(pool: string, units: number): Actions["limits"]["set"] {
  const { kind, short } = poolParts(pool);
  if (kind === "") return { global: units };
  return kind === "type" ? { types: { [short]: units } } : { resources: { [short]: units } };
}
