#!/usr/bin/env -S node --max-semi-space-size=64
/**
 * The program `signalbox`: parses the command line, runs one command, and turns whatever happened into an exit code.
 * 0 done, 1 failed, 2 wrong usage, 3 not found, 4 a verification found a difference (contract, section 3).
 *
 * The first line gives young objects room: a scheduler under load makes many that die soon, and copying them costs a tenth.
 */
import { CommanderError } from "commander";
import { EXIT, reportFailure } from "./failure.js";
import { buildProgram } from "./program.js";
import { createTerminal } from "./terminal.js";

const terminal = createTerminal(process);

async function run(): Promise<number> {
  try {
    await buildProgram(terminal).parseAsync(process.argv);
    return EXIT.done;
  } catch (error) {
    // Commander has said what was wrong already; a help text that was asked for is no mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return reportFailure(error, terminal);
  }
}

const exitCode = await run();
// What is still on its way into a pipe must arrive before the process ends.
await terminal.flush();
process.exit(exitCode);
