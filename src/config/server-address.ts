/** Addresses of NATS servers as people write them, with the secrets taken out: an address may be logged, a secret never. */

interface ServerAddresses {
  /** `nats://host:port`, at least one. */
  readonly servers: readonly string[];
  /** The scheme `tls://` was used. */
  readonly tls: boolean;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

const portDefault = "4222";
/** More than this is a mistake; a cluster tells a client about its other servers anyway. */
const serversMax = 50;

/**
 * Reads one or more addresses, separated by commas: `nats://host:4222`, `tls://host`, `host:4222`, `host`, each
 * perhaps with `user:password@` or `token@`. Returns what is wrong, without repeating it, as `{ problem }`.
 */
export function parseServers(text: string): ServerAddresses | { readonly problem: string } {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.length > serversMax) return { problem: `more than ${serversMax} servers` };
  const servers: string[] = [];
  let tls = false;
  let secrets: { user?: string; pass?: string; token?: string } = {};
  for (const part of parts) {
    const url = parseOne(part);
    if (url === null) return { problem: "must be an address such as nats://127.0.0.1:4222 or tls://host:4222" };
    tls ||= url.protocol === "tls:";
    const given = secretsOf(url);
    if (given === null) return { problem: "has a % in user or password that is not a percent-encoding" };
    if (Object.keys(given).length > 0) secrets = given;
    servers.push(`nats://${url.hostname}:${url.port || portDefault}`);
  }
  return { servers, tls, ...secrets };
}

function parseOne(text: string): URL | null {
  const withScheme = text.includes("://") ? text : `nats://${text}`;
  if (!URL.canParse(withScheme)) return null;
  const url = new URL(withScheme);
  const plain = ["", "/"].includes(url.pathname) && url.search === "" && url.hash === "";
  return ["nats:", "tls:"].includes(url.protocol) && url.hostname !== "" && plain ? url : null;
}

function secretsOf(url: URL): { user?: string; pass?: string; token?: string } | null {
  if (url.username === "") return {};
  try {
    const first = decodeURIComponent(url.username);
    return url.password === "" ? { token: first } : { user: first, pass: decodeURIComponent(url.password) };
  } catch {
    return null;
  }
}
