/** The demo's own configuration: three job types in three resource pools (strategy C), in a folder that is removed afterwards. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Configuration, describeProblems, loadConfiguration } from "../../config/index.js";
import { hasModel, type OllamaModel, probeOllama } from "../../doctor/ollama-probe.js";
import { type Environment, ollamaAddress } from "../../runners/index.js";
import type { DemoJob } from "./demo-jobs.js";

/** Which model an Ollama server of this machine may be asked for, if it has it; else its first one. */
const MODEL_PREFERRED = "llama3.2";
/** Some forty words: a story of the demo should not take longer than the rest together. */
const STORY_TOKENS_MAX = 40;

/** Programs of the sample jobs: they read the job's params on standard input and print a result. */
const STAND_IN_SCRIPT = `
const params = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
setTimeout(() => console.log(JSON.stringify({ text: "Once upon a time: " + params.prompt })), params.ms);`;
const THUMBS_SCRIPT = `
const { primesBelow } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
let found = 0;
for (let n = 2; n < primesBelow; n++) {
  let divisor = 2;
  while (divisor * divisor <= n && n % divisor !== 0) divisor++;
  if (divisor * divisor > n) found++;
}
console.log(JSON.stringify({ primesBelow, found }));`;

/** Who writes the stories: a model of an Ollama server, or a small program that stands in for one. */
export type Storyteller =
  | { readonly kind: "ollama"; readonly model: string; readonly text: string }
  | { readonly kind: "stand-in"; readonly text: string };

/** Looks for an Ollama server at OLLAMA_HOST or the usual address. `text` says in one line what was found. */
export async function chooseStoryteller(env: Environment): Promise<Storyteller> {
  const address = ollamaAddress(undefined, env);
  const probe = await probeOllama(address);
  const standIn = (why: string): Storyteller => ({
    kind: "stand-in",
    text: `${why}: a small program stands in for it`,
  });
  if (!probe.answers) return standIn(`no Ollama answers at ${address.origin} (${probe.reason})`);
  const model = chooseModel(probe.models);
  if (model === null) return standIn(`Ollama ${probe.version} at ${address.origin} has no model that writes text`);
  return { kind: "ollama", model, text: `stories by ${model} of Ollama ${probe.version} at ${address.origin}` };
}

function chooseModel(models: readonly OllamaModel[]): string | null {
  if (hasModel(models, MODEL_PREFERRED)) return MODEL_PREFERRED;
  return models.find(({ writesText }) => writesText)?.name ?? null;
}

export interface DemoSetting {
  readonly folder: string;
  readonly namespace: string;
  readonly storyteller: Storyteller;
  readonly apiUrl: string;
}

/** Written as a file and read as any other configuration, so that the demo shows nothing that users cannot have. */
export async function demoConfiguration(setting: DemoSetting): Promise<Configuration> {
  const path = join(setting.folder, "signalbox.yaml");
  await writeFile(path, JSON.stringify(settingsOf(setting), null, 2));
  // Without the environment: SIGNALBOX_NAMESPACE is for the user's own scheduler.
  const loaded = loadConfiguration({ path, env: {}, cwd: setting.folder });
  if (loaded.kind === "refused") throw new Error(`the demo's configuration: ${describeProblems(loaded.problems)}`);
  return loaded.configuration;
}

function settingsOf({ namespace, storyteller, apiUrl }: DemoSetting): object {
  const program = (script: string) => ({
    runner: "command",
    argv: [process.execPath, "-e", script],
    killGrace: "500ms",
  });
  const story =
    storyteller.kind === "ollama"
      ? { runner: "ollama", model: storyteller.model, options: { num_predict: STORY_TOKENS_MAX } }
      : program(STAND_IN_SCRIPT);
  return {
    namespace,
    // Ctrl-C ends a demo at once: nobody waits for its jobs.
    grace: 0,
    stateDir: "state",
    limits: { resources: { ollama: 1, "claude-api": 3, "cpu-bound": 2 } },
    types: {
      story: { ...story, resources: { ollama: 1 }, timeout: "60s" },
      research: {
        runner: "http",
        url: apiUrl,
        resources: { "claude-api": 1 },
        backoff: { base: "1s" },
        timeout: "20s",
      },
      thumbs: { ...program(THUMBS_SCRIPT), resources: { "cpu-bound": 1 }, timeout: "20s" },
    },
  };
}

/** A job as it is published. A model is not told how long the stand-in would have taken. */
export function submissionOf({ id, type, priority, params, resources }: DemoJob, { kind }: Storyteller): object {
  const { ms, ...asked } = params;
  const given = type === "story" && kind === "ollama" ? asked : { ...asked, ...(ms === undefined ? {} : { ms }) };
  return { id, priority, params: given, ...(resources === undefined ? {} : { resources }) };
}
