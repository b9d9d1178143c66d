/** The program with all its commands. Each command registers itself; a new one is one more line here. */
import { Command } from "commander";
import { VERSION } from "../version.js";
import { registerAmend } from "./commands/amend.js";
import { registerCancel } from "./commands/cancel.js";
import { registerDemo } from "./commands/demo.js";
import { registerDoctor } from "./commands/doctor.js";
import { registerExplain } from "./commands/explain.js";
import { registerGraph } from "./commands/graph.js";
import { registerGroup } from "./commands/group.js";
import { registerGroups } from "./commands/groups.js";
import { registerHealth } from "./commands/health.js";
import { registerJob } from "./commands/job.js";
import { registerJobs } from "./commands/jobs.js";
import { registerLimits } from "./commands/limits.js";
import { registerLog } from "./commands/log.js";
import { registerMove } from "./commands/move.js";
import { registerPause, registerResume } from "./commands/pools.js";
import { registerQueue } from "./commands/queue.js";
import { registerReservations } from "./commands/reservations.js";
import { registerRetry } from "./commands/retry.js";
import { registerRun } from "./commands/run.js";
import { registerSchedule } from "./commands/schedule.js";
import { registerSlots } from "./commands/slots.js";
import { registerSubmit } from "./commands/submit.js";
import { registerUi } from "./commands/ui.js";
import { registerUp } from "./commands/up.js";
import { registerWorker } from "./commands/worker.js";
import { registerWorkers } from "./commands/workers.js";
import { addExamples } from "./examples.js";
import { addCommonOptions } from "./options.js";
import type { Terminal } from "./terminal.js";

type Register = (program: Command, terminal: Terminal) => void;

/** In the order of the help text: first what begins, then what asks, then what changes, then the log. */
const COMMANDS: readonly Register[] = [
  registerUp,
  registerDemo,
  registerWorker,
  registerSubmit,
  registerRun,
  registerJobs,
  registerJob,
  registerGroups,
  registerGroup,
  registerQueue,
  registerSlots,
  registerReservations,
  registerExplain,
  registerWorkers,
  registerHealth,
  registerCancel,
  registerRetry,
  registerAmend,
  registerMove,
  registerSchedule,
  registerLimits,
  registerPause,
  registerResume,
  registerLog,
  registerUi,
  registerGraph,
  registerDoctor,
];

const HELP_COLUMNS_DEFAULT = 100;

export function buildProgram(terminal: Terminal): Command {
  const program = new Command("signalbox")
    .description(
      "An event-sourced job scheduler on NATS JetStream: every start is granted or denied from a log,\n" +
        "and the log can be asked afterwards.",
    )
    .version(VERSION, "-V, --version", "print the version")
    // What follows is inherited by each command that is added afterwards.
    .exitOverride()
    .showHelpAfterError("Run the command with --help to see what it takes.")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.err(text.trimEnd()),
      getOutHelpWidth: () => helpWidth(terminal),
      getErrHelpWidth: () => helpWidth(terminal),
      getOutHasColors: () => terminal.colors.isColorSupported,
      getErrHasColors: () => terminal.errColors.isColorSupported,
    });
  addCommonOptions(program);
  for (const register of COMMANDS) register(program, terminal);
  addExamples(program, ["signalbox up", 'signalbox submit story --params \'{"prompt": "…"}\' --wait']);
  return program;
}

function helpWidth({ width }: Terminal): number {
  return Number.isFinite(width) ? width : HELP_COLUMNS_DEFAULT;
}
