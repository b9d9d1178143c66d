/** What other limits would have done, for the page: the same comparison as `signalbox whatif --limits`, of one variant. */
import { capacities, type Limits } from "../../events/limits.js";
import { type ComparedColumn, comparisonOf } from "../client/comparison.js";
import { ledgerText } from "../client/entries.js";
import { parseUntil, type Until } from "../client/until.js";
import { playVariant, readWorkload } from "../client/whatif.js";
import { RequestRefused } from "./refusal.js";
import type { WhatIf } from "./what-if.js";

export const otherLimits: WhatIf = async (ledger, { limits, from, to }, signal) => {
  const workload = await readWorkload(await ledgerText(ledger), {
    until: momentOf(to),
    from: momentOf(from),
    signal,
    onEntry: () => {},
  });
  signal.throwIfAborted();
  if (workload.lives.length === 0)
    throw new RequestRefused("not-found", "there is no job yet: nothing to decide again");
  const variant = { limits: () => limits, priority: "recorded", from: workload.from } as const;
  const measured = await playVariant(workload, variant, { signal, onEntries: () => {} });
  signal.throwIfAborted();
  const column: ComparedColumn = { name: textOf(limits), strategy: null, priority: "recorded", limits, ...measured };
  return { report: comparisonOf(workload, [column]) };
};

const textOf = (limits: Limits): string =>
  [...capacities(limits)].map(([pool, units]) => `${pool}=${units}`).join(" ") || "no limits";

function momentOf(text: string | undefined): Until | null {
  if (text === undefined) return null;
  const until = parseUntil(text);
  if (until === null) throw new RequestRefused("invalid", `${text} is neither a position nor a time`);
  return until;
}
