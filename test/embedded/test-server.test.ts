/** The servers that all other tests stand on, on every version of the matrix. */
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { greet } from "../../src/embedded/greet.js";
import { startNatsServer } from "../support/nats-server.js";
import { describeOnEveryServer } from "../support/server-matrix.js";

const answerMs = 2_000;

await describeOnEveryServer("a server for tests", (version) => {
  test("given a started server, when greeted, then it answers as that version with JetStream on", async () => {
    await using server = await startNatsServer({ version });
    const greeting = await greet("127.0.0.1", server.port, answerMs);
    expect(greeting.version).toBe(server.version);
    expect(greeting.version.startsWith(version === "current" ? "2." : `${version}.`)).toBe(true);
    expect(greeting.jetstream).toBe(true);
  });

  test("given a server, when it is killed and restarted, then it is another process on the same port and store", async () => {
    await using server = await startNatsServer({ version });
    const before = { pid: server.pid, port: server.port };
    await server.kill();
    await expect(greet("127.0.0.1", server.port, answerMs)).rejects.toThrow("cannot be reached");
    await server.restart();
    expect(server.pid).not.toBe(before.pid);
    expect(server.port).toBe(before.port);
    expect(existsSync(server.storeDir)).toBe(true);
    await greet("127.0.0.1", server.port, answerMs);
  });

  test("given a paused server, when greeted, then it is silent until it is resumed", async () => {
    await using server = await startNatsServer({ version });
    await server.pause();
    await expect(greet("127.0.0.1", server.port, 150)).rejects.toThrow("did not answer");
    server.resume();
    await greet("127.0.0.1", server.port, answerMs);
  });

  test("given a stopped server, then its process is gone and its folder removed", async () => {
    const server = await startNatsServer({ version });
    const { pid, storeDir } = server;
    await server.stop();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    expect(existsSync(storeDir)).toBe(false);
  });
});

test("given a configuration that the server refuses, then the error carries the server's own words", async () => {
  await expect(startNatsServer({ config: "no_such_key: {" })).rejects.toThrow(
    /did not start: ended with exit code 1\n.*Parse error/s,
  );
});
