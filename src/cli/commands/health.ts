/** `health`: who leads, since when, and how much there is to do. */
import type { Command } from "commander";
import { JOB_STATES } from "../../../events/states.js";
import type { HealthAnswer } from "../../client/questions.js";
import { withQuestions } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { printDocument } from "../printing.js";
import { drawPairs } from "../table.js";
import type { Terminal } from "../terminal.js";
import { relativeTime } from "../wording.js";

export function defineHealth(command: Command, terminal: Terminal): void {
  command
    .description(
      "Says who leads since when, how far the ledger has come, and how many jobs are in which state. The exit code is 1 if no scheduler answers.",
    )
    .action(async (_own: unknown, self: Command) => {
      await withQuestions(self, terminal, async (questions, { output, log, at }) => {
        const health = await questions.query("health");
        printDocument(terminal, output, health, (shown) => healthText(shown, terminal));
        const isAboutNow = log === undefined && at === undefined;
        if (isAboutNow && health.role === "reader") throw CliFailure.failed("no scheduler leads now");
      });
    });
  addExamples(command, ["signalbox health", "signalbox health -o json --nats nats://127.0.0.1:4222"]);
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
