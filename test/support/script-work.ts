/**
 * Jobs that are told by their ids what to do: `bad…` fails, `held…` waits for the gate, every other one is done at once. Each run
 * first writes a line into a book of its own, so that what ran, and in which order, can be read there.
 */
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stage } from "./stage.js";

const SCRIPT = `#!/bin/sh
echo "$SIGNALBOX_JOB_ID" >> "$1/runs.txt"
case "$SIGNALBOX_JOB_ID" in
  bad*) echo "it is broken" >&2; exit 1 ;;
  held*) while [ ! -e "$1/gate" ]; do sleep 0.02; done ;;
esac
`;

/** The argv of the type, in the configuration's folder. */
export const scriptArgv = (folder: string): readonly string[] => [join(folder, "work.sh"), folder];

export async function prepareScript({ folder }: Stage): Promise<void> {
  await writeFile(join(folder, "runs.txt"), "");
  await writeFile(join(folder, "work.sh"), SCRIPT);
  await chmod(join(folder, "work.sh"), 0o755);
}

/** From now on nothing is held. */
export const openGate = ({ folder }: Stage): Promise<void> => writeFile(join(folder, "gate"), "");

/** The ids of the jobs that ran, once for each run, in the order in which they began. */
export async function runsOf({ folder }: Stage): Promise<readonly string[]> {
  const text = await readFile(join(folder, "runs.txt"), "utf8");
  return text.split("\n").filter((line) => line !== "");
}
