/** `health`: who leads, since when, and how much there is to do. */
import type { Command } from "commander";
import { JOB_STATES } from "../../../events/states.js";
import type { HealthAnswer, Questions } from "../../client/questions.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { printDocument } from "../printing.js";
import { drawPairs } from "../table.js";
import type { Terminal } from "../terminal.js";
import { addWatch, type ShowOptions, showAnswer } from "../watching.js";
import { relativeTime } from "../wording.js";

export function defineHealth(command: Command, terminal: Terminal): void {
  command
    .description(
      "Says who leads since when, how far the ledger has come, and how many jobs are in which state. The exit code is 1 if no scheduler answers.",
    )
    .action((_own: unknown, self: Command) => showAnswer(self, terminal, showHealth));
  addWatch(command);
  addExamples(command, [
    "signalbox health",
    "signalbox health --watch",
    "signalbox health -o json --nats nats://127.0.0.1:4222",
  ]);
}

async function showHealth(
  questions: Questions,
  { output, log, at, watch }: ShowOptions,
  terminal: Terminal,
): Promise<void> {
  const health = await questions.query("health");
  printDocument(terminal, output, health, (shown) => healthText(shown, terminal));
  const isAsked = log === undefined && at === undefined && watch !== true;
  if (isAsked && health.role === "reader") throw CliFailure.failed("no scheduler leads now");
}

function healthText(
  { role, version, leader, epoch, position, at, jobs, workers }: HealthAnswer,
  terminal: Terminal,
): string {
  const now = Date.now();
  const counts = JOB_STATES.filter((state) => jobs[state] > 0).map((state) => `${jobs[state]} ${state}`);
  return drawPairs(
    [
      ["answers", role === "reader" ? "nobody; read from the ledger" : `the ${role}, version ${version}`],
      [
        "leader",
        leader === null
          ? "never elected"
          : `${leader.dispatcher}, process ${leader.pid}, elected ${relativeTime(leader.since, now)}`,
      ],
      ["epoch", String(epoch)],
      ["ledger", position === 0 ? "empty" : `position ${position}, ${relativeTime(at, now)}`],
      ["workers", String(workers)],
      ["jobs", counts.join(", ") || "none"],
    ],
    terminal,
  );
}
