/**
 * The embedded server and its guard, with real processes that are really killed (D10: stopped with its parent, always).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import {
  type EmbeddedServer,
  EmbeddedServerError,
  type EmbeddedServerOptions,
  findRunningServer,
  type LogLine,
  type ServerRecord,
  startEmbeddedServer,
} from "../../src/embedded/index.js";
import { findServersOn, isRunning } from "../../src/embedded/orphans.js";
import { providedServers } from "../support/nats-server.js";
import { eventually, freshFolder, writeScript } from "./folders.js";
import { createStream, publish, streamInfo } from "./jetstream-socket.js";

const servers: EmbeddedServer[] = [];
const schedulers: ChildProcess[] = [];
afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) scheduler.kill("SIGKILL");
  for (const server of servers.splice(0)) await server.stop();
});

async function start(options: Partial<EmbeddedServerOptions> & { stateDir: string }): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ onLog: () => {}, ...options });
  servers.push(server);
  return server;
}

/** Another process that starts the server and then waits; signals do not end it, it only says that they came. */
async function startScheduler(stateDir: string): Promise<{ process: ChildProcess; nextLine: () => Promise<string> }> {
  const module = pathToFileURL(join(import.meta.dirname, "../../dist/src/embedded/index.js")).href;
  const code = `
    import { startEmbeddedServer } from ${JSON.stringify(module)};
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => console.log(signal));
    await startEmbeddedServer({ stateDir: ${JSON.stringify(stateDir)}, onLog: () => {} });
    console.log("ready");`;
  const argv = ["--input-type=module", "-e", code];
  // In a process group of its own, as a shell's foreground job is, so that a signal can be sent to the whole group.
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"], detached: true });
  schedulers.push(child);
  const lines = createInterface({ input: child.stdout });
  const nextLine = async (): Promise<string> => String((await once(lines, "line"))[0]);
  expect(await nextLine()).toBe("ready");
  return { process: child, nextLine };
}

async function recordOf(stateDir: string): Promise<ServerRecord> {
  const record = await findRunningServer(stateDir);
  if (record === null) throw new Error(`no server is running on ${stateDir}`);
  return record;
}

const untilGone = (pid: number): Promise<boolean> =>
  eventually(`process ${pid} is gone`, async () => ((await isRunning(pid)) ? null : true));

/** The server that runs on the folder as soon as it is another process than `pid`. */
const untilReplaced = (stateDir: string, pid: number): Promise<ServerRecord> =>
  eventually(`another server than ${pid} runs on ${stateDir}`, async () => {
    const record = await findRunningServer(stateDir);
    return record === null || record.pid === pid ? null : record;
  });

describe("starting and stopping", () => {
  test("given a state folder, when a server is started on it, then others find it there, and no other user can read it", async () => {
    const stateDir = await freshFolder();
    const server = await start({ stateDir });
    expect(server).toMatchObject({ joined: false, syncInterval: "always" });
    expect(await findRunningServer(stateDir)).toMatchObject({
      url: server.url,
      pid: server.pid(),
      version: server.version,
    });
    expect((await stat(join(stateDir, "server.json"))).mode & 0o077).toBe(0);
  });

  test("given a running server, when it is stopped, then no process and no record of it is left, and its data is", async () => {
    const stateDir = await freshFolder();
    const first = await start({ stateDir });
    const record = await recordOf(stateDir);
    await createStream(record.port);
    await publish(record.port, "kept");
    await Promise.all([first.stop(), first.stop()]);
    expect(await isRunning(record.pid)).toBe(false);
    expect(await isRunning(record.guardPid)).toBe(false);
    expect(existsSync(join(stateDir, "server.json"))).toBe(false);
    expect(await findRunningServer(stateDir)).toBeNull();

    await start({ stateDir });
    expect(await streamInfo((await recordOf(stateDir)).port)).toMatchObject({ state: { messages: 1 } });
  });

  test("given options, then the server gets them", async () => {
    const [stateDir, storeDir] = [await freshFolder(), await freshFolder()];
    const logged: LogLine[] = [];
    const options = { storeDir, syncInterval: "10s", maxPayloadBytes: 2_000_000 } as const;
    const server = await start({ stateDir, ...options, onLog: (line) => logged.push(line) });
    expect(server.syncInterval).toBe("10s");
    expect(await findServersOn(storeDir)).toEqual([server.pid()]);
    expect(logged).toContainEqual({ level: "info", text: "Server is ready" });
    await expect(start({ stateDir: await freshFolder(), syncInterval: "often" as "1s" })).rejects.toThrow(TypeError);
  });

  test("given a server that dies at its start, then the error carries its last words", async () => {
    const path = await writeScript(join(await freshFolder(), "nats-server"), 'echo "the disk is on fire" >&2; exit 3');
    const binary = { path, version: "2.15.1", source: "configured", warning: null } as const;
    const started = start({ stateDir: await freshFolder(), binary });
    await expect(started).rejects.toThrow(EmbeddedServerError);
    await expect(started).rejects.toThrow("ended with exit code 3\nthe disk is on fire");
  });

  test("given it ran before, when it is started again, then on the same port, where those who were connected look for it; and on another one if that is taken", async () => {
    const stateDir = await freshFolder();
    const { url } = await start({ stateDir });
    await servers.pop()?.stop();
    expect((await start({ stateDir })).url).toBe(url);
    await servers.pop()?.stop();
    const other = await start({ stateDir: await freshFolder(), port: Number(new URL(url).port) });
    expect(other.url).toBe(url);
    expect((await start({ stateDir })).url).not.toBe(url);
  });

  test("given a port that another program has, then the error says so", async () => {
    const other = await start({ stateDir: await freshFolder() });
    const port = Number(new URL(other.url).port);
    await expect(start({ stateDir: await freshFolder(), port })).rejects.toThrow("address already in use");
  });
});

describe("when something is killed", () => {
  test("given a scheduler that is killed with SIGKILL, then its server and its guard end", async () => {
    const stateDir = await freshFolder();
    const scheduler = await startScheduler(stateDir);
    const { pid, guardPid } = await recordOf(stateDir);
    scheduler.process.kill("SIGKILL");
    await untilGone(pid);
    await untilGone(guardPid);
    expect(existsSync(join(stateDir, "server.json"))).toBe(false);
  });

  test("given a server that is killed with SIGKILL, then it comes back on the same port with what it acknowledged", async () => {
    const stateDir = await freshFolder();
    const server = await start({ stateDir });
    const before = await recordOf(stateDir);
    await createStream(before.port);
    expect(await publish(before.port, "acknowledged")).toMatchObject({ seq: 1 });
    process.kill(before.pid, "SIGKILL");
    const after = await untilReplaced(stateDir, before.pid);
    expect(after).toMatchObject({ url: server.url, guardPid: before.guardPid });
    // The record is written first, and then the scheduler told.
    await expect.poll(() => server.pid()).toBe(after.pid);
    expect(await streamInfo(after.port)).toMatchObject({ state: { messages: 1 } });
  });

  test("given a guard that is killed with SIGKILL, then a new one replaces the server, and still only one has the store", async () => {
    const stateDir = await freshFolder();
    const server = await start({ stateDir });
    const before = await recordOf(stateDir);
    process.kill(before.guardPid, "SIGKILL");
    const after = await untilReplaced(stateDir, before.pid);
    expect(after.url).toBe(server.url);
    expect(await isRunning(before.pid)).toBe(false);
    expect(await findServersOn(join(stateDir, "nats"))).toEqual([after.pid]);
  });

  test("given a scheduler and a guard that are killed together, then the next start ends the server left behind", async () => {
    const stateDir = await freshFolder();
    const scheduler = await startScheduler(stateDir);
    const before = await recordOf(stateDir);
    // Paused first: a guard that still sees the scheduler's end would stop the server.
    process.kill(before.guardPid, "SIGSTOP");
    scheduler.process.kill("SIGKILL");
    process.kill(before.guardPid, "SIGKILL");
    await untilGone(before.guardPid);
    expect(await isRunning(before.pid)).toBe(true);
    const server = await start({ stateDir });
    expect(await isRunning(before.pid)).toBe(false);
    expect(await findServersOn(join(stateDir, "nats"))).toEqual([server.pid()]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "given %s to the scheduler's whole process group, then the server goes on until the scheduler ends",
    async (signal) => {
      const stateDir = await freshFolder();
      const scheduler = await startScheduler(stateDir);
      const before = await recordOf(stateDir);
      const said = scheduler.nextLine();
      process.kill(-(scheduler.process.pid ?? 0), signal);
      process.kill(before.guardPid, signal);
      expect(await said).toBe(signal);
      expect(await recordOf(stateDir)).toEqual(before);
      scheduler.process.kill("SIGKILL");
      await untilGone(before.pid);
    },
  );

  test("given a server that cannot be started again, then the guard gives up, and says why with the server's words", async () => {
    const current = (await providedServers()).get("current");
    if (current === undefined || !("binary" in current)) throw new Error("no nats-server to test with");
    const [stateDir, folder] = [await freshFolder(), await freshFolder()];
    const flag = join(folder, "started");
    const script = `[ -e ${flag} ] && { echo "no space left" >&2; exit 1; }\ntouch ${flag}\nexec ${current.binary.path} "$@"`;
    const path = await writeScript(join(folder, "nats-server"), script);
    const failure = new Promise<EmbeddedServerError>((onFailure) => {
      void start({ stateDir, binary: { ...current.binary, path }, onFailure }).then((server) =>
        process.kill(server.pid(), "SIGKILL"),
      );
    });
    expect((await failure).message).toMatch(/died 8 times in a row .*no space left/s);
    expect(await findServersOn(join(stateDir, "nats"))).toEqual([]);
  });
});

describe("two schedulers on one folder", () => {
  test("given two that start at the same moment, then they share one server, and the one that joined leaves it alone", async () => {
    const stateDir = await freshFolder();
    const both = await Promise.all([start({ stateDir }), start({ stateDir })]);
    const [owner, joined] = both[0].joined ? [both[1], both[0]] : both;
    expect([owner.joined, joined.joined]).toEqual([false, true]);
    expect(joined.url).toBe(owner.url);
    expect(await findServersOn(join(stateDir, "nats"))).toEqual([owner.pid()]);
    await joined.stop();
    expect(await findRunningServer(stateDir)).toMatchObject({ pid: owner.pid() });
  });

  test("given one that has joined, when the other is killed, then it takes the server over, on the same port and store", async () => {
    const stateDir = await freshFolder();
    const scheduler = await startScheduler(stateDir);
    const before = await recordOf(stateDir);
    await createStream(before.port);
    await publish(before.port, "acknowledged");
    const server = await start({ stateDir });
    expect(server.joined).toBe(true);
    scheduler.process.kill("SIGKILL");
    const after = await untilReplaced(stateDir, before.pid);
    expect(after.url).toBe(before.url);
    await eventually("the takeover is complete", () => (server.joined ? null : true));
    expect(await streamInfo(after.port)).toMatchObject({ state: { messages: 1 } });
    await server.stop();
    expect(await isRunning(after.pid)).toBe(false);
  });

  test("given another state folder but the same store, then the second start is refused, with what to do", async () => {
    const storeDir = await freshFolder();
    await start({ stateDir: await freshFolder(), storeDir });
    const second = start({ stateDir: await freshFolder(), storeDir });
    await expect(second).rejects.toThrow(/is in use by a scheduler with another state folder/);
  });
});
