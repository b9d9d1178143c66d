/** The record of the server that runs on a state folder: `server.json`, by which other commands find it. */
import { randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { greet } from "./greet.js";
import { LOOPBACK } from "./port.js";

/** A live server on loopback answers in a few milliseconds; a frozen one is not to be waited for. */
const answerTimeoutMs = 2_000;

export const serverRecordSchema = z.object({
  url: z.string(),
  port: z.number().int(),
  pid: z.number().int(),
  version: z.string(),
  /** Random, and in the server's INFO: whoever answers on the port and says it is the server of this record. */
  serverName: z.string(),
  storeDir: z.string(),
  /** What the server's `sync_interval` is; null: the server is too old to have one. */
  syncInterval: z.string().nullable(),
  guardPid: z.number().int(),
  startedAt: z.string(),
});
export type ServerRecord = z.infer<typeof serverRecordSchema>;

const recordFile = (stateDir: string): string => join(stateDir, "server.json");
/** Beside the record, which goes when the server ends. */
const portFile = (stateDir: string): string => join(stateDir, "server.port");
const PORT_MAX = 65_535;

/** The server that is running on this state folder, or null if none is. It has answered, and as the one recorded. */
export async function findRunningServer(stateDir: string): Promise<ServerRecord | null> {
  const record = await readRecord(stateDir);
  if (record === null) return null;
  const greeting = await greet(LOOPBACK, record.port, answerTimeoutMs).catch(() => null);
  return greeting?.serverName === record.serverName ? record : null;
}

/** Replaces the record in one step, so that a reader sees the old one or the new one. Readable by its owner only. */
export async function writeRecord(stateDir: string, record: ServerRecord): Promise<void> {
  const file = recordFile(stateDir);
  const fresh = `${file}.${randomUUID()}`;
  await writeFile(fresh, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(fresh, file);
}

/** The port that the server of this folder had last; null if it never had one. */
export async function lastPort(stateDir: string): Promise<number | null> {
  const port = Number(await readFile(portFile(stateDir), "utf8").catch(() => ""));
  return Number.isInteger(port) && port > 0 && port <= PORT_MAX ? port : null;
}

export async function rememberPort(stateDir: string, port: number): Promise<void> {
  await writeFile(portFile(stateDir), `${port}\n`, { mode: 0o600 });
}

export async function removeRecord(stateDir: string): Promise<void> {
  await rm(recordFile(stateDir), { force: true });
}

async function readRecord(stateDir: string): Promise<ServerRecord | null> {
  try {
    return serverRecordSchema.parse(JSON.parse(await readFile(recordFile(stateDir), "utf8")));
  } catch {
    // Absent, or written by another version of this program: either way it names no server of ours.
    return null;
  }
}
