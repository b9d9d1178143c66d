/** A block in words: what of a pool keeps a job waiting, or kept it, as a part of a sentence. */
import type { Block } from "../../events/facts.js";
import type { JobRow } from "../jobs.js";
import { type ExplainedBlock, NAMED_MAX, type Precedence } from "./blocks.js";
import { clockTime, listed, names } from "./phrases.js";

/** A block as the ledger has it, or with what only an explanation knows. */
type ToldBlock = Block & Partial<Pick<ExplainedBlock, "held" | "rivals">>;

export interface Telling {
  readonly row: JobRow;
  /** The time as of which it is told. */
  readonly asOf: string;
  /** True where it is over. */
  readonly isPast: boolean;
  /** Since when the cause of a block holds; null if that is not known. */
  readonly sinceOf: (block: Block) => string | null;
}

const NOW = { is: "is", are: "are", runs: "runs", demands: "demands", needs: "needs" };
const THEN: typeof NOW = { is: "was", are: "were", runs: "ran", demands: "demanded", needs: "needed" };

export function reasonOf(block: ToldBlock, telling: Telling): string {
  const { pool, capacity, needs, cause } = block;
  const { row, isPast, asOf, sinceOf } = telling;
  const verb = isPast ? THEN : NOW;
  const at = sinceOf(block);
  const since = at === null ? "" : ` since ${clockTime(at, asOf)}`;
  switch (cause) {
    case "full":
      return fullPool(block, telling);
    case "paused":
      return `pool ${pool} ${verb.is} paused${since}`;
    case "over-capacity":
      return `it ${verb.demands} ${needs} of ${pool}, whose capacity ${verb.is} ${capacity}${since || " since the limits changed"}`;
    case "no-worker":
      return `no worker ${verb.runs} type ${row.askedType}${since}`;
    default:
      return cause satisfies never;
  }
}

function fullPool(block: ToldBlock, { isPast, asOf }: Telling): string {
  const { pool, capacity, used, needs, holders, ahead } = block;
  const verb = isPast ? THEN : NOW;
  const what = pool === "workers" ? "a worker's seat" : pool;
  const usage = `${used} of ${capacity} used${holders.length === 0 ? "" : ` by ${heldBy(block, asOf)}`}`;
  const need = needs === 1 ? "" : `, it ${verb.needs} ${needs}`;
  const isRoomLeft = capacity - used >= needs;
  if (ahead.length === 0) return `${what}: ${usage}${need}${isRoomLeft ? `, but it ${verb.is} not its turn yet` : ""}`;
  const rivals = `${names(ahead, NAMED_MAX)} ${ahead.length === 1 ? verb.is : verb.are} ahead of it${because(block)}`;
  return `${what}: ${usage}${need}${isRoomLeft ? ", but the rest is kept for others: " : "; "}${rivals}`;
}

/** The holders as far as they are named, and since when; the time is told once if it is the same for all. */
function heldBy({ holders, held = [] }: ToldBlock, asOf: string): string {
  const since = new Map(held.map((one) => [one.job, one.since]));
  return sinceTimes(
    holders.map((job) => ({ job, since: since.get(job) ?? null })),
    asOf,
  );
}

export function sinceTimes(holders: readonly { readonly job: string; readonly since: string | null }[], asOf: string) {
  const [first] = holders;
  const time = (since: string | null) => (since === null ? "" : ` since ${clockTime(since, asOf)}`);
  const jobs = holders.map(({ job }) => job);
  if (holders.every(({ since }) => since === first?.since))
    return `${names(jobs, NAMED_MAX)}${time(first?.since ?? null)}`;
  return names(
    holders.map(({ job, since }) => `${job}${time(since)}`),
    NAMED_MAX,
  );
}

export const PRECEDENCE: Readonly<Record<Precedence, string>> = {
  reserved: "reservations go first",
  priority: "higher priority",
  place: "earlier in line",
  moved: "moved before it",
  created: "created earlier",
  id: "as old, and first by its id",
};

function because({ rivals = [] }: ToldBlock): string {
  const reasons = new Set(rivals.map(({ why }) => PRECEDENCE[why]));
  return reasons.size === 0 ? "" : ` (${listed([...reasons])})`;
}
