/** What may be done from the page: some of the scheduler's own commands, asked for as any program asks for them. */
import type { IncomingMessage } from "node:http";
import { isPlainObject } from "../../events/json.js";
import type { CommandAnswer } from "../client/session.js";
import type { ActionVerb } from "./protocol.js";
import { RequestRefused } from "./refusal.js";
import type { Shown } from "./shown.js";

const VERBS = ["cancel", "retry", "move", "pause", "resume", "limits"] as const satisfies readonly ActionVerb[];
export const BODY_BYTES_MAX = 64 * 1024;

/** What is wrong with `args` the scheduler says. */
export async function act({ command }: Shown, verb: string | undefined, args: object): Promise<CommandAnswer> {
  const known = VERBS.find((one) => one === verb);
  if (known === undefined)
    throw new RequestRefused("not-found", `there is no action ${verb ?? ""}; actions are ${VERBS.join(", ")}`);
  if (command === null) throw new RequestRefused("forbidden", "this is a recording: nothing can be done in it");
  return command(known, args);
}

/** The JSON object in a request's body. Throws `RequestRefused` if it is too large or none. */
export async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? ""))
    throw new RequestRefused("invalid", "the body must be JSON, and say so in Content-Type");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new RequestRefused("too-much", `a body may have ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    if (isPlainObject(body)) return body;
  } catch {
    // Said below.
  }
  throw new RequestRefused("invalid", "the body must be a JSON object");
}
