/** `job <id>`: one job with its attempts and its history. */
import type { Command } from "commander";
import type { AttemptView, HistoryItem, JobView } from "../../../projections/views/views.js";
import { readResult } from "../../client/result.js";
import { withQuestions, withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { printDocument } from "../printing.js";
import { drawPairs, drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { oneLine } from "../text-width.js";
import { demandText, labelsText, membershipText, paintState, relativeTime, span } from "../wording.js";
import { jobEnding } from "./job-end.js";

export function defineJob(command: Command, terminal: Terminal): void {
  command
    .description(
      "Shows one job: its state, what it demands, its attempts, its result, and every fact about it with its address.",
    )
    .argument("<id>", "the job's id")
    .option("--result", "print only the result, fetched from the object store if it is a large one")
    .action(async (id: string, { result }: { result?: true }, self: Command) => {
      if (result === true) return printResult(id, self, terminal);
      await withQuestions(self, terminal, async (questions, { output }) => {
        printDocument(terminal, output, await questions.query("job", { id }), (job) => jobText(job, terminal));
      });
    });
  addExamples(command, ["signalbox job j42", "signalbox job chapter-7 --result > chapter-7.json"]);
}

async function printResult(id: string, self: Command, terminal: Terminal): Promise<void> {
  await withSession(self, terminal, async (session) => {
    const job = await session.query("job", { id });
    if (job.state !== "completed") throw CliFailure.failed(`${id} is ${job.state} and has no result`);
    terminal.out(JSON.stringify(await readResult(session, job), null, 2));
  });
}

function jobText(job: JobView, terminal: Terminal): string {
  const { colors } = terminal;
  const now = Date.now();
  const parts = [
    drawPairs(
      [
        ["job", job.id],
        ["type", job.type],
        ["state", paintState(colors, job.state, job.state)],
        ["reason", job.reason === null ? null : oneLine(job.reason)],
        ["created", `${job.createdAt} (${relativeTime(job.createdAt, now)})`],
        ["priority", String(job.priority)],
        ["place", String(job.position)],
        ["attempt", `${job.attempt} of ${job.maxAttempts}`],
        ["needs", demandText(job.demand) || null],
        ["labels", oneLine(labelsText(job.labels)) || null],
        ["group", job.group === null ? null : membershipText(job.group)],
        ["retry of", job.retryOf],
        ["params", oneLine(JSON.stringify(job.params))],
      ],
      terminal,
    ),
  ];
  if (job.attempts.length > 0) parts.push(attemptsTable(job.attempts, terminal, now));
  parts.push(historyTable(job.history, terminal));
  const ending = jobEnding(job);
  if (ending !== "") parts.push(ending.replaceAll(/[^\P{Cc}\n\t]/gu, "\uFFFD"));
  return parts.join("\n\n");
}

function attemptsTable(attempts: readonly AttemptView[], terminal: Terminal, now: number): string {
  return drawTable(
    attempts,
    [
      { title: "TRY", text: ({ number }) => String(number), align: "right" },
      { title: "GRANT", text: ({ grant }) => String(grant), align: "right" },
      { title: "GRANTED", text: ({ grantedAt }) => relativeTime(grantedAt, now) },
      { title: "RAN", text: ({ startedAt, finishedAt }) => span(startedAt, finishedAt, now) },
      { title: "OUTCOME", text: ({ outcome }) => outcome ?? "–" },
      { title: "EXIT", text: ({ exitCode }) => (exitCode === null ? "–" : String(exitCode)), align: "right" },
      { title: "WORKER", text: ({ worker }) => worker, mayShrink: true },
      { title: "ERROR", text: ({ error }) => error ?? "", mayShrink: true },
    ],
    terminal,
  );
}

function historyTable(history: readonly HistoryItem[], terminal: Terminal): string {
  return drawTable(
    history,
    [
      { title: "ADDRESS", text: ({ position }) => position },
      { title: "AT", text: ({ at }) => at },
      { title: "FACT", text: ({ fact }) => fact },
      { title: "STATE", text: ({ from, to }) => (from === to ? to : `${from === null ? "" : `${from} `}→ ${to}`) },
    ],
    terminal,
  );
}
