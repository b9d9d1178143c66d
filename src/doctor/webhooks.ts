/** Whether the configured webhooks could be called: their variables. Nobody is called: an endpoint takes what comes for real. */
import type { Environment, LoadedConfiguration } from "../config/index.js";
import { endpointOf } from "../webhooks/index.js";
import { type Finding, ok, problem } from "./finding.js";

/** A problem for each variable that is missing, else one line a webhook. */
export function checkWebhooks({ configuration, problemAt }: LoadedConfiguration, env: Environment): readonly Finding[] {
  return Object.entries(configuration.webhooks).map(([name, options]) => {
    try {
      const { shown } = endpointOf(name, options, env);
      return ok("webhooks", `${name}: ${shown}, ${options.secret === null ? "not signed" : "signed"}`);
    } catch (error) {
      const { source, line } = problemAt(["webhooks", name], "");
      const place = line === null ? source : `${source}:${line}`;
      return problem("webhooks", `${place} ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}
