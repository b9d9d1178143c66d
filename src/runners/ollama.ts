/**
 * The runner of Ollama jobs, and the one door to the `ollama` package.
 *
 * A run is one streaming request on a connection of its own; an abort closes that connection, at whatever point, and the
 * run settles after it is closed. The limit of that: Ollama notices a closed connection only once it has its first token,
 * so it may still be busy with the prompt of an aborted run for a while. It queues the next request meanwhile (with
 * OLLAMA_NUM_PARALLEL=1), so nothing is computed twice at once; the next run only waits longer for its first token.
 */
import { Readable } from "node:stream";
import type { ChatResponse, GenerateResponse, Ollama } from "ollama";
import type { RunnerContext } from "./environment.js";
import { type Exchange, openExchange, readBody } from "./exchange.js";
import { ollamaAddress } from "./ollama-address.js";
import { OllamaStatusError, ollamaFailure } from "./ollama-failure.js";
import { type OllamaRequest, ollamaRequest } from "./ollama-request.js";
import type { OllamaOptions } from "./options.js";
import { abortedFailure, failure } from "./outcome.js";
import type { Outcome, Run, Runner } from "./runner.js";
import { TokenProgress } from "./token-progress.js";

/** A model that has lost its way repeats itself for ever; this is some 250,000 tokens. */
const answerCharsMax = 1_000_000;
const errorBytesMax = 16 * 1024;

/**
 * Makes the runner of one job type. No request is made before the first job.
 * @throws RunnerOptionsError when OLLAMA_HOST is needed and cannot be read as an address
 */
export function ollamaRunner(options: OllamaOptions, context: RunnerContext): Runner {
  const address = ollamaAddress(options.host, context.environment);
  return { run: (run) => runOllama(run, options, address) };
}

async function runOllama(run: Run, options: OllamaOptions, address: URL): Promise<Outcome> {
  const { signal } = run;
  // Loaded for the first run: most schedulers have no such job, and all of them start sooner without it.
  const { Ollama } = await import("ollama");
  const request = ollamaRequest(run.params, options);
  if ("refused" in request) return failure("params-refused", request.refused, { retryable: false });
  if (signal.aborted) return abortedFailure(signal);

  const connection = new Connection(signal);
  const progress = new TokenProgress(run.progress);
  try {
    const client = new Ollama({ host: address.href, fetch: connection.fetch });
    return await readAnswer(pieces(client, request), progress, request.kind);
  } catch (error) {
    if (signal.aborted) return abortedFailure(signal);
    return ollamaFailure(error, options.model, address);
  } finally {
    progress.end();
    await connection.close();
  }
}

/** One part of a streamed answer, the same for both kinds of request. */
interface Piece {
  readonly text: string;
  readonly thinking: string;
  readonly role: string;
  readonly done: {
    readonly model: string;
    readonly reason: string | null;
    readonly promptTokens: number;
    readonly evalTokens: number;
    readonly totalMs: number;
  } | null;
}

async function* pieces(client: Ollama, request: OllamaRequest): AsyncGenerator<Piece> {
  if (request.kind === "prompt") {
    const { kind: _, ...rest } = request;
    for await (const part of await client.generate({ ...rest, stream: true })) {
      yield { text: part.response ?? "", thinking: part.thinking ?? "", role: "assistant", done: doneOf(part) };
    }
    return;
  }
  const { kind: _, ...rest } = request;
  for await (const part of await client.chat({ ...rest, stream: true })) {
    const { content, thinking = "", role } = part.message;
    yield { text: content, thinking, role, done: doneOf(part) };
  }
}

function doneOf(part: GenerateResponse | ChatResponse): Piece["done"] {
  if (!part.done) return null;
  return {
    model: part.model,
    reason: part.done_reason ?? null,
    // Left out by the server where it is nothing, for example when the whole prompt was cached.
    promptTokens: part.prompt_eval_count ?? 0,
    evalTokens: part.eval_count ?? 0,
    totalMs: Math.round((part.total_duration ?? 0) / 1_000_000),
  };
}

async function readAnswer(
  answer: AsyncIterable<Piece>,
  progress: TokenProgress,
  kind: OllamaRequest["kind"],
): Promise<Outcome> {
  let text = "";
  let thinking = "";
  let role = "assistant";
  for await (const piece of answer) {
    text += piece.text;
    thinking += piece.thinking;
    role = piece.role;
    progress.add(piece.text);
    if (text.length + thinking.length > answerCharsMax) {
      const message = `the answer is longer than ${answerCharsMax} characters: set options.num_predict to bound it`;
      return failure("answer-too-long", message, { retryable: true });
    }
    if (piece.done !== null) {
      const { model, reason, promptTokens, evalTokens, totalMs } = piece.done;
      const thought = thinking === "" ? {} : { thinking };
      const said = kind === "prompt" ? { text, ...thought } : { message: { role, content: text, ...thought } };
      return {
        outcome: "completed",
        result: { ...said, model, doneReason: reason, promptTokens, evalTokens, totalMs },
      };
    }
  }
  throw new Error("the answer ended before it was done");
}

/**
 * The connection of one run, given to the client as its `fetch`. The package's own abort does nothing before the answer
 * has begun, which is when it is needed most (a long prompt); and errors are taken out of its hands because it reports
 * some of them on standard output, where only results belong.
 */
class Connection {
  readonly #signal: AbortSignal;
  #exchange: Exchange | null = null;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const exchange = await openExchange(new URL(input instanceof Request ? input.url : input), {
      method: init?.method ?? "GET",
      headers: Object.fromEntries(new Headers(init?.headers)),
      body: typeof init?.body === "string" ? init.body : "",
      signal: this.#signal,
    });
    this.#exchange = exchange;
    const { status } = exchange;
    if (status < 200 || status > 299) {
      const body = (await readBody(exchange, errorBytesMax))?.toString("utf8") ?? "";
      throw new OllamaStatusError(status, body);
    }
    return new Response(Readable.toWeb(exchange.body), { status });
  };

  async close(): Promise<void> {
    await this.#exchange?.close();
  }
}
