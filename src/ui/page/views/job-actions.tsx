/** What may be done to a job in its state. Shown only where actions are allowed, and now. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isTerminal } from "../../../../events/states.js";
import type { JobView } from "../../../../projections/views/views.js";
import { useSession } from "../state/session.js";

export function JobActions({ job }: { job: JobView }): JSX.Element | null {
  const session = useSession();
  const [isBusy, setBusy] = useState(false);
  const [isAsking, setAsking] = useState(false);
  if (!session.meta.isActing || !session.playhead.isLive.value) return null;
  const { id, state } = job;
  const hasEnded = isTerminal(state);
  const act = async (what: Promise<boolean>): Promise<void> => {
    setBusy(true);
    await what;
    setBusy(false);
    setAsking(false);
  };
  return (
    <div class="job-actions">
      {!hasEnded && !isAsking && (
        <button type="button" class="button small" disabled={isBusy} onClick={() => setAsking(true)}>
          Cancel…
        </button>
      )}
      {isAsking && (
        <>
          <button
            type="button"
            class="button small danger"
            disabled={isBusy}
            onClick={() => void act(session.act("cancel", { id }, `${id} is cancelled`))}
          >
            Cancel {id}
          </button>
          <button type="button" class="button small" onClick={() => setAsking(false)}>
            Let it be
          </button>
        </>
      )}
      {hasEnded && state !== "rejected" && (
        <button
          type="button"
          class="button small"
          disabled={isBusy}
          onClick={() => void act(session.act("retry", { id }, `${id} is tried again`))}
        >
          Retry
        </button>
      )}
      {state === "queued" && (
        <>
          <button
            type="button"
            class="button small"
            disabled={isBusy}
            onClick={() => void act(session.act("move", { id, first: true }, `${id} is first`))}
          >
            Move first
          </button>
          <button
            type="button"
            class="button small"
            disabled={isBusy}
            onClick={() => void act(session.act("move", { id, last: true }, `${id} is last`))}
          >
            Move last
          </button>
        </>
      )}
    </div>
  );
}
