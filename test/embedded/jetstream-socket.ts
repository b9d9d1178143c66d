/** A few JetStream requests over a bare socket: enough to see whether a server still has its data. */
import { once } from "node:events";
import { connect } from "node:net";

const answerTimeoutMs = 5_000;

async function request(port: number, subject: string, payload: string): Promise<unknown> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    socket.setEncoding("utf8").setTimeout(answerTimeoutMs, () => socket.destroy(new Error(`no answer to ${subject}`)));
    const bytes = Buffer.byteLength(payload);
    socket.write(
      `CONNECT {"verbose":false,"pedantic":false}\r\nSUB answers 1\r\nPUB ${subject} answers ${bytes}\r\n${payload}\r\n`,
    );
    let text = "";
    for (;;) {
      const [part] = await once(socket, "data");
      text += String(part);
      const answer = /\r\nMSG answers 1 \d+\r\n(.*)\r\n/.exec(text)?.[1];
      if (answer !== undefined) return JSON.parse(answer);
    }
  } finally {
    socket.destroy();
  }
}

/** Creates a stream `TEST` on file storage. */
export async function createStream(port: number): Promise<void> {
  const stream = { name: "TEST", subjects: ["test.>"], storage: "file", num_replicas: 1, retention: "limits" };
  const answer = await request(port, "$JS.API.STREAM.CREATE.TEST", JSON.stringify(stream));
  if (JSON.stringify(answer).includes('"error"')) throw new Error(JSON.stringify(answer));
}

/** Publishes one message and resolves with the server's acknowledgement: `{stream, seq}`. */
export const publish = (port: number, text: string): Promise<unknown> => request(port, "test.message", text);

/** The stream's number of messages, in the server's `state`. */
export const streamInfo = (port: number): Promise<unknown> => request(port, "$JS.API.STREAM.INFO.TEST", "");
