/** `run`: direct execution (DEC-004). Waits until its slots are free, ahead of the queue, runs a command, and gives them back. */
import { hostname } from "node:os";
import { basename } from "node:path";
import type { Command } from "commander";
import { formatDuration } from "../../../events/duration.js";
import { type HeldSlots, type Released, ReservationLost } from "../../client/held-slots.js";
import { reserveSlots } from "../../client/reservation.js";
import type { Session } from "../../client/session.js";
import { duration, tagUnits } from "../arguments.js";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { type Argv, mustFind, runInForeground } from "../foreground.js";
import { exitCodeOf, ForegroundSignals } from "../foreground-signals.js";
import type { CommonOptions } from "../options.js";
import type { Terminal } from "../terminal.js";
import { WaitingLine } from "./run-waiting.js";

interface RunOptions extends CommonOptions {
  readonly resource?: Readonly<Record<string, number>>;
  readonly lease?: number;
  readonly waitMax?: number;
  readonly quiet?: boolean;
}

/** Carried by the command and all that it starts: which reservation it runs under, and the grant, which grows each time. */
const MARK = "SIGNALBOX_RESERVATION";
const GRANT = "SIGNALBOX_RESERVATION_GRANT";
/** Of a command whose slots are lost: well within what is left of the lease then. */
const GRACES_PER_LEASE = 6;
const GRACE_MS_MAX = 5_000;
const HOLDER_CHARS_MAX = 200;

export function defineRun(command: Command, terminal: Terminal): void {
  command
    .description(
      "Direct execution: reserves slots, waits for its turn and says so on standard error, then runs the command on this\n" +
        "terminal and ends with its exit code (a signal: 128 and its number). Running jobs are not disturbed; queued jobs go\n" +
        "after it. The slots are given back however it ends. If their lease cannot be renewed, the command is ended, exit code 1.",
    )
    .argument("<argv...>", "the command and its arguments, after --; no shell is involved")
    .option("--resource <tag=units>", "slots of a resource that it needs (may be repeated)", tagUnits)
    .option("--lease <duration>", "how long the slots are kept for us when nothing is heard of us", duration)
    .option("--wait-max <duration>", "give up if it is not its turn within this time (exit code 1)", duration)
    .option("--quiet", "say nothing about the waiting")
    .showHelpAfterError("Put the command behind --, as in: signalbox run --resource cpu=1 -- ls -l")
    .action(async (argv: string[], _own: unknown, self: Command) => {
      const [name = "", ...args] = argv;
      if (name === "") throw CliFailure.usage("the command's name is empty");
      await withSession(self, terminal, (session) =>
        run(session, [name, ...args], self.optsWithGlobals<RunOptions>(), terminal),
      );
    });
  addExamples(command, [
    "signalbox run --resource ollama=1 -- ollama run llama3.2",
    "signalbox run --resource cpu-bound=2 --wait-max 10m -- make -j2",
    "signalbox run --resource ollama -- sh -c 'curl -s \"$OLLAMA_HOST/api/generate\" -d @prompt.json | jq -r .response'",
  ]);
}

async function run(session: Session, argv: Argv, options: RunOptions, terminal: Terminal): Promise<void> {
  if (options.output !== "table") throw CliFailure.usage("run: standard output is the command's own; leave out -o");
  await mustFind(argv[0], terminal);
  // Whoever reads the command's output decides when that is enough, not when we are done.
  terminal.outliveReader();
  using signals = new ForegroundSignals();
  const slots = await waitForTurn({ session, argv, options, terminal, signals });
  const { id, grant, demand, lost, leaseMs } = slots;
  if (Object.keys(demand).length === 0 && options.quiet !== true)
    terminal.err("the limits have no pool for this: it takes no slots, and waits for nobody");
  const end = await runInForeground({
    argv,
    env: { ...terminal.env, [MARK]: id, [GRANT]: String(grant) },
    mark: { name: MARK, value: id },
    signals,
    stop: lost,
    graceMs: Math.min(GRACE_MS_MAX, leaseMs / GRACES_PER_LEASE),
  }).catch(async (error: unknown) => {
    await giveBack(slots, "the command was not run to its end", terminal);
    throw error;
  });
  const released = await giveBack(slots, `exit code ${end.exitCode}`, terminal);
  if (end.isStopped) throw CliFailure.failed(`${reasonOf(lost)}: the command was ended`);
  if (released === "gone")
    throw CliFailure.failed(
      `the command ended with exit code ${end.exitCode}, but its slots had been lost before: ${reasonOf(lost)}`,
    );
  if (end.exitCode !== 0) throw CliFailure.ofProgram(end.exitCode);
}

interface Turn {
  readonly session: Session;
  readonly argv: Argv;
  readonly options: RunOptions;
  readonly terminal: Terminal;
  readonly signals: ForegroundSignals;
}

async function waitForTurn({ session, argv, options, terminal, signals }: Turn): Promise<HeldSlots> {
  const { resource: resources = {}, lease, waitMax, quiet = false } = options;
  using line = new WaitingLine(terminal, quiet);
  const tooLong = waitMax === undefined ? null : AbortSignal.timeout(waitMax);
  const holder = `${basename(argv[0])}, process ${process.pid} on ${hostname()}`.slice(0, HOLDER_CHARS_MAX);
  try {
    const slots = await reserveSlots(
      session,
      {
        ...{ resources, holder },
        ...(lease !== undefined && { lease }),
        signal: tooLong === null ? signals.signal : AbortSignal.any([signals.signal, tooLong]),
      },
      {
        onWaiting: (view) => line.show(view),
        onSilence: ({ message }) => line.say(`${message}; trying again`),
        onPlaceLost: () => line.say("its place in the line was lost in a long silence; asking anew"),
      },
    );
    line.granted();
    return slots;
  } catch (error) {
    if (signals.received !== null)
      throw new CliFailure("gave up waiting: the place in the line was given back", exitCodeOf(signals.received));
    if (waitMax !== undefined && tooLong?.aborted === true)
      throw CliFailure.failed(`it was not its turn within ${formatDuration(waitMax)}: the place was given back`);
    throw error;
  }
}

async function giveBack(slots: HeldSlots, reason: string, terminal: Terminal): Promise<Released> {
  const released = await slots.release(reason);
  if (released === "unanswered")
    terminal.err(
      `no scheduler answers: the slots of ${slots.id} are free when its lease of ${formatDuration(slots.leaseMs)} has ended`,
    );
  return released;
}

function reasonOf({ aborted, reason }: AbortSignal): string {
  return aborted && reason instanceof ReservationLost ? reason.message : "the reservation had expired";
}
