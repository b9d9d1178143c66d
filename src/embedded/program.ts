/**
 * Runs another program to its end: no shell, a bound on its time and its output, and an error that quotes its last
 * words.
 */
import { execFile } from "node:child_process";

/** More output than this from apt-get, dpkg-deb, tar or nats-server means that something is wrong. */
const outputBytesMax = 4 * 1024 * 1024;
const quotedCharactersMax = 600;

export interface ProgramOptions {
  /** After so many milliseconds the program is killed and the call fails. */
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Resolves with what the program printed; throws if it cannot be started, exits non-zero or takes too long. */
export function runProgram(
  file: string,
  argv: readonly string[],
  options: ProgramOptions,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const { timeoutMs, cwd, env } = options;
  return new Promise((resolve, reject) => {
    const settings = { timeout: timeoutMs, maxBuffer: outputBytesMax, cwd, env: env ?? process.env };
    execFile(file, [...argv], settings, (error, stdout, stderr) => {
      if (error === null) return resolve({ stdout, stderr });
      const words = stderr.trim().slice(-quotedCharactersMax);
      const reason =
        error.code === undefined || error.code === null
          ? `was killed (${timeoutMs} ms allowed)`
          : `failed (${error.code})`;
      reject(new Error(`${file} ${reason}${words === "" ? "" : `: ${words}`}`, { cause: error }));
    });
  });
}
