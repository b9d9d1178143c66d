/** A real server with the roles of docs/deploy/roles.conf, logins for them, and what the server refuses each of them. */
import { readFile } from "node:fs/promises";
import type { NamedVersion } from "../../src/embedded/binary.js";
import { connect, Events, type NatsConnection } from "../../src/nats/door.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";

export const ROLES = ["dispatcher", "publisher", "viewer", "operator", "worker"] as const;
export type Role = (typeof ROLES)[number];

export interface Login {
  readonly nc: NatsConnection;
  /** `publish signalbox.ledger`, `subscription >`: what the server refused so far. */
  readonly refusals: readonly string[];
}

export interface RolesServer extends AsyncDisposable {
  readonly server: NatsTestServer;
  /** The connection is closed with the server. */
  login(role: Role): Promise<Login>;
}

/** The start of a test server is seen by a greeting without a login: it gets one, with no rights at all. */
const greeterAccount =
  'GREETER { users: [{ user: greeter, password: none, permissions { publish { deny: ">" }, subscribe { deny: ">" } } }] }';

/** Starts the server with a password of its own for each role. */
export async function startRolesServer(version: NamedVersion): Promise<RolesServer> {
  // The server reads the passwords from its environment, which it has from this process.
  for (const role of ROLES) process.env[passwordVariable(role)] = passwordOf(role);
  const roles = await readFile(new URL("../../docs/deploy/roles.conf", import.meta.url), "utf8");
  const config = roles.replace(/^accounts \{$/m, `no_auth_user: greeter\naccounts {\n${greeterAccount}`);
  if (config === roles) throw new Error("docs/deploy/roles.conf has no line `accounts {` to put the greeter after");
  const server = await startNatsServer({ version, config });
  const connections: NatsConnection[] = [];
  return {
    server,
    login: async (role) => {
      const nc = await connect({ servers: server.url, user: role, pass: passwordOf(role) });
      connections.push(nc);
      const refusals: string[] = [];
      void collectRefusals(nc, refusals);
      return { nc, refusals };
    },
    [Symbol.asyncDispose]: async () => {
      for (const nc of connections) await nc.close();
      await server.stop();
    },
  };
}

export const passwordVariable = (role: Role): string => `${role.toUpperCase()}_PASSWORD`;
export const passwordOf = (role: Role): string => `${role}Secret1`;

async function collectRefusals(nc: NatsConnection, refusals: string[]): Promise<void> {
  for await (const status of nc.status()) {
    const { type, permissionContext: refused } = status;
    if (type === Events.Error && refused !== undefined) refusals.push(`${refused.operation} ${refused.subject}`);
  }
}
