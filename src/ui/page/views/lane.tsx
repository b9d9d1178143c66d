/** A pool as a piece of track: its line waits before the signal, and behind it are the blocks that the holders occupy. */
import type { JSX } from "preact";
import type { Board, BoardHolder, BoardPool } from "../../protocol.js";
import { JobLink } from "../parts/job-link.js";
import { poolParts, reasonText } from "../parts/pool-words.js";
import { aspectOf, Semaphore } from "../parts/semaphore.js";
import { StateMark } from "../parts/state-mark.js";
import { sinceText, spanText } from "../parts/times.js";
import { itemsOf, jobOn } from "../state/board-items.js";
import { type LeaseLeft, useLeaseLeft } from "../state/lease-left.js";
import { useSession } from "../state/session.js";
import { LaneActions } from "./lane-actions.js";

/** More blocks than this are not drawn one by one. */
const BLOCKS_DRAWN_MAX = 16;

/** Of a line the overview shows the head. */
const BRIEF_LINE_MAX = 8;

interface LaneProps {
  readonly board: Board;
  readonly pool: BoardPool;
  readonly isBrief?: boolean;
}

export function Lane({ board, pool, isBrief = false }: LaneProps): JSX.Element {
  const { name, capacity, used, paused, waiting, waitingReservations = 0 } = pool;
  const { kind, short } = poolParts(name);
  const id = `lane-${name.replace(":", "-")}`;
  return (
    <section class={`lane${paused ? " paused" : ""}${isBrief ? " brief" : ""}`} aria-labelledby={id} data-pool={name}>
      <header class="lane-head">
        <h3 id={id}>
          {short}
          {kind !== "" && <small> {kind}</small>}
        </h3>
        <p class="figures">
          <span class={used > capacity ? "over" : ""} data-figure="used">
            {used}
          </span>{" "}
          of <span data-figure="capacity">{capacity}</span> used · <span data-figure="waiting">{waiting}</span> waiting
          {waitingReservations > 0 && ` · ${waitingReservations} direct`}
        </p>
        {paused && <strong class="tag paused-tag">‖ paused</strong>}
        {used > capacity && <strong class="tag over-tag">! over the limit</strong>}
        {!isBrief && <LaneActions pool={pool} />}
      </header>
      <div class="lane-track">
        <Line board={board} pool={pool} isBrief={isBrief} />
        <Semaphore aspect={aspectOf(pool)} />
        <Blocks board={board} pool={pool} />
      </div>
    </section>
  );
}

function Line({ board, pool, isBrief }: { board: Board; pool: BoardPool; isBrief: boolean }): JSX.Element {
  const { now } = useSession();
  const { short } = poolParts(pool.name);
  const line = isBrief ? pool.line.slice(0, BRIEF_LINE_MAX) : pool.line;
  return (
    <ol class="line" aria-label={`Waiting for ${short}, in the order of granting`}>
      {line.map((id, index) => {
        const job = jobOn(board, id);
        const reason = job === undefined ? "" : reasonText(job.blockedBy);
        const since = job === undefined ? "" : `since ${sinceText(now.value - Date.parse(job.createdAt))}`;
        return (
          <li key={id} class="car" title={`${index + 1}. ${id}: ${reason}; ${since}`}>
            <span class="place" aria-hidden="true">
              {index + 1}
            </span>
            <JobLink id={id} />
            {job !== undefined && job.priority !== 0 && (
              <span class="priority" title="priority">
                <span class="unseen">priority </span>
                {job.priority > 0 ? `↑${job.priority}` : `↓${-job.priority}`}
              </span>
            )}
            <span class={isBrief ? "unseen" : "reason"}>{reason}</span>
          </li>
        );
      })}
      {pool.waiting > line.length && <li class="more">+ {pool.waiting - line.length} more</li>}
      {pool.waiting === 0 && <li class="nobody">nobody waits</li>}
    </ol>
  );
}

function Blocks({ board, pool }: { board: Board; pool: BoardPool }): JSX.Element {
  const { name, capacity, free, holders } = pool;
  const { short } = poolParts(name);
  const drawnFree = Math.max(0, Math.min(free, BLOCKS_DRAWN_MAX - holders.ids.length));
  return (
    <ol class="blocks" aria-label={`Slots of ${short}`}>
      {itemsOf(holders).map((holder) => (
        <Block key={holder.job} {...{ holder, board, capacity }} />
      ))}
      {holders.total > holders.ids.length && <li class="block more">+ {holders.total - holders.ids.length}</li>}
      {Array.from({ length: drawnFree }, (_, index) => (
        <li key={`free-${index}`} class="block free">
          <span class="unseen">free</span>
        </li>
      ))}
      {free > drawnFree && <li class="block free more">+ {free - drawnFree} free</li>}
    </ol>
  );
}

function Block({ holder, board, capacity }: { holder: BoardHolder; board: Board; capacity: number }): JSX.Element {
  const { now } = useSession();
  const { job, units, since, worker, reservation } = holder;
  const lease = useLeaseLeft(holder);
  const state = reservation === true ? undefined : jobOn(board, job)?.state;
  const held = sinceText(now.value - Date.parse(since));
  return (
    <li
      class={`block taken${reservation === true ? " direct" : ` st-${state ?? "running"}`}`}
      style={{ flexGrow: Math.min(units, capacity) }}
      title={`${job} holds ${units} on ${worker}, since ${since}; ${leaseSentence(holder, lease)}`}
      data-holder={job}
    >
      {reservation === true ? <span class="job-id">⚑ {job}</span> : <JobLink id={job} />}
      <span class="held">
        {state !== undefined && <StateMark state={state} />} {units > 1 && `${units} × `}
        {held}
        <small class={lease?.isEnding === true ? "ending" : undefined}> {leaseText(holder, lease)}</small>
      </span>
      {lease !== null && (
        <span class={`lease-left${lease.isEnding ? " ending" : ""}`} aria-hidden="true">
          <span style={{ width: `${(100 * lease.leftMs) / lease.leaseMs}%` }} />
        </span>
      )}
    </li>
  );
}

function leaseText({ leaseMs }: BoardHolder, lease: LeaseLeft | null): string {
  if (lease === null) return `lease ${spanText(leaseMs)}`;
  return `${lease.isEnding ? "! " : ""}lease ${sinceText(lease.leftMs)} left of ${spanText(lease.leaseMs)}`;
}

function leaseSentence({ leaseMs }: BoardHolder, lease: LeaseLeft | null): string {
  if (lease === null) return `its lease of ${spanText(leaseMs)} is renewed while the holder lives`;
  const left = `${sinceText(lease.leftMs)} of its lease of ${spanText(lease.leaseMs)} are left`;
  return lease.isEnding ? `${left}, and it was not renewed when it should have been` : `${left}, and it is renewed`;
}
