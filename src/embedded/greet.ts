/**
 * Greets a NATS server over a bare socket: INFO, CONNECT, PING, PONG. It is ready when it has answered, and INFO says
 * which server it is. The client library is not needed for that, and stays behind its one door.
 */
import { connect } from "node:net";
import { z } from "zod";

/** The part of the server's INFO that we use. */
const infoSchema = z.object({
  server_id: z.string(),
  server_name: z.string(),
  version: z.string(),
  jetstream: z.boolean().default(false),
});

export interface Greeting {
  readonly serverId: string;
  readonly serverName: string;
  readonly version: string;
  readonly jetstream: boolean;
}

/** INFO lists every server of a cluster; still it is far below this. */
const answerCharactersMax = 256 * 1024;

/**
 * Resolves with what the server says of itself; throws if it does not answer within `timeoutMs`, or is no NATS server.
 */
export function greet(host: string, port: number, timeoutMs: number): Promise<Greeting> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let text = "";
    const end = (finish: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      finish();
    };
    const fail = (reason: string, cause?: unknown): void =>
      end(() => reject(new Error(`${host}:${port} ${reason}`, { cause })));
    const timer = setTimeout(() => fail(`did not answer within ${timeoutMs} ms`), timeoutMs);
    socket.setEncoding("utf8");
    socket.once("connect", () => socket.write('CONNECT {"verbose":false,"pedantic":false,"lang":"none"}\r\nPING\r\n'));
    socket.once("error", (error) => fail(`cannot be reached (${error.message})`, error));
    socket.once("close", () => fail("closed the connection before it answered"));
    socket.on("data", (part: string) => {
      text += part;
      if (text.length > answerCharactersMax || !"INFO ".startsWith(text.slice(0, 5)))
        return fail("is not a NATS server");
      if (!text.includes("\r\nPONG\r\n")) return;
      try {
        const info = infoSchema.parse(JSON.parse(text.slice("INFO ".length, text.indexOf("\r\n"))));
        const { server_id, server_name, version, jetstream } = info;
        end(() => resolve({ serverId: server_id, serverName: server_name, version, jetstream }));
      } catch (error) {
        fail("sent an INFO that cannot be read", error);
      }
    });
  });
}
