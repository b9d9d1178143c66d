/** A job's id, which opens the job. */
import type { JSX } from "preact";
import type { JobState } from "../../../../events/states.js";
import { useSession } from "../state/session.js";
import { StateMark } from "./state-mark.js";

export function JobLink({ id, state }: { id: string; state?: JobState | undefined }): JSX.Element {
  const { route } = useSession();
  const isChosen = route.job.value === id;
  return (
    <button
      type="button"
      class="link job-link"
      aria-pressed={isChosen}
      title={id}
      onClick={() => {
        route.job.value = isChosen ? null : id;
      }}
    >
      {state !== undefined && <StateMark state={state} />}
      <span class="job-id">{id}</span>
    </button>
  );
}

/** The address of a fact, which opens the fact in the log. */
export function AddressLink({ address }: { address: string }): JSX.Element {
  const { route } = useSession();
  return (
    <button
      type="button"
      class="link address"
      title={`Fact ${address} in the log`}
      onClick={() => {
        route.fact.value = address;
        route.view.value = "log";
      }}
    >
      {address}
    </button>
  );
}
