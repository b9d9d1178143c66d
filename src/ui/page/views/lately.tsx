/** The transitions that the page has seen being recorded, newest first. */
import type { JSX } from "preact";
import { AddressLink, JobLink } from "../parts/job-link.js";
import { StateMark } from "../parts/state-mark.js";
import { clockText } from "../parts/times.js";
import { useSession } from "../state/session.js";

const SHOWN_MAX = 12;

export function Lately(): JSX.Element | null {
  const { feed, playhead } = useSession();
  if (!playhead.isLive.value) return null;
  const steps = feed.facts.value.filter(({ to }) => to !== undefined).slice(-SHOWN_MAX);
  return (
    <section class="card" aria-label="Lately">
      <h2>Lately</h2>
      {steps.length === 0 && (
        <p class="quiet">
          Nothing has happened since this page was opened. Choose a job to see its way through the chart.
        </p>
      )}
      <ol class="lately">
        {steps.reverse().map(({ address, at, type, job, from, to }) => (
          <li key={address}>
            <AddressLink address={address} />
            <time dateTime={at}>{clockText(at, true)}</time>
            <span>{job !== null && <JobLink id={job} />}</span>
            <span class="fact">{type}</span>
            <span>
              {from == null ? "new" : <StateMark state={from} isNamed />} →{" "}
              {to !== undefined && <StateMark state={to} isNamed />}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
