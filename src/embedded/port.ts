/**
 * Chooses a free port on loopback for a server whose port must stay the same when it is started again.
 *
 * Not port 0: the system would give one from the range that it also uses for outgoing connections. While such a server
 * is down, a client that keeps dialling it can be given that very port as its own end and connect to itself, which TCP
 * allows and which then keeps the server from coming back. So the port is drawn below the ranges of Linux, macOS and
 * Windows.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

export const LOOPBACK = "127.0.0.1";
const portMin = 15_000;
const portMax = 32_000;
const triesMax = 50;

/** A port on 127.0.0.1 that is free now. Another process may take it before it is used: then ask again. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = randomInt(portMin, portMax);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${triesMax} ports drawn between ${portMin} and ${portMax} is free on ${LOOPBACK}`);
}

/** Whether a server could listen on `port` of 127.0.0.1 now. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: LOOPBACK, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
