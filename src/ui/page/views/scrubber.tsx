/** The time line: any position of the ledger, and the way through it. Every view shows the moment that is chosen here. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { Icon } from "../parts/icon.js";
import { clockText, dayText } from "../parts/times.js";
import { SPEEDS } from "../state/playhead.js";
import { useSession } from "../state/session.js";

export function Scrubber(): JSX.Element {
  const { playhead, feed, meta, board } = useSession();
  const first = meta.first?.position ?? 1;
  const head = Math.max(first, feed.board.value?.position ?? meta.head?.position ?? first);
  const isLive = playhead.isLive.value;
  const position = playhead.moment.value ?? head;
  const shown = board.value;
  const said = shown === null ? "nothing yet" : `position ${shown.position}, ${dayText(shown.at)}`;
  return (
    <footer class="scrubber">
      <div class="transport">
        <button type="button" class="tool" title="One entry back (,)" onClick={() => void playhead.step(-1)}>
          <Icon name="back" />
          <span class="unseen">One entry back</span>
        </button>
        <PlayButton />
        <button type="button" class="tool" title="One entry on (.)" onClick={() => void playhead.step(1)}>
          <Icon name="on" />
          <span class="unseen">One entry on</span>
        </button>
        <label>
          <span class="unseen">Speed</span>
          <select
            value={playhead.speed.value}
            onChange={({ currentTarget }) => {
              playhead.speed.value = Number(currentTarget.value);
            }}
          >
            {SPEEDS.map((speed) => (
              <option key={speed} value={speed}>
                {speed}×
              </option>
            ))}
          </select>
        </label>
      </div>
      <input
        type="range"
        class="track"
        aria-label="Position in the ledger"
        aria-valuetext={said}
        min={first}
        max={head}
        step={1}
        value={position}
        onInput={({ currentTarget }) => void playhead.seek(currentTarget.value)}
      />
      <output class="moment" title={shown?.at}>
        <span data-figure="position">{shown?.position ?? "–"}</span>
        {shown !== null && (
          <>
            <span class="day"> · {dayText(shown.at).slice(0, 10)}</span> {clockText(shown.at)}
          </>
        )}
      </output>
      <GoTo />
      <button type="button" class="button live-button" aria-pressed={isLive} onClick={() => playhead.goLive()}>
        <span class="lamp" aria-hidden="true" />
        {meta.source === "live" ? "Live" : "End"}
      </button>
      {playhead.problem.value !== null && <p role="alert">{playhead.problem.value}</p>}
    </footer>
  );
}

function PlayButton(): JSX.Element {
  const { playhead } = useSession();
  const isPlaying = playhead.isPlaying.value;
  return (
    <button
      type="button"
      class="tool"
      disabled={playhead.isLive.value}
      title={playhead.isLive.value ? "Go back first; then it plays on from there" : "Play, pause (space)"}
      onClick={() => (isPlaying ? playhead.pause() : playhead.play())}
    >
      <Icon name={isPlaying ? "pause" : "play"} />
      <span class="unseen">{isPlaying ? "Pause" : "Play"}</span>
    </button>
  );
}

/** A position as it is, or a time of any form that the browser reads, as the ledger writes it. */
function momentOf(text: string): string | null {
  if (/^\d+$/.test(text)) return text;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function GoTo(): JSX.Element {
  const { playhead } = useSession();
  const field = useRef<HTMLInputElement>(null);
  const [isWrong, setWrong] = useState(false);
  return (
    <form
      class="go-to"
      onSubmit={(event) => {
        event.preventDefault();
        const moment = momentOf(field.current?.value.trim() ?? "");
        setWrong(moment === null);
        if (moment !== null) void playhead.seek(moment);
      }}
    >
      <label>
        <span class="unseen">Go to a position or a time</span>
        <input
          ref={field}
          id="go-to"
          type="text"
          placeholder="position or time"
          autocomplete="off"
          aria-invalid={isWrong}
        />
      </label>
      {isWrong && (
        <span class="problem" role="alert">
          812, or 2026-11-24T14:03
        </span>
      )}
    </form>
  );
}
