/** One fact whole: its entry, what it came from, what came of it, and the facts before and after it. */
import type { ComponentChildren, JSX } from "preact";
import type { JobView } from "../../../../projections/views/views.js";
import type { Cause, FactAnswer } from "../../protocol.js";
import { Icon } from "../parts/icon.js";
import { AddressLink, JobLink } from "../parts/job-link.js";
import { Problem } from "../parts/problem.js";
import { StateMark } from "../parts/state-mark.js";
import { dayText } from "../parts/times.js";
import { useAnswer } from "../state/answer.js";
import { useSession } from "../state/session.js";

export function FactPanel({ address }: { address: string }): JSX.Element {
  const { source, route, playhead } = useSession();
  const { value, problem } = useAnswer(address, (signal) => source.fact(address, signal));
  const job = value?.line.job ?? null;
  const told = useAnswer(job === null ? "" : `${job} ${address}`, (signal) => source.job(job ?? "", undefined, signal));
  const history = told.value?.job.history ?? [];
  return (
    <aside class="card fact-panel" aria-label={`Fact ${address}`}>
      <header class="panel-head">
        <h2>
          {address} {value?.line.type ?? ""}
        </h2>
        <button
          type="button"
          class="tool"
          title="Close (esc)"
          onClick={() => {
            route.fact.value = null;
          }}
        >
          <Icon name="close" />
          <span class="unseen">Close the fact</span>
        </button>
      </header>
      <Problem text={problem} />
      {value !== null && (
        <>
          <p>{value.line.gist}</p>
          <dl class="facts">
            <Item term="job">{value.line.job === null ? "–" : <JobLink id={value.line.job} />}</Item>
            <Item term="cause">
              <CauseOf cause={value.cause} history={history} />
            </Item>
            <Effect address={value.line.address} history={history} />
            <Item term="at">
              <time dateTime={value.line.at}>{dayText(value.line.at)}</time>
            </Item>
            <Item term="entry">
              <EntryOf answer={value} />
            </Item>
          </dl>
          <button type="button" class="button small" onClick={() => void playhead.seek(String(value.entry.position))}>
            Show everything at {value.entry.position}
          </button>
          <pre class="json">{JSON.stringify(value.fact, null, 2)}</pre>
        </>
      )}
    </aside>
  );
}

function Item({ term, children }: { term: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

type History = JobView["history"];

function CauseOf({ cause, history }: { cause: Cause | null; history: History }): JSX.Element {
  if (cause === null) return <>the scheduler's own decision</>;
  switch (cause.kind) {
    case "intake":
      return (
        <>
          message {cause.sequence} of the intake{cause.index === null ? "" : `, item ${cause.index}`}
        </>
      );
    case "grant": {
      const grant = history.find(({ position }) => position.startsWith(`${cause.position}.`));
      return (
        <>
          the grant <AddressLink address={grant?.position ?? `${cause.position}.0`} />
        </>
      );
    }
    case "job":
      return (
        <>
          a retry of <JobLink id={cause.job} />
        </>
      );
    default:
      return cause satisfies never;
  }
}

/** The states before and after, and the neighbours in the job's own history. */
function Effect({ address, history }: { address: string; history: History }): JSX.Element | null {
  const index = history.findIndex(({ position }) => position === address);
  const own = history[index];
  if (own === undefined) return null;
  const [before, after] = [history[index - 1], history[index + 1]];
  return (
    <>
      <Item term="effect">
        {own.from === null ? "new" : <StateMark state={own.from} isNamed />} → <StateMark state={own.to} isNamed />
      </Item>
      <Item term="before">
        {before === undefined ? "the job's first" : <AddressLink address={before.position} />} {before?.fact ?? ""}
      </Item>
      <Item term="after">
        {after === undefined ? "the job's last so far" : <AddressLink address={after.position} />} {after?.fact ?? ""}
      </Item>
    </>
  );
}

function EntryOf({ answer }: { answer: FactAnswer }): JSX.Element {
  const { position, facts, epoch, id, prev, intake } = answer.entry;
  return (
    <>
      {Array.from({ length: Math.min(facts, 12) }, (_, index) => (
        <AddressLink key={`${position}.${index}`} address={`${position}.${index}`} />
      ))}
      {facts > 12 && ` and ${facts - 12} more`}
      <br />
      <span class="quiet">
        reign {epoch} · intake decided to {intake.sequence} · id {id} · after {prev ?? "nothing"}
      </span>
    </>
  );
}
