/** What has to happen before a waiting job starts, in a sentence. */

import type { JobRow } from "../jobs.js";
import type { ExplainedBlock, WaitingAnswer } from "./blocks.js";
import { NAMED_MAX } from "./blocks.js";
import { listed, names } from "./phrases.js";

export function nextStep({ verdict, blockedBy }: WaitingAnswer, row: JobRow): string {
  if (verdict === "startable") return "The scheduler's next decision starts it.";
  const stuck = blockedBy.filter(({ cause }) => cause !== "full");
  if (stuck.length > 0) return `${capital(listed(stuck.map((block) => remedy(block, row))))}.`;
  const ended = new Set(blockedBy.flatMap((block) => whatEnds(block) ?? []));
  const ahead = new Set(blockedBy.flatMap((block) => block.ahead));
  const turn = ahead.size === 1 ? "has had its turn" : "have had their turn";
  const turns = ahead.size === 0 ? [] : [`${names([...ahead], NAMED_MAX)} ${turn}`];
  const conditions = [...ended, ...turns];
  return conditions.length === 0 ? "Its turn has to come." : `It starts when ${listed(conditions)}.`;
}

function remedy({ pool, cause, needs }: ExplainedBlock, row: JobRow): string {
  switch (cause) {
    case "paused":
      return `pool ${pool} has to be resumed`;
    case "over-capacity":
      return `the capacity of ${pool} has to be raised to ${needs}, or the job to be cancelled`;
    case "no-worker":
      return `a worker that runs type ${row.askedType} has to join`;
    case "full":
      return `room has to come in ${pool}`;
    default:
      return cause satisfies never;
  }
}

/** What of a pool has to be given back; null where there is room already. */
function whatEnds({ pool, capacity, used, needs, holders, held }: ExplainedBlock): string | null {
  const short = needs - (capacity - used);
  if (short <= 0) return null;
  const isAnyEnough = held.length === holders.length && held.every(({ units }) => units >= short);
  if (isAnyEnough && holders.length === 1) return `${holders.join()} has ended`;
  if (isAnyEnough && holders.length > 1) return `one of ${names(holders)} has ended`;
  const what = pool === "workers" ? "seats" : `units of ${pool}`;
  return short === 1 ? `one of ${names(holders, NAMED_MAX)} has ended` : `${short} ${what} have been given back`;
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
