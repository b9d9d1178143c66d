/** Asks an Ollama server what it is and which models it has. Two short requests that change and load nothing. */
import { z } from "zod";

/** A server on this machine answers in milliseconds. */
const answerMsMax = 2_000;
/** A list of a thousand models is below this. */
const answerCharsMax = 1_000_000;

export type OllamaProbe =
  | { readonly answers: true; readonly version: string; readonly models: readonly OllamaModel[] }
  | { readonly answers: false; readonly reason: string };

export interface OllamaModel {
  /** As `ollama list` shows it, with its tag: `llama3.2:latest`. */
  readonly name: string;
  /** False for models that only turn texts into vectors. */
  readonly writesText: boolean;
}

const versionSchema = z.object({ version: z.string() });
const tagsSchema = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      details: z.object({ family: z.string().nullish(), families: z.array(z.string()).nullish() }).nullish(),
    }),
  ),
});

/** `address` as from `ollamaAddress`. A server that is not there, or is something else, is a value. */
export async function probeOllama(address: URL): Promise<OllamaProbe> {
  try {
    const { version } = versionSchema.parse(await getJson(address, "api/version"));
    const { models } = tagsSchema.parse(await getJson(address, "api/tags"));
    return {
      answers: true,
      version,
      models: models.map(({ name, details }) => ({
        name,
        writesText: !/embed/i.test(name) && !(details?.family ?? "").includes("bert"),
      })),
    };
  } catch (error) {
    return { answers: false, reason: reasonOf(error) };
  }
}

/** Whether a configured model is among those that the server has. Without a tag, `latest` is meant. */
export function hasModel(models: readonly OllamaModel[], wanted: string): boolean {
  const name = wanted.includes(":") ? wanted : `${wanted}:latest`;
  return models.some((model) => model.name === name || model.name === wanted);
}

async function getJson(address: URL, path: string): Promise<unknown> {
  const base = address.href.endsWith("/") ? address.href : `${address.href}/`;
  const response = await fetch(new URL(path, base), { signal: AbortSignal.timeout(answerMsMax), redirect: "error" });
  if (!response.ok) throw new Error(`it answered ${path} with status ${response.status}`);
  const text = await response.text();
  if (text.length > answerCharsMax) throw new Error(`its answer to ${path} is too large`);
  return JSON.parse(text);
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError || error instanceof SyntaxError) return "what answers there is not Ollama";
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${answerMsMax} ms`;
  // fetch says only "fetch failed"; the cause has the system's word.
  const cause: unknown = error.cause;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
