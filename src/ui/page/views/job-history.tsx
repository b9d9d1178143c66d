/** What happened to a job: each fact with its time and address, and the states that it led from and to. */
import type { JSX } from "preact";
import type { JobView } from "../../../../projections/views/views.js";
import { AddressLink } from "../parts/job-link.js";
import { StateMark } from "../parts/state-mark.js";
import { clockText, spanText } from "../parts/times.js";

/** The first and the last are shown; a job that was denied ten thousand times has a long history. */
const HISTORY_SHOWN_MAX = 200;

export function JobHistory({ history }: { history: JobView["history"] }): JSX.Element {
  const left = Math.max(0, history.length - HISTORY_SHOWN_MAX);
  return (
    <>
      {left > 0 && <p class="quiet">{left} older facts are left out; the log has them.</p>}
      <ol class="history">
        {history.slice(left).map(({ at, position, fact, from, to }, index) => {
          const before = history[left + index - 1];
          const passed = before === undefined ? null : Date.parse(at) - Date.parse(before.at);
          return (
            <li key={position}>
              <span class="step">{left + index + 1}</span>
              <AddressLink address={position} />
              <time dateTime={at} title={at}>
                {clockText(at, true)}
              </time>
              <span class="fact">{fact}</span>
              <span class="from-to">
                {from === to ? "stays" : "→"} <StateMark state={to} isNamed />
              </span>
              <span class="passed">{passed === null ? "" : `+ ${spanText(passed)}`}</span>
            </li>
          );
        })}
      </ol>
    </>
  );
}
