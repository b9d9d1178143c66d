/** The program with all its commands. Each command registers itself; a new one is one more line here. */
import { Command } from "commander";
import { VERSION } from "../version.js";
import { registerAmend } from "./amend.js";
import { registerCancel } from "./cancel.js";
import { registerDemo } from "./demo.js";
import { registerDoctor } from "./doctor.js";
import { addExamples } from "./examples.js";
import { registerExplain } from "./explain.js";
import { registerGraph } from "./graph.js";
import { registerHealth } from "./health.js";
import { registerJob } from "./job.js";
import { registerJobs } from "./jobs.js";
import { registerLimits } from "./limits.js";
import { registerLog } from "./log.js";
import { addCommonOptions } from "./options.js";
import { registerPause, registerResume } from "./pools.js";
import { registerQueue } from "./queue.js";
import { registerSlots } from "./slots.js";
import { registerSubmit } from "./submit.js";
import type { Terminal } from "./terminal.js";
import { registerUp } from "./up.js";
import { registerWorkers } from "./workers.js";

type Register = (program: Command, terminal: Terminal) => void;

/** In the order of the help text: first what begins, then what asks, then what changes, then the log. */
const COMMANDS: readonly Register[] = [
  registerUp,
  registerDemo,
  registerSubmit,
  registerJobs,
  registerJob,
  registerQueue,
  registerSlots,
  registerExplain,
  registerWorkers,
  registerHealth,
  registerCancel,
  registerAmend,
  registerLimits,
  registerPause,
  registerResume,
  registerLog,
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
