/** What this machine brings along: Node.js, and a nats-server for the embedded server. Nothing is fetched here. */
import { delimiter, join } from "node:path";
import type { Environment } from "../config/index.js";
import { cachedBinary, cacheFolder } from "../embedded/cache.js";
import { askVersion, isAtLeast, PINNED_VERSION, VERSION_MIN } from "../embedded/version.js";
import { type Finding, ok, problem, warning } from "./finding.js";

/** As in package.json, `engines`. */
const NODE_VERSION_MIN = "20.19.0";

export function checkNode(version: string): Finding {
  const number = version.replace(/^v/, "");
  if (isAtLeast(number, NODE_VERSION_MIN)) return ok("node", `Node.js ${number}`);
  return problem(
    "node",
    `Node.js ${number} is older than ${NODE_VERSION_MIN}`,
    "Install a current one from https://nodejs.org.",
  );
}

/** The binary that `up` would run, found by the same order of places. */
export async function checkServerBinary(env: Environment): Promise<Finding> {
  const check = "nats-server";
  const configured = env["SIGNALBOX_NATS_SERVER"] ?? "";
  if (configured !== "") {
    const version = await versionOf(configured);
    if (version !== null) return rate(version, `${configured} (SIGNALBOX_NATS_SERVER)`);
    return problem(check, `SIGNALBOX_NATS_SERVER names ${configured}, which does not run`, "Correct it, or unset it.");
  }
  let tooOld = "";
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter((part) => part !== "")) {
    const path = join(folder, "nats-server");
    const version = await versionOf(path);
    if (version === null) continue;
    if (isAtLeast(version, VERSION_MIN)) return rate(version, path);
    tooOld = `; ${path} is ${version}, older than ${VERSION_MIN}`;
  }
  const cached = await cachedBinary(cacheFolder({ ...env }), PINNED_VERSION);
  if (cached !== null) return rate(cached.version, cached.path);
  return warning(
    check,
    `none here yet${tooOld}`,
    `\`signalbox up\` fetches ${PINNED_VERSION} once into the user's cache; or put one on the PATH (https://nats.io/download).`,
  );
}

function rate(version: string, where: string): Finding {
  const text = `${version} at ${where}`;
  if (isAtLeast(version, VERSION_MIN)) return ok("nats-server", text);
  return warning(
    "nats-server",
    `${text}; older than ${VERSION_MIN}`,
    "Install a current one: https://nats.io/download.",
  );
}

const versionOf = (path: string): Promise<string | null> => askVersion(path).catch(() => null);
