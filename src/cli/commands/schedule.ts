/** `schedule`: what is submitted by itself at certain times, and changing that while everything runs. */
import { type Command, Option } from "commander";
import { MISSED_POLICIES, type MissedPolicy } from "../../../events/facts.js";
import type { Questions } from "../../client/questions.js";
import { nextFiring } from "../../cron.js";
import { scheduleName } from "../arguments.js";
import { withSession } from "../asking.js";
import { SCHEDULE_COLUMNS } from "../columns.js";
import { addExamples } from "../examples.js";
import { printDocument, printList } from "../printing.js";
import type { Terminal } from "../terminal.js";
import { addWatch, type ShowOptions, showAnswer } from "../watching.js";
import { scheduleOf } from "./schedule-options.js";
import { firingText, schedulesTable } from "./schedule-table.js";

interface SetOptions {
  readonly template: string;
  readonly cron: string;
  readonly timezone?: string;
  readonly missed?: MissedPolicy;
  readonly disabled?: true;
}

export function defineSchedule(command: Command, terminal: Terminal): void {
  command.description(
    "Schedules submit a job of a template at certain times. They come from the configuration file or from `schedule set`. " +
      "Those of the file are as it says again after the next start, except that one stays disabled if it was.",
  );
  addExamples(command, [
    "signalbox schedule ls",
    `signalbox schedule set digest --template nightly --cron "0 6 * * *" --timezone Europe/Berlin`,
    "signalbox schedule trigger digest",
  ]);
  addList(command, terminal);
  addSet(command, terminal);
  addAct(command, terminal, "enable", {
    summary: "let a schedule fire again",
    description:
      "Lets a schedule fire again, from its next time on. What it left out while it was disabled stays left out.",
    done: "enabled",
    already: "is enabled already",
  });
  addAct(command, terminal, "disable", {
    summary: "keep a schedule from firing",
    description: "Keeps a schedule from firing until it is enabled again. Jobs that it has submitted stay as they are.",
    done: "disabled",
    already: "is disabled already",
  });
  addAct(command, terminal, "trigger", {
    summary: "let a schedule fire now, once",
    description:
      "Submits a job of the schedule's template now, also if it is disabled, and prints the job's id. Its next time stays.",
  });
  addAct(command, terminal, "rm", {
    summary: "remove a schedule",
    description:
      "Removes a schedule. Jobs that it has submitted stay as they are. One of the configuration file is back after the next start.",
    done: "removed",
  });
}

function addList(schedule: Command, terminal: Terminal): void {
  const list = schedule
    .command("ls")
    .summary("list the schedules")
    .description(
      "Lists the schedules: when each fires next, when it last did, how often, and how many of its times were left out.",
    )
    .action((_own: unknown, self: Command) => showAnswer(self, terminal, showSchedules));
  addWatch(list);
  addExamples(list, ["signalbox schedule ls", "signalbox schedule ls -o json", "signalbox schedule ls --at 812"]);
}

async function showSchedules(questions: Questions, { output }: ShowOptions, terminal: Terminal): Promise<void> {
  const schedules = await questions.query("schedules");
  const toText = () => {
    if (schedules.length > 0) return schedulesTable(schedules, terminal);
    terminal.err("no schedules");
    return "";
  };
  printList(terminal, output, schedules, toText, SCHEDULE_COLUMNS);
}

function addSet(schedule: Command, terminal: Terminal): void {
  const set = schedule
    .command("set")
    .summary("make a schedule, or change one")
    .description(
      "Makes a schedule, or makes the one of that name what is said here, as a whole. A change applies from its next firing on; " +
        "jobs that it has submitted stay as they are. Times that pass while no scheduler runs are left out (skip), or the last " +
        "of them is made up for (catch-up-one), or all, up to a hundred (catch-up-all).",
    )
    .argument("<name>", "the schedule's name", scheduleName)
    .requiredOption("--template <name>", "the template of the jobs that it submits")
    .requiredOption("--cron <expression>", `minute, hour, day of the month, month, weekday, such as "0 6 * * *"`)
    .option("--timezone <zone>", "time zone of the expression, such as Europe/Berlin (default: UTC)")
    .addOption(
      new Option("--missed <policy>", "what to do about missed times (default: skip)").choices(MISSED_POLICIES),
    )
    .option("--disabled", "do not let it fire yet")
    .action(async (name: string, { disabled, ...given }: SetOptions, self: Command) => {
      const written = { ...given, enabled: disabled !== true };
      const definition = scheduleOf(written);
      await withSession(self, terminal, async (session, { output }) => {
        const answer = await session.command("schedule", { name, action: "set", schedule: written });
        printDocument(terminal, output, answer, ({ position }) => {
          if (position === null) return `${name} is so already`;
          const next = nextFiring(definition, new Date().toISOString());
          const fires = definition.enabled ? `next firing ${firingText(next)}` : "it is disabled";
          return `set ${name}, recorded at ${position}; ${fires}`;
        });
      });
    });
  addExamples(set, [
    `signalbox schedule set digest --template nightly --cron "0 6 * * *"`,
    `signalbox schedule set digest --template nightly --cron "30 7 * * MON-FRI" --timezone Europe/Berlin --missed catch-up-one`,
  ]);
}

interface Words {
  readonly summary: string;
  readonly description: string;
  /** Without: the id that the answer names is all that is said. */
  readonly done?: string;
  readonly already?: string;
}

function addAct(
  schedule: Command,
  terminal: Terminal,
  action: "enable" | "disable" | "trigger" | "rm",
  { summary, description, done, already = "is so already" }: Words,
): void {
  const act = schedule
    .command(action)
    .summary(summary)
    .description(description)
    .argument("<name>", "the schedule's name", scheduleName)
    .action(async (name: string, _own: unknown, self: Command) => {
      await withSession(self, terminal, async (session, { output }) => {
        const answer = await session.command("schedule", { name, action });
        printDocument(terminal, output, answer, ({ position, id }) => {
          if (done === undefined) return id ?? "";
          return position === null ? `${name} ${already}` : `${done} ${name}, recorded at ${position}`;
        });
      });
    });
  addExamples(act, [`signalbox schedule ${action} digest`, `signalbox schedule ${action} digest -o json`]);
}
