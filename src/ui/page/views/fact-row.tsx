/** A fact in one line. */
import type { JSX } from "preact";
import type { FactLine } from "../../protocol.js";
import { clockText } from "../parts/times.js";
import { useSession } from "../state/session.js";
import { signOf } from "./fact-types.js";

export function FactRow({ line }: { line: FactLine }): JSX.Element {
  const { route } = useSession();
  const { address, at, type, job, gist } = line;
  const { sign, kind } = signOf(type);
  return (
    <button
      type="button"
      class={`fact-row fact-${kind}`}
      aria-pressed={route.fact.value === address}
      title={`${address} ${at} ${type} ${job ?? ""} ${gist}`}
      data-address={address}
      onClick={() => {
        route.fact.value = address;
        route.view.value = "log";
      }}
    >
      <span class="address">{address}</span>
      <span class="time">{clockText(at, true)}</span>
      <span class="sign" aria-hidden="true">
        {sign}
      </span>
      <span class="type">{type}</span>
      <span class="job-id">{job ?? ""}</span>
      <span class="gist">{gist}</span>
    </button>
  );
}
