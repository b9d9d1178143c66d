/** A retry repeats what the index has forgotten of an ended job: that is read from the ledger before the order is decided. */
import { isPlainObject } from "../../events/json.js";
import type { JobId } from "../../events/names.js";
import { isTerminal } from "../../events/states.js";
import type { Fold } from "../../projections/fold.js";
import { stateOf } from "../../projections/jobs.js";
import { historyOf } from "../../projections/views/views.js";
import { entriesOf, readFacts } from "../log/job-facts.js";
import type { Log } from "../log/log.js";
import type { Order } from "./arrivals.js";

/** `query` asks the projection when it is not ahead of what is stored. Other orders come back as they are. */
export async function completeOrder(
  order: Order,
  query: <T>(ask: (fold: Fold) => T) => Promise<T>,
  ledger: Log,
): Promise<Order> {
  if (order.verb !== "retry" || "unreadable" in order.content) return order;
  const { value } = order.content;
  const id = isPlainObject(value) ? value["id"] : undefined;
  const addresses = await query((fold) => {
    const row = fold.jobs.get(id as JobId);
    return row !== undefined && row.spec !== null && isTerminal(stateOf(row)) ? [...row.addresses] : null;
  });
  if (addresses === null) return order;
  const { params } = historyOf(await readFacts(addresses, entriesOf(ledger)));
  return { ...order, original: { params, facts: addresses.length / 2 } };
}
