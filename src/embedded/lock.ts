/**
 * The lock on a folder: one guard at a time may run a server on it. nats-server itself takes none, and two servers on
 * one store destroy it.
 *
 * The lock is a listening socket, because the kernel takes it away when its holder dies, whatever it dies of. Whoever
 * wants to know when that happens connects to it and waits for the end of the connection. On Linux the socket has an
 * abstract name, so that nothing stale can stay on disk. Such names belong to a network namespace: containers that
 * share the folder but not the network do not see each other's lock, and must not both run a server on it.
 */
import { createHash, randomUUID } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Connections of those who wait for the lock to become free: one for every scheduler that shares the server. */
const watchersMax = 1_000;
const connectTimeoutMs = 2_000;
/** Longer than any other process needs from finding that nobody answers to renaming its own socket. */
const settleMs = 200;
/** A socket name on Linux has at most so many bytes. Names that fill them are the same in every version of Node.js. */
const abstractNameBytes = 108;

/**
 * The lock's address for a folder. `realFolder` must be free of links, or two names of one folder would be two locks.
 */
export function lockAddress(realFolder: string, platform: NodeJS.Platform = process.platform): string {
  const hash = createHash("sha256").update(realFolder).digest("hex");
  if (platform === "linux") return `\0signalbox-${hash}`.padEnd(abstractNameBytes, "-");
  if (platform === "win32") return `\\\\.\\pipe\\signalbox-${hash}`;
  // Not the temporary folder of the environment: two terminals may differ in it. And short, as these names must be.
  return `/tmp/signalbox-${hash.slice(0, 32)}.sock`;
}

export interface Lock {
  release(): Promise<void>;
}

/** Takes the lock, or answers null if another process holds it. Throws if the system refuses for another reason. */
export async function takeLock(address: string): Promise<Lock | null> {
  if (address.startsWith("/")) return takeFileLock(address);
  const server = await listen(address);
  return server === null ? null : { release: () => close(server) };
}

/**
 * A socket file stays when its holder is killed, so its being there says nothing; whether somebody answers does. The
 * new socket is renamed over the old one: of several that do so, the last one's stays, which each of them sees by
 * asking who answers.
 */
async function takeFileLock(address: string): Promise<Lock | null> {
  // Its own name: closing a server removes the file by the name that it was bound to, whosesoever that is by then.
  const ownName = `${address}.${randomUUID().slice(0, 8)}`;
  const server = await listen(ownName);
  if (server === null) return null;
  const holder = await watchLock(address);
  holder?.close();
  if (holder === null) {
    await rename(ownName, address);
    await delay(settleMs);
    if ((await ask(address)) === process.pid)
      return {
        release: async () => {
          await rm(address, { force: true });
          await close(server);
        },
      };
  }
  await close(server);
  return null;
}

export interface LockWatch {
  /** Resolves when the lock's holder has ended or has released it, or on `close()`. */
  readonly gone: Promise<void>;
  close(): void;
}

/** Watches the lock, or answers null if nobody holds it. */
export function watchLock(address: string): Promise<LockWatch | null> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const timer = setTimeout(() => socket.destroy(), connectTimeoutMs);
    const gone = new Promise<void>((end) => socket.once("close", () => end()));
    socket.on("error", () => {});
    // What the holder says is for `ask`; but unread data would keep the end of the connection from being seen.
    socket.resume();
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve({ gone, close: () => socket.destroy() });
    });
    void gone.then(() => {
      clearTimeout(timer);
      resolve(null);
    });
  });
}

/** The process id that the holder states, or null if nobody answers. */
function ask(address: string): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const timer = setTimeout(() => socket.destroy(), connectTimeoutMs);
    socket.on("error", () => {});
    socket.once("data", (data) => {
      resolve(Number(data.toString("utf8")));
      socket.destroy();
    });
    socket.once("close", () => {
      clearTimeout(timer);
      resolve(null);
    });
  });
}

/**
 * The sockets of those who watch a lock of ours: they keep its server from closing, and their end is what is waited
 * for.
 */
const watchers = new WeakMap<Server, Set<Socket>>();

/** Listens on the address; null if it is taken. */
function listen(address: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const connected = new Set<Socket>();
    const server = createServer((socket) => {
      connected.add(socket);
      socket.once("close", () => connected.delete(socket));
      socket.on("error", () => {});
      socket.resume();
      socket.write(`${process.pid}\n`);
    });
    watchers.set(server, connected);
    server.maxConnections = watchersMax;
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(null) : reject(error),
    );
    server.listen(address, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of watchers.get(server) ?? []) socket.destroy();
  });
}
