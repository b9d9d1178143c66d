/** A gate that parts the network between a client and a server: what passes, what does not, and what comes of it afterwards. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../embedded/folders.js";
import { TcpGate } from "../support/tcp-gate.js";

let server: Server;
let gate: TcpGate;
let heard: string;
let served: Socket[];
beforeEach(async () => {
  heard = "";
  served = [];
  // Says back what it hears.
  server = createServer((socket) => {
    served.push(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      heard += chunk.toString();
      socket.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server is not listening");
  gate = await TcpGate.open(address.port);
});
afterEach(async () => {
  await gate[Symbol.asyncDispose]();
  for (const socket of served) socket.destroy();
  server.close();
});

async function dial(): Promise<{ socket: Socket; answers: () => string }> {
  const socket = connect(gate.port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => {});
  let answers = "";
  socket.on("data", (chunk) => {
    answers += chunk.toString();
  });
  return { socket, answers: () => answers };
}

test("given a parted network, when a client sends, then nothing arrives until it is mended, and then all of it", async () => {
  const { socket, answers } = await dial();
  socket.write("one ");
  await eventually("it was answered", () => (answers() === "one " ? true : null));
  gate.part();
  socket.write("two ");
  const late = await dial();
  late.socket.write("three ");
  // Another way round shows that there was time enough for it to arrive.
  const other = connect((server.address() as { port: number }).port, "127.0.0.1");
  other.write("around ");
  await once(other, "data");
  other.destroy();
  expect(heard).toBe("one around ");
  gate.mend();
  await eventually("both were answered", () => (answers() === "one two " && late.answers() === "three " ? true : null));
});

test("given only answers do not pass, when a client sends, then the server hears it, and its answer comes when it is mended", async () => {
  const { socket, answers } = await dial();
  gate.part({ requests: false, answers: true });
  socket.write("one ");
  await eventually("it was heard", () => (heard === "one " ? true : null));
  expect(answers()).toBe("");
  gate.mend();
  await eventually("it was answered", () => (answers() === "one " ? true : null));
});

test("given a parted network, when it is mended with broken connections, then what was on its way never arrives and both ends know", async () => {
  const { socket } = await dial();
  socket.write("one ");
  await eventually("it was heard", () => (heard === "one " ? true : null));
  gate.part();
  socket.write("two ");
  // Not by `once`, which would take the reset for a failure of the test.
  const closed = (end: Socket) => new Promise((resolve) => end.once("close", resolve));
  const ends = Promise.all([socket, ...served].map(closed));
  gate.mend({ breaks: true });
  await ends;
  expect(heard).toBe("one ");
});

test("given a client that goes away, when the network is whole, then the server's side of its connection ends too", async () => {
  const { socket } = await dial();
  socket.write("one ");
  await eventually("it was heard", () => (heard === "one " ? true : null));
  const [side] = served;
  if (side === undefined) throw new Error("nobody was served");
  const ended = once(side, "close");
  socket.destroy();
  await ended;
});
