/** Numbers from samples, and a publisher process to measure with. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The value below which the share `share` (0 to 1) of the samples lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export interface PublisherProcess {
  /** Begins publishing; settles when every acknowledgement is there. */
  publish(): Promise<void>;
}

/** Starts the publisher process and waits until it is connected, so that its start-up is not measured. */
export function startPublisher(url: string, subject: string, count: number, batch = 1): Promise<PublisherProcess> {
  const program = fileURLToPath(new URL("./publish.js", import.meta.url));
  return startProgram(program, [url, subject, String(count), String(batch)]);
}

/** Starts a program that says something when it is connected, and publishes when it is told to. */
export async function startProgram(program: string, args: readonly string[]): Promise<PublisherProcess> {
  const child: ChildProcess = spawn(process.execPath, [program, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const { stdout, stdin } = child;
  if (stdout === null || stdin === null) throw new Error("the publisher process has no pipes");
  await once(stdout, "data");
  return {
    publish: async () => {
      stdin.end("go\n");
      const [code] = await once(child, "exit");
      if (code !== 0) throw new Error(`the publisher process ended with ${code}`);
    },
  };
}
