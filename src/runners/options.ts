/**
 * The options of each kind of runner, as they stand under `types.<name>` in signalbox.yaml beside the keys that all
 * types share (runner, resources, timeout, maxAttempts, backoff, params, labels, priority).
 *
 * Unknown keys are errors. Text that may be a secret is written `${env:NAME}` and filled in when the runner is made.
 */
import { z } from "zod";
import { durationSchema } from "../../events/duration.js";

/** What is kept of a command's standard output; the rest is counted and said to be cut off. */
const outputBytesDefault = 64 * 1024;
/** Above this a result is a file, and should be written as one: the whole of it is held in memory. */
const outputBytesMax = 16 * 1024 * 1024;
const responseBytesDefault = 1024 * 1024;
/** Long enough for a program to save its work, short enough that a cancelled job soon gives its slots back. */
const killGraceMsDefault = 5_000;
/** A cancelled run holds its slots during the grace; longer than this is a typing error. */
const killGraceMsMax = 3_600_000;

const exitCodes = z.array(z.number().int().min(0).max(255));
/** The operating system cannot carry a NUL in an argument or in the environment. */
const textForProcess = z.string().regex(/^[^\0]*$/, "may not contain a NUL character");
const bytes = z.number().int().positive().max(outputBytesMax);
export const webAddress = z.url({ protocol: /^https?$/, error: "must be a URL that begins with http:// or https://" });

export const ollamaOptions = z.strictObject({
  model: z.string().min(1).describe("Name of the model, as `ollama list` shows it, for example llama3.2"),
  host: webAddress
    .optional()
    .describe(
      "Address of the Ollama server; without it the environment variable OLLAMA_HOST, else http://127.0.0.1:11434",
    ),
  options: z
    .record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.array(z.string())]))
    .optional()
    .describe("Model parameters passed on to Ollama as they are, for example {temperature: 0.2, num_ctx: 8192}"),
  keepAlive: z
    .union([z.string().min(1), z.number()])
    .optional()
    .describe("How long Ollama keeps the model loaded afterwards: 5m, 0 to unload at once, -1 for ever"),
  system: z.string().optional().describe("System prompt of every job of this type, unless the job gives its own"),
});
export type OllamaOptions = z.infer<typeof ollamaOptions>;

export const commandOptions = z.strictObject({
  argv: z
    .tuple([textForProcess.min(1, "must name a program")], textForProcess)
    .describe("Program and arguments, one list item each. No shell reads them; params come as JSON on standard input"),
  cwd: textForProcess.min(1).optional().describe("Folder to run in; without it the scheduler's own working folder"),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable"), textForProcess)
    .optional()
    .describe(`Environment variables beside the few that are inherited; \${env:NAME} passes one of the scheduler's on`),
  successExitCodes: exitCodes.min(1).default([0]).describe("Exit codes that mean completed"),
  skipExitCodes: exitCodes.default([]).describe("Exit codes that mean there was nothing to do: the job is skipped"),
  outputBytesMax: bytes
    .default(outputBytesDefault)
    .describe("Bytes of standard output kept as the result; more is read, counted and cut off"),
  killGrace: durationSchema
    .refine((ms) => ms <= killGraceMsMax, "may be at most 1h")
    .default(killGraceMsDefault)
    .describe("Time between the polite signal (SIGTERM) and the final one (SIGKILL) when a run is aborted"),
});
export type CommandOptions = z.infer<typeof commandOptions>;

export const httpOptions = z.strictObject({
  url: webAddress.describe("Where the job is sent as JSON"),
  method: z.enum(["POST", "PUT", "PATCH"]).default("POST").describe("HTTP method"),
  headers: z
    .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be the name of an HTTP header"), z.string())
    .optional()
    .describe(`More request headers. \${env:NAME} in a value keeps a secret out of this file`),
  expectStatus: z
    .array(z.number().int().min(200).max(599))
    .min(1)
    .optional()
    .describe("Statuses that mean completed; without it 200 to 299"),
  responseBytesMax: bytes.default(responseBytesDefault).describe("Largest answer accepted; a larger one fails the job"),
});
export type HttpOptions = z.infer<typeof httpOptions>;

/** Remote workers take these jobs from NATS; there is nothing to set here. */
export const natsOptions = z.strictObject({});
export type NatsOptions = z.infer<typeof natsOptions>;

/** Options by the kind of runner that takes them. */
export interface RunnerOptions {
  readonly ollama: OllamaOptions;
  readonly command: CommandOptions;
  readonly http: HttpOptions;
  readonly nats: NatsOptions;
}
export type RunnerKind = keyof RunnerOptions;
