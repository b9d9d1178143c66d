/** One job with everything about it. */
import type { ComponentChildren, JSX } from "preact";
import type { JobView } from "../../../../projections/views/views.js";
import type { JobAnswer } from "../../protocol.js";
import { Icon } from "../parts/icon.js";
import { AddressLink, JobLink } from "../parts/job-link.js";
import { poolParts } from "../parts/pool-words.js";
import { Problem } from "../parts/problem.js";
import { StateMark } from "../parts/state-mark.js";
import { clockText, dayText, spanText } from "../parts/times.js";
import { useJobAnswer } from "../state/job-answer.js";
import { useSession } from "../state/session.js";
import { JobActions } from "./job-actions.js";
import { JobHistory } from "./job-history.js";

/** A larger value is shown cut; the command line gives it whole. */
const JSON_CHARS_MAX = 40_000;

/** Of what it says the end is shown. */
const PROGRESS_CHARS_MAX = 3_000;

export function JobPanel({ id }: { id: string }): JSX.Element {
  const { route, feed } = useSession();
  const { value, problem } = useJobAnswer(id);
  const said = feed.progress.value.get(id);
  return (
    <aside class="job-panel" aria-label={`Job ${id}`}>
      <header class="panel-head">
        <h2>{id}</h2>
        {value !== null && <StateMark state={value.job.state} isNamed />}
        <button
          type="button"
          class="tool"
          title="Close (esc)"
          onClick={() => {
            route.job.value = null;
          }}
        >
          <Icon name="close" />
          <span class="unseen">Close the job</span>
        </button>
      </header>
      <Problem text={problem} />
      {value !== null && (
        <>
          <Explained answer={value} />
          <JobActions job={value.job} />
          <About job={value.job} />
          {said !== undefined && (
            <Part title="Progress">
              <pre class="progress">{said.slice(-PROGRESS_CHARS_MAX)}</pre>
            </Part>
          )}
          <Part title="Params">
            <pre class="json">{jsonText(value.job.params)}</pre>
          </Part>
          {value.job.result !== null && (
            <Part title="Result">
              <pre class="json">
                {typeof value.job.result === "string"
                  ? value.job.result.slice(0, JSON_CHARS_MAX)
                  : jsonText(value.job.result)}
              </pre>
            </Part>
          )}
          <Attempts job={value.job} />
          <Part title="History">
            <JobHistory history={value.job.history} />
          </Part>
        </>
      )}
    </aside>
  );
}

function jsonText(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return text.length <= JSON_CHARS_MAX ? text : `${text.slice(0, JSON_CHARS_MAX)}\n… ${text.length} characters in all`;
}

function Part({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

/** Why it waits, or why it started when it did; and when it is expected to, where the answer says so. */
function Explained({ answer }: { answer: JobAnswer }): JSX.Element {
  const { explanation, position } = answer;
  return (
    <div class={`explained verdict-${explanation.verdict}`}>
      <p data-part="explain">{explanation.text}</p>
      {explanation.forecast !== null && <p data-part="forecast">Start: {explanation.forecast.text}</p>}
      <p class="quiet">as of position {position}</p>
    </div>
  );
}

function About({ job }: { job: JobView }): JSX.Element {
  const { type, priority, createdAt, demand, labels, attempt, maxAttempts, retryOf, group, reason } = job;
  const rows: readonly (readonly [string, ComponentChildren])[] = [
    ["type", type ?? "–"],
    [
      "submitted",
      <time key="t" dateTime={createdAt} title={createdAt}>
        {dayText(createdAt)}
      </time>,
    ],
    [
      "demand",
      Object.entries(demand)
        .map(([pool, units]) => `${poolParts(pool).short} ${units}`)
        .join(", ") || "nothing limited",
    ],
    ["priority", priority],
    ["attempts", `${attempt} of ${maxAttempts}`],
    [
      "labels",
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(", "),
    ],
    ["group", group?.id ?? ""],
    ["retry of", retryOf === null ? "" : <JobLink key="r" id={retryOf} />],
    ["reason", reason ?? ""],
  ];
  return (
    <dl class="facts">
      {rows
        .filter(([, value]) => value !== "")
        .map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Attempts({ job }: { job: JobView }): JSX.Element | null {
  if (job.attempts.length === 0) return null;
  return (
    <Part title="Attempts">
      <ol class="attempts">
        {job.attempts.map(({ number, worker, grant, grantedAt, startedAt, finishedAt, outcome, exitCode, error }) => (
          <li key={number}>
            <p>
              <strong>{number}</strong> {outcome ?? (startedAt === null ? "granted" : "running")}
              {exitCode !== null && `, exit code ${exitCode}`}
            </p>
            <p class="quiet">
              granted {clockText(grantedAt)} in <AddressLink address={`${grant}.0`} />
              {startedAt !== null &&
                finishedAt !== null &&
                ` · ran ${spanText(Date.parse(finishedAt) - Date.parse(startedAt))}`}{" "}
              · on <code>{worker}</code>
            </p>
            {error !== null && <p class="attempt-error">{error}</p>}
          </li>
        ))}
      </ol>
    </Part>
  );
}
