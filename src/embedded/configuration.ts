/** The configuration file that the embedded nats-server is started with. */
import { isAtLeast, SYNC_INTERVAL_VERSION_MIN } from "./version.js";

export interface ServerConfiguration {
  readonly serverName: string;
  readonly host: string;
  readonly port: number;
  /** Null: the server's own default, 1 MiB. */
  readonly maxPayloadBytes: number | null;
  /** Null: left out, for a server that does not know it. */
  readonly syncInterval: string | null;
}

/**
 * `always`, or how long an acknowledged message may wait for the disk: `500ms`, `10s`, `2m`. The default is `always`:
 * what is acknowledged is to survive a power failure, and one entry for many facts makes that affordable (D2).
 */
export type SyncInterval = "always" | `${number}ms` | `${number}s` | `${number}m`;

/**
 * The interval to configure for a server of this version, or null if it is too old to be told. Throws if it is not one.
 */
export function syncIntervalFor(version: string, wanted: SyncInterval): string | null {
  if (!/^(always|\d+(ms|s|m))$/.test(wanted))
    throw new TypeError(`syncInterval is ${JSON.stringify(wanted)}; it must be "always" or a duration such as "10s"`);
  return isAtLeast(version, SYNC_INTERVAL_VERSION_MIN) ? wanted : null;
}

/**
 * The file's text. There is no password: the server listens on loopback only, and a URL with a token in it would have
 * to be known to every publisher in every language, where now the plain `nats://127.0.0.1:<port>` that `up` prints is
 * enough.
 */
export function configurationText(server: ServerConfiguration): string {
  return [
    "# Written at each start; changes are lost.",
    `server_name: ${quoted(server.serverName)}`,
    `listen: ${quoted(`${server.host}:${server.port}`)}`,
    ...(server.maxPayloadBytes === null ? [] : [`max_payload: ${server.maxPayloadBytes}`]),
    // The store itself is named in the arguments, and may not be named twice.
    server.syncInterval === null ? "jetstream: {}" : `jetstream: { sync_interval: ${quoted(server.syncInterval)} }`,
    "",
  ].join("\n");
}

/** JSON's way of quoting is understood by the configuration language of nats-server. */
const quoted = (text: string): string => JSON.stringify(text);
