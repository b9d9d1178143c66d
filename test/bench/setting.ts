/** The setting of a measurement: one server, one namespace each, nothing else configured. */
import type { Limits } from "../../events/limits.js";
import { type Configuration, loadConfiguration } from "../../src/config/index.js";
import type { Scheduler } from "../../src/scheduler.js";

export function configurationFor(namespace: string, limits: Limits): Configuration {
  const loaded = loadConfiguration({ namespace, env: {}, cwd: "/nonexistent" });
  if (loaded.kind === "refused") throw new Error("the defaults were refused");
  return { ...loaded.configuration, limits, limitsGiven: true, workerCapacity: 1_000 };
}

export async function untilLeading({ dispatcher }: Scheduler): Promise<void> {
  while (dispatcher.state !== "leading.waiting") await new Promise((resolve) => setTimeout(resolve, 5));
}
