/** `workers`: who runs jobs, and which. */
import type { Command } from "commander";
import type { WorkersView } from "../../../projections/views/views.js";
import type { Questions } from "../../client/questions.js";
import { WORKER_COLUMNS } from "../columns.js";
import { addExamples } from "../examples.js";
import { printDocument } from "../printing.js";
import { drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { addWatch, type ShowOptions, showAnswer } from "../watching.js";
import { relativeTime } from "../wording.js";

export function defineWorkers(command: Command, terminal: Terminal): void {
  command
    .description(
      "Lists the workers, the longest serving first: those inside schedulers and the remote ones, where each runs, how many\n" +
        "jobs at once, of which types, and which it runs now.",
    )
    .action((_own: unknown, self: Command) => showAnswer(self, terminal, showWorkers));
  addWatch(command);
  addExamples(command, ["signalbox workers", "signalbox workers --watch", "signalbox workers -o json"]);
}

async function showWorkers(questions: Questions, { output }: ShowOptions, terminal: Terminal): Promise<void> {
  const view = await questions.query("workers");
  const rows = { items: view.workers, columns: WORKER_COLUMNS };
  printDocument(terminal, output, view, () => workersTable(view, terminal), rows);
}

function workersTable({ workers }: WorkersView, terminal: Terminal): string {
  if (workers.length === 0) {
    terminal.err("no workers");
    return "";
  }
  const now = Date.now();
  return drawTable(
    workers,
    [
      { title: "WORKER", text: ({ id, leaving }) => (leaving ? `${id} (leaving)` : id), mayShrink: true },
      { title: "KIND", text: ({ remote }) => (remote ? "remote" : "in scheduler") },
      { title: "HOST", text: ({ host }) => hostName(host), mayShrink: true },
      { title: "PROCESS", text: ({ pid }) => (pid === 0 ? UNKNOWN : String(pid)), align: "right" },
      { title: "JOINED", text: ({ joinedAt }) => relativeTime(joinedAt, now) },
      { title: "SEATS", text: ({ capacity }) => String(capacity), align: "right" },
      { title: "USED", text: ({ used }) => String(used), align: "right" },
      { title: "TYPES", text: ({ types }) => types?.join(", ") ?? "all", mayShrink: true },
      { title: "JOBS", text: ({ jobs }) => jobs.join(", "), mayShrink: true },
    ],
    terminal,
  );
}

/** What a worker in another language need not tell. */
const UNKNOWN = "–";

/** A host's identity begins with its name; what follows tells one boot, and one container, from the next. */
const hostName = (host: string): string => host.split(" ")[0] || UNKNOWN;
