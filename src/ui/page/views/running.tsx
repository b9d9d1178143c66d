/** The jobs that hold slots now, with the last words of each: of a model, its tokens as they come. */
import type { JSX } from "preact";
import { isSlotHolding } from "../../../../events/states.js";
import type { Board, BoardJob } from "../../protocol.js";
import { JobLink } from "../parts/job-link.js";
import { StateMark } from "../parts/state-mark.js";
import { sinceText } from "../parts/times.js";
import { useSession } from "../state/session.js";

const RUNNING_SHOWN_MAX = 12;
const WORDS_CHARS_MAX = 240;

/** The last two lines, or the end of a long one. */
const lastWords = (text: string): string => text.slice(-WORDS_CHARS_MAX).split("\n").slice(-2).join("\n");

export function Running({ board }: { board: Board }): JSX.Element | null {
  const { feed, now, playhead } = useSession();
  const running = Object.values<BoardJob>(board.jobs)
    .filter(({ state }) => isSlotHolding(state))
    .sort((a, b) => (a.grantedAt ?? "").localeCompare(b.grantedAt ?? ""));
  if (running.length === 0) return null;
  const said = playhead.isLive.value ? feed.progress.value : new Map<string, string>();
  return (
    <ol class="running" aria-label="Running now">
      {running.slice(0, RUNNING_SHOWN_MAX).map(({ id, type, state, attempt, grantedAt }) => (
        <li key={id}>
          <p>
            <StateMark state={state} /> <JobLink id={id} /> <span class="quiet">{type}</span>
            {attempt > 1 && <span class="tag">attempt {attempt}</span>}
            <span class="held">{grantedAt !== null && sinceText(now.value - Date.parse(grantedAt))}</span>
          </p>
          {said.get(id) !== undefined && <p class="words">{lastWords(said.get(id) ?? "")}</p>}
        </li>
      ))}
    </ol>
  );
}
