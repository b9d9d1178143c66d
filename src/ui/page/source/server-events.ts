/** Server-sent events out of the body of an answer: EventSource cannot send the token's header. */

export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** An event longer than this is not one of ours: the stream is given up. */
const EVENT_CHARS_MAX = 8_000_000;

export async function* serverEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      // A line break of two characters may be cut in the middle.
      rest = (rest + decoder.decode(value, { stream: true })).replaceAll("\r\n", "\n");
      if (rest.length > EVENT_CHARS_MAX) throw new Error("an event of the stream has no end");
      for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n")) {
        const event = readEvent(rest.slice(0, end));
        rest = rest.slice(end + 2);
        if (event !== null) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Null for a comment, which only keeps the connection warm. */
function readEvent(block: string): ServerEvent | null {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (line.startsWith("event:")) name = value;
    else if (line.startsWith("data:")) data.push(value);
  }
  return data.length === 0 ? null : { name, data: data.join("\n") };
}
