/**
 * How many stand in each state of a machine, of what the ledger tells. Of jobs it tells all. Of a worker's seats it tells which
 * are taken and what the job in them is doing; of dispatchers only who leads: what they do between two entries is not recorded.
 */

import type { Board } from "../../protocol.js";
import { itemsOf } from "./board-items.js";

export const UNITS: Readonly<Record<string, string>> = {
  job: "jobs",
  dispatcher: "dispatchers that lead",
  worker: "seats",
};

export function countsIn(machine: string, board: Board): Readonly<Record<string, number>> {
  switch (machine) {
    case "job":
      return board.counts;
    case "dispatcher":
      return board.leader === null ? {} : { leading: 1 };
    case "worker": {
      const { granted, running, cancelling } = board.counts;
      const idle = itemsOf(board.workers).reduce((sum, { free }) => sum + free, 0);
      return { idle, starting: granted, running, stopping: cancelling };
    }
    default:
      return {};
  }
}
