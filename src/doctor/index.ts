/** Looks at everything that a scheduler needs, from the machine to the models, and says what it found. Changes nothing. */
import {
  type ConnectionChoice,
  type ConnectionSources,
  chooseConnection,
  describeProblems,
  type LoadedConfiguration,
  loadConfiguration,
} from "../config/index.js";
import { type Finding, ok, problem, warning } from "./finding.js";
import { checkNode, checkServerBinary } from "./machine.js";
import { checkServer } from "./server.js";
import { checkCommands, checkOllama, checkOptions } from "./types.js";
import { checkWebhooks } from "./webhooks.js";

export type { Finding } from "./finding.js";

/** The options of the command line that name the configuration and the server. */
export interface DoctorSources extends Omit<ConnectionSources, "loaded"> {
  readonly config?: string | undefined;
  readonly namespace?: string | undefined;
}

/** The findings, one after the other as they come: some wait for an answer. */
export async function* examine(sources: DoctorSources): AsyncIterable<Finding> {
  const { config: path, namespace, env, cwd } = sources;
  yield checkNode(process.version);
  const loaded = loadConfiguration({ path, namespace, env, cwd });
  if (loaded.kind === "refused") {
    for (const one of loaded.problems) yield problem("configuration", describeProblems([one]));
    yield await checkServerBinary(env);
    return;
  }
  yield* checkConfiguration(loaded);
  yield* checkOptions(loaded, env);
  yield* checkWebhooks(loaded, env);
  yield* await checkCommands(loaded.configuration, env);
  yield* await checkOllama(loaded.configuration, env);

  const choice: ConnectionChoice = chooseConnection({ ...sources, loaded });
  if (choice.kind === "refused") {
    for (const one of choice.problems) yield problem("connection", describeProblems([one]));
    return;
  }
  if (choice.kind === "embedded") yield await checkServerBinary(env);
  yield* await checkServer(choice, loaded);
}

function* checkConfiguration({ configuration, file, warnings }: LoadedConfiguration): Iterable<Finding> {
  yield ok("configuration", `${file ?? "no file, the defaults hold"}; namespace ${configuration.namespace}`);
  for (const one of warnings) yield warning("configuration", describeProblems([one]));
}
