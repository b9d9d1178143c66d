/** `slots`: the slot projection, pool by pool. */
import type { Command } from "commander";
import type { PoolView, SlotsView } from "../../../projections/views/views.js";
import type { Questions } from "../../client/questions.js";
import { POOL_COLUMNS } from "../columns.js";
import { addExamples } from "../examples.js";
import { printDocument } from "../printing.js";
import { drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { addWatch, type ShowOptions, showAnswer } from "../watching.js";
import { span } from "../wording.js";

export function defineSlots(command: Command, terminal: Terminal): void {
  command
    .description(
      "Shows every pool: its capacity, how many units are used and free, how many jobs and reservations wait for it, and who holds its slots since when.",
    )
    .action((_own: unknown, self: Command) => showAnswer(self, terminal, showSlots));
  addWatch(command);
  addExamples(command, [
    "signalbox slots",
    "signalbox slots --watch",
    "signalbox slots --log backup.jsonl --at 2026-12-01T08:00:00Z",
  ]);
}

async function showSlots(questions: Questions, { output }: ShowOptions, terminal: Terminal): Promise<void> {
  const slots = await questions.query("slots");
  const rows = { items: slots.pools, columns: POOL_COLUMNS };
  printDocument(terminal, output, slots, () => slotsTable(slots, terminal), rows);
}

/** `3`, or `3 + 1 direct` if a reservation waits too. */
const waitingText = ({ waiting, waitingReservations = 0 }: PoolView): string =>
  waitingReservations === 0 ? String(waiting) : `${waiting} + ${waitingReservations} direct`;

function slotsTable({ pools, position, at }: SlotsView, terminal: Terminal): string {
  const { colors } = terminal;
  const holders = (pool: PoolView) =>
    pool.holders
      .map(({ job, units, since, reservation = false }) => {
        const held = span(since, null, Date.now());
        return `${job}${units === 1 ? "" : ` ×${units}`} (${reservation ? `direct, ${held}` : held})`;
      })
      .join(", ");
  const table = drawTable(
    pools,
    [
      {
        title: "POOL",
        text: ({ name, paused }) => (paused ? `${name} (paused)` : name),
        paint: (cell, { paused }) => (paused ? colors.yellow(cell) : cell),
      },
      { title: "CAPACITY", text: ({ capacity }) => String(capacity), align: "right" },
      {
        title: "USED",
        text: ({ used }) => String(used),
        align: "right",
        paint: (cell, { used, capacity }) => (used > capacity ? colors.red(cell) : cell),
      },
      { title: "FREE", text: ({ free }) => String(free), align: "right" },
      { title: "WAITING", text: waitingText, align: "right" },
      { title: "HOLDERS", text: holders, mayShrink: true },
    ],
    terminal,
  );
  return `${table}\n${colors.dim(`as of position ${position}, ${at}`)}`;
}
