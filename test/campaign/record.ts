/** The record of a round that went wrong: its story, its ledger for `--log`, the logs of its members, the runs' book. */
import { execFile } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PROGRAM } from "../support/program.js";
import { describePlan, type Plan } from "./plan.js";
import type { Story } from "./story.js";
import type { World } from "./world.js";

const LAST_FACTS = 60;
const EXPORT_MS_MAX = 30_000;

/** Gives the folder. */
export async function keepRecord(world: World, plan: Plan, story: Story, folder: string): Promise<string> {
  const own = join(folder, `round-${plan.round}`);
  await mkdir(own, { recursive: true });
  const { watch, members, customer } = world;
  const facts = watch.facts
    .slice(-LAST_FACTS)
    .map(({ address, at, fact }) => `${address} ${at} ${JSON.stringify(fact)}`);
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["plan", describePlan(plan)],
    ["complaints", story.complaints],
    ["what happened (seconds from the beginning)", story.lines()],
    ["refused commands", customer.refused],
    [`the last ${LAST_FACTS} facts`, facts],
  ];
  const text = sections.map(([title, lines]) => `## ${title}\n\n${lines.join("\n")}\n`).join("\n");
  await writeFile(join(own, "story.txt"), text);
  await writeFile(join(own, "plan.json"), JSON.stringify(plan, null, 2));
  for (const { name, log } of members)
    await writeFile(join(own, `${name.replace(" ", "-")}.log`), `${log.join("\n")}\n`);
  await copyFile(join(world.folder, "book.txt"), join(own, "book.txt"));
  const exported = await exportLedger(world, join(own, "ledger.jsonl"));
  if (exported !== null) await writeFile(join(own, "ledger-lines.txt"), `${exported}\n\n${watch.lines.join("\n")}\n`);
  return own;
}

/** By the command that people use; gives what went wrong, or null. */
function exportLedger({ namespace, server }: World, file: string): Promise<string | null> {
  const argv = [PROGRAM, "log", "export", file, "--nats", server.url, "--namespace", namespace];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { timeout: EXPORT_MS_MAX, cwd: "/" }, (error) => resolve(error?.message ?? null));
  });
}
