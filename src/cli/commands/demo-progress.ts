/**
 * Shows the demo as it runs: on a terminal a block that is redrawn (pools as bars with their holders, jobs by state),
 * elsewhere one line a fact. It knows only what the ledger says.
 */
import type { Entry } from "../../../events/entry.js";
import type { Fact } from "../../../events/facts.js";
import { factAddress, type Position } from "../../../events/names.js";
import { JOB_STATES } from "../../../events/states.js";
import type { Fold } from "../../../projections/fold.js";
import { healthView, type PoolView, slotsView } from "../../../projections/views/views.js";
import type { Terminal } from "../terminal.js";

export interface DemoProgress {
  /** `fold` has just folded this entry. */
  show(position: Position, entry: Entry, fold: Fold): void;
  /** Leaves the last picture in place. */
  end(): void;
}

/** More often than this nobody can read it. */
const REDRAW_MS_MIN = 80;
/** The latest facts, below the bars. */
const FACTS_SHOWN = 5;

export function showProgress(terminal: Terminal, wantsBlock: boolean): DemoProgress {
  return wantsBlock ? redrawnBlock(terminal) : plainLines(terminal);
}

function plainLines(terminal: Terminal): DemoProgress {
  return {
    show: (position, { facts }) => {
      for (const [index, fact] of facts.entries()) {
        const text = factText(fact);
        if (text !== null) terminal.err(`${factAddress(position, index).padStart(6)}  ${text}`);
      }
    },
    end: () => {},
  };
}

function redrawnBlock(terminal: Terminal): DemoProgress {
  const latest: string[] = [];
  let drawnLines = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let pending: Fold | null = null;

  function draw(fold: Fold): void {
    const lines = [...blockLines(fold, terminal), "", ...latest.map((text) => terminal.colors.dim(text))];
    // Up to the first line of the last picture, and away with it.
    const back = drawnLines === 0 ? "" : `\x1b[${drawnLines}A\x1b[0J`;
    terminal.write(`${back}${lines.join("\n")}\n`);
    drawnLines = lines.length;
    drawnAt = performance.now();
    pending = null;
  }

  return {
    show: (position, { facts }, fold) => {
      for (const [index, fact] of facts.entries()) {
        const text = factText(fact);
        if (text !== null) latest.push(cut(`${factAddress(position, index).padStart(6)}  ${text}`, terminal.width));
      }
      latest.splice(0, latest.length - FACTS_SHOWN);
      if (performance.now() - drawnAt >= REDRAW_MS_MIN) draw(fold);
      else pending = fold;
    },
    end: () => {
      if (pending !== null) draw(pending);
    },
  };
}

/** A bar for each pool, then how many jobs are in each state. */
function blockLines(fold: Fold, { colors, width }: Terminal): string[] {
  const { pools } = slotsView(fold);
  const nameWidth = Math.max(0, ...pools.map(({ name }) => name.length));
  const barWidth = Math.max(0, ...pools.map(({ capacity }) => capacity));
  const { jobs } = healthView(fold, { role: "reader" });
  const counts = JOB_STATES.filter((state) => jobs[state] > 0).map((state) => `${jobs[state]} ${state}`);
  return [
    ...pools.map((pool) => {
      const head = pool.name.padEnd(nameWidth);
      const rest = cut(poolText(pool), width - nameWidth - barWidth - 2);
      const gap = " ".repeat(barWidth - pool.capacity);
      const bar = colors.green("█".repeat(pool.used)) + colors.dim("░".repeat(pool.free));
      return `${head} ${bar}${gap} ${rest}`;
    }),
    cut(counts.length === 0 ? "no jobs yet" : counts.join("  "), width),
  ];
}

function poolText({ used, capacity, holders, waiting }: PoolView): string {
  const held = holders.length === 0 ? "free" : holders.map(({ job }) => job).join(" ");
  return `${used}/${capacity}  ${held}${waiting === 0 ? "" : `  (${waiting} waiting)`}`;
}

/** One fact in a line, or null if it says nothing to a spectator. */
function factText(fact: Fact): string | null {
  if (!("job" in fact)) return null;
  const what = fact.type.padEnd("JobSubmitted ".length);
  switch (fact.type) {
    case "JobSubmitted":
      return `${what} ${fact.job}  priority ${fact.spec.priority}`;
    case "JobRejected":
      return `${what} ${fact.job}  ${fact.reason}`;
    case "StartGranted":
      return `${what} ${fact.job}  ${Object.entries(fact.demand)
        .map(([pool, units]) => `${pool}=${units}`)
        .join(" ")}`;
    case "StartDenied":
      return `${what} ${fact.job}  ${fact.blockedBy.map(({ pool, cause }) => `${pool} is ${cause}`).join(", ")}`;
    case "RunFailed":
    case "RunTimedOut":
    case "LeaseExpired":
      return `${what} ${fact.job}  ${fact.error.message}${fact.retryAt === null ? "" : "; to be tried again"}`;
    default:
      return `${what} ${fact.job}`;
  }
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
