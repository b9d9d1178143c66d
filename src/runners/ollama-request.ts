/**
 * The params of an Ollama job, and the request that they make together with the type's options.
 *
 * `{prompt}` asks for a completion, `{messages}` for the next message of a chat; either may add `system`, `images`,
 * `format`, `think` and `options`. The model is the configuration's: limits and demands were chosen for it.
 */
import { z } from "zod";
import type { JsonObject } from "../../events/json.js";
import type { OllamaOptions } from "./options.js";

/**
 * Images are decoded here and passed on as bytes: the `ollama` package takes a text for the name of a file, if there is
 * one, and would send any file of this machine that a publisher names.
 */
const images = z.array(
  z.base64("must be base64 text").transform((text) => new Uint8Array(Buffer.from(text, "base64"))),
);
const modelOptions = z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.array(z.string())]));

const shared = {
  system: z.string().exactOptional(),
  options: modelOptions.exactOptional(),
  /** "json", or a JSON Schema that the answer must follow. */
  format: z.union([z.literal("json"), z.record(z.string(), z.unknown())]).exactOptional(),
  think: z.union([z.boolean(), z.enum(["low", "medium", "high"])]).exactOptional(),
};
const promptParams = z.strictObject({ prompt: z.string().min(1), images: images.exactOptional(), ...shared });
const chatParams = z.strictObject({
  messages: z
    .array(z.strictObject({ role: z.string().min(1), content: z.string(), images: images.exactOptional() }))
    .min(1),
  ...shared,
});

type PromptParams = z.infer<typeof promptParams>;
type ChatParams = z.infer<typeof chatParams>;
type ModelOptions = z.infer<typeof modelOptions>;

interface SharedRequest {
  readonly model: string;
  readonly options: ModelOptions;
  readonly format?: "json" | Record<string, unknown>;
  readonly think?: boolean | "low" | "medium" | "high";
  readonly keep_alive?: string | number;
}
export type OllamaRequest =
  | ({
      readonly kind: "prompt";
      readonly prompt: string;
      readonly system?: string;
      readonly images?: Uint8Array[];
    } & SharedRequest)
  | ({ readonly kind: "chat"; readonly messages: ChatParams["messages"] } & SharedRequest);

/** The request for a job, or what is wrong with its params, in a sentence. */
export function ollamaRequest(
  params: JsonObject,
  configured: OllamaOptions,
): OllamaRequest | { readonly refused: string } {
  if ("model" in params) {
    return { refused: `params.model is not taken: this type runs ${configured.model}; another model is another type` };
  }
  if ("prompt" in params === "messages" in params) {
    return { refused: "params need either prompt (a text) or messages (a chat), and not both" };
  }
  if ("prompt" in params) {
    const parsed = promptParams.safeParse(params);
    return parsed.success ? promptRequest(parsed.data, configured) : refusal(parsed.error);
  }
  const parsed = chatParams.safeParse(params);
  return parsed.success ? chatRequest(parsed.data, configured) : refusal(parsed.error);
}

function promptRequest(params: PromptParams, configured: OllamaOptions): OllamaRequest {
  const system = params.system ?? configured.system;
  return {
    kind: "prompt",
    prompt: params.prompt,
    ...(system === undefined ? {} : { system }),
    ...(params.images === undefined ? {} : { images: params.images }),
    ...sharedRequest(params, configured),
  };
}

function chatRequest(params: ChatParams, configured: OllamaOptions): OllamaRequest {
  const hasSystem = params.messages.some(({ role }) => role === "system");
  const system = params.system ?? (hasSystem ? undefined : configured.system);
  const first = system === undefined ? [] : [{ role: "system", content: system }];
  return { kind: "chat", messages: [...first, ...params.messages], ...sharedRequest(params, configured) };
}

function sharedRequest(params: PromptParams | ChatParams, configured: OllamaOptions): SharedRequest {
  return {
    model: configured.model,
    options: { ...configured.options, ...params.options },
    ...(params.format === undefined ? {} : { format: params.format }),
    ...(params.think === undefined ? {} : { think: params.think }),
    ...(configured.keepAlive === undefined ? {} : { keep_alive: configured.keepAlive }),
  };
}

function refusal(error: z.ZodError): { readonly refused: string } {
  const issue = error.issues[0];
  return { refused: `params.${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not what was expected"}` };
}
