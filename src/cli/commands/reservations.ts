/** `reservations`: who holds slots for direct execution, and who waits to. */
import type { Command } from "commander";
import { formatDuration } from "../../../events/duration.js";
import type { ReservationView } from "../../../projections/views/views.js";
import type { Questions } from "../../client/questions.js";
import { RESERVATION_COLUMNS } from "../columns.js";
import { addExamples } from "../examples.js";
import { printList } from "../printing.js";
import { drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { addWatch, type ShowOptions, showAnswer } from "../watching.js";
import { demandText, relativeTime } from "../wording.js";
import { waitingText } from "./run-waiting.js";

export function defineReservations(command: Command, terminal: Terminal): void {
  command
    .description(
      "Lists the reservations of `signalbox run`, of the library and of the API: first those that hold their slots, then those\n" +
        "that wait, in their order. They go before every queued job; of those with the same pools one holds slots at a time.",
    )
    .action((_own: unknown, self: Command) => showAnswer(self, terminal, showReservations));
  addWatch(command);
  addExamples(command, [
    "signalbox reservations",
    "signalbox reservations --watch",
    "signalbox reservations --at 812 -o json",
  ]);
}

async function showReservations(questions: Questions, { output }: ShowOptions, terminal: Terminal): Promise<void> {
  const reservations = await questions.query("reservations");
  printList(terminal, output, reservations, () => reservationsTable(reservations, terminal), RESERVATION_COLUMNS);
}

function reservationsTable(reservations: readonly ReservationView[], terminal: Terminal): string {
  if (reservations.length === 0) {
    terminal.err("no reservations");
    return "";
  }
  const now = Date.now();
  const { cyan, yellow } = terminal.colors;
  return drawTable(
    reservations,
    [
      { title: "RESERVATION", text: ({ id }) => id, mayShrink: true },
      {
        title: "STATE",
        text: ({ state }) => state,
        paint: (cell, { state }) => (state === "granted" ? cyan(cell) : yellow(cell)),
      },
      { title: "SINCE", text: ({ since, requestedAt }) => relativeTime(since ?? requestedAt, now) },
      { title: "LEASE", text: ({ leaseMs }) => formatDuration(leaseMs), align: "right" },
      { title: "TAKES", text: ({ demand }) => demandText(demand) || "no slots", mayShrink: true },
      { title: "HOLDER", text: ({ holder }) => holder, mayShrink: true },
      {
        title: "WAITS FOR",
        text: (one) => (one.state === "granted" ? "" : waitingText(one, now)),
        mayShrink: true,
      },
    ],
    terminal,
  );
}
