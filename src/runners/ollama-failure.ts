/** What an error of an Ollama run means, and what to do about it. */
import { isPlainObject } from "../../events/json.js";
import { isRetryableStatus } from "./http-answer.js";
import { errorCode, errorMessage, type Failure, failure } from "./outcome.js";
import { readable } from "./text.js";

const errorCharsMax = 500;
/** Nobody listens there, or there is no such place: to be put right by starting the server. */
const unreachableCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "EAI_AGAIN",
]);

/** The server answered with an error status. The message is what it said. */
export class OllamaStatusError extends Error {
  override readonly name = "OllamaStatusError";
  readonly status: number;

  /** @param body the body of the answer */
  constructor(status: number, body: string) {
    super(saidIn(body));
    this.status = status;
  }
}

export function ollamaFailure(error: unknown, model: string, address: URL): Failure {
  const where = `${address.origin}${address.pathname}`.replace(/\/$/, "");
  const code = errorCode(error);
  if (code !== null && unreachableCodes.has(code)) {
    const message = `no Ollama server at ${where}: start it with \`ollama serve\` or set OLLAMA_HOST (${code})`;
    return failure("ollama-unreachable", message, { retryable: true });
  }
  if (!(error instanceof OllamaStatusError)) {
    const message = `the answer of the Ollama server at ${where} broke off: ${errorMessage(error)}`;
    return failure("ollama-broke-off", message, { retryable: true });
  }
  const { status, message } = error;
  if (status === 404 && /model/i.test(message)) {
    const advice = `the Ollama server at ${where} has no model ${model}: fetch it with \`ollama pull ${model}\``;
    return failure("model-missing", `${advice} (it said: ${message})`, { retryable: false });
  }
  const said = message === "" ? "nothing more" : message;
  return failure("ollama-status", `the Ollama server at ${where} answered ${status} and said ${said}`, {
    retryable: isRetryableStatus(status),
  });
}

/** What an error answer says: its `error` member, else the whole of it. */
function saidIn(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    if (isPlainObject(value) && typeof value["error"] === "string") return readable(value["error"], errorCharsMax);
  } catch {
    // Not JSON: quoted as it is.
  }
  return readable(body, errorCharsMax);
}
