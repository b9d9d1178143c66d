/** Opens the connection to the NATS server, with settings that fit a scheduler: reconnect for ever, notice a dead peer soon. */
import { readFileSync } from "node:fs";
import type { ConnectionSettings } from "../config/connection.js";
import { type ConnectionOptions, connect, credsAuthenticator, type NatsConnection, nkeyAuthenticator } from "./door.js";

/** Two missed pings are a dead peer: noticed within 15 s, not after the client's default of four minutes. */
const PING_INTERVAL_MS = 5_000;
const PINGS_OUT_MAX = 2;
const RECONNECT_WAIT_MS = 250;
const CONNECT_TIMEOUT_MS = 5_000;

/** The server cannot be reached or does not let us in; the message says which and what to do. */
export class ConnectionFailed extends Error {
  readonly code = "connection-failed";
}

/** `name` shows in the server's list of connections. With `patient`, waits for a server that is not there yet. */
export async function openConnection(
  settings: ConnectionSettings,
  name: string,
  patient = false,
): Promise<NatsConnection> {
  try {
    return await connect({ ...optionsOf(settings), name, waitOnFirstConnect: patient });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const servers = settings.servers.join(", ");
    throw new ConnectionFailed(
      `cannot connect to NATS at ${servers}: ${reason}; is the server running, and are the credentials right?`,
      { cause: error },
    );
  }
}

function optionsOf(settings: ConnectionSettings): ConnectionOptions {
  const { servers, credsPath, nkeyPath, token, user, pass, tls } = settings;
  const options: ConnectionOptions = {
    servers: [...servers],
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_OUT_MAX,
    timeout: CONNECT_TIMEOUT_MS,
    noAsyncTraces: true,
  };
  if (token !== undefined) options.token = token;
  if (user !== undefined) options.user = user;
  if (pass !== undefined) options.pass = pass;
  if (credsPath !== undefined) options.authenticator = credsAuthenticator(readFileSync(credsPath));
  else if (nkeyPath !== undefined)
    options.authenticator = nkeyAuthenticator(new TextEncoder().encode(readFileSync(nkeyPath, "utf8").trim()));
  if (tls !== undefined) options.tls = { ...tls };
  return options;
}
