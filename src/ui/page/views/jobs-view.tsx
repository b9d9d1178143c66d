/** The jobs at the moment that is shown, by state and by text. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { JOB_STATES } from "../../../../events/states.js";
import type { JobListItem } from "../../../../projections/views/views.js";
import type { JobsAnswer } from "../../protocol.js";
import { JobLink } from "../parts/job-link.js";
import { poolParts } from "../parts/pool-words.js";
import { Problem } from "../parts/problem.js";
import { StateMark } from "../parts/state-mark.js";
import { clockText } from "../parts/times.js";
import { VirtualList } from "../parts/virtual-list.js";
import { useAnswer } from "../state/answer.js";
import { useSession } from "../state/session.js";
import { useSettled } from "../state/settled.js";

const PAGE_JOBS = 500;
const SHOWN_JOBS_MAX = 2_000;
const ROW_HEIGHT = 34;
/** While jobs come and go the list is asked for this often at the most. */
const ASK_AGAIN_MS = 1_000;

export function JobsView(): JSX.Element {
  const { source, route, playhead, board, feed, now } = useSession();
  const [text, setText] = useState("");
  const [limit, setLimit] = useState(PAGE_JOBS);
  const wanted = useSettled(text);
  const state = route.state.value;
  const at = playhead.at.value;
  const lastKey = useRef({ second: 0, position: 0 });
  const second = Math.floor(now.value / ASK_AGAIN_MS);
  if (lastKey.current.second !== second) lastKey.current = { second, position: board.value?.position ?? 0 };
  const key = JSON.stringify([wanted, state, at ?? lastKey.current.position, limit, feed.link.value.kind]);
  const answer = useAnswer(key, (signal) =>
    allPages(limit, (offset, count) =>
      source.jobs(
        {
          offset,
          limit: count,
          ...(at !== undefined && { at }),
          ...(state !== null && { state: [state] }),
          ...(wanted !== "" && { text: wanted }),
        },
        signal,
      ),
    ),
  );
  const jobs = answer.value?.jobs ?? [];
  const total = answer.value?.total ?? 0;
  return (
    <section class="view jobs" aria-label="Jobs">
      <search class="toolbar">
        <label>
          <span class="unseen">Find a job</span>
          <input
            id="jobs-search"
            type="search"
            placeholder="find: an id, a type, a label (j)"
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <p class="quiet" role="status">
          {total} {total === 1 ? "job" : "jobs"}
        </p>
      </search>
      <StateChips />
      <Problem text={answer.problem} />
      {jobs.length === 0 && !answer.isAsking && <p class="quiet">No job is like that at this moment.</p>}
      <VirtualList
        label="Jobs"
        items={jobs}
        keyOf={({ id }) => id}
        rowHeight={ROW_HEIGHT}
        onEnd={() => {
          if (jobs.length >= limit && jobs.length < total && limit < SHOWN_JOBS_MAX) setLimit(limit + PAGE_JOBS);
        }}
        row={(job) => <JobRow job={job} />}
      />
      {jobs.length >= SHOWN_JOBS_MAX && total > jobs.length && (
        <p class="quiet">The first {jobs.length} are shown: search for others.</p>
      )}
    </section>
  );
}

/** One answer out of several pages. */
async function allPages(
  limit: number,
  ask: (offset: number, count: number) => Promise<JobsAnswer>,
): Promise<JobsAnswer> {
  let answer = await ask(0, Math.min(limit, PAGE_JOBS));
  while (answer.jobs.length < Math.min(limit, answer.total)) {
    const page = await ask(answer.jobs.length, PAGE_JOBS);
    if (page.jobs.length === 0) break;
    answer = { ...page, offset: 0, jobs: [...answer.jobs, ...page.jobs] };
  }
  return answer;
}

function StateChips(): JSX.Element {
  const { route, board } = useSession();
  const counts = board.value?.counts;
  return (
    <fieldset class="chips">
      <legend class="unseen">State</legend>
      {[null, ...JOB_STATES].map((state) => (
        <button
          key={state ?? "all"}
          type="button"
          class="chip"
          aria-pressed={route.state.value === state}
          data-state={state ?? "all"}
          onClick={() => {
            route.state.value = state;
          }}
        >
          {state === null ? "all" : <StateMark state={state} isNamed />}
          {state !== null && counts !== undefined && <span class="chip-count">{counts[state]}</span>}
        </button>
      ))}
    </fieldset>
  );
}

function JobRow({ job }: { job: JobListItem }): JSX.Element {
  const { id, type, state, priority, attempt, maxAttempts, demand, createdAt, reason } = job;
  const needs = Object.entries(demand).map(
    ([pool, units]) => `${poolParts(pool).short}${units > 1 ? ` ${units}` : ""}`,
  );
  return (
    <div class="job-row">
      <JobLink id={id} />
      <StateMark state={state} isNamed />
      <span>{type ?? "–"}</span>
      <span class="wide-only">{priority === 0 ? "" : `priority ${priority}`}</span>
      <span class="wide-only">{attempt > 1 ? `attempt ${attempt} of ${maxAttempts}` : ""}</span>
      <span class="wide-only quiet">{needs.join(", ")}</span>
      <time class="wide-only" dateTime={createdAt} title={createdAt}>
        {clockText(createdAt)}
      </time>
      <span class="reason quiet">{reason ?? ""}</span>
    </div>
  );
}
