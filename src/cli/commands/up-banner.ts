/** What `up` says when its scheduler is ready: where everything is, what the limits are, and whether it leads. */
import { capacities, type Limits } from "../../../events/limits.js";
import type { LoadedConfiguration } from "../../config/index.js";
import type { Origin } from "../../dispatcher/options.js";
import { type DurabilityNote, durabilityNotes } from "../../doctor/durability.js";
import type { Host } from "../../host.js";
import { openConnection } from "../../nats/connection.js";
import type { NatsConnection } from "../../nats/door.js";
import { askAgain, type Role, untilRole } from "../../role.js";
import type { Output } from "../options.js";
import type { Terminal } from "../terminal.js";

export interface ReadyOptions {
  readonly host: Host;
  readonly loaded: LoadedConfiguration;
  readonly output: Output;
  readonly terminal: Terminal;
  /** Settles when there is nothing to wait for any more. */
  readonly until: Promise<unknown>;
}

/** Waits until the scheduler leads or stands by, then says so: to people on standard error, to programs as one JSON line. */
export async function showReady({ host, loaded, output, terminal, until }: ReadyOptions): Promise<void> {
  const { configuration } = loaded;
  const nc = await openConnection(host.settings, `signalbox up ${process.pid}`, true);
  try {
    const role = await untilRole(host.scheduler, nc, until);
    if (role === null) return;
    const { limits, inForce } = await askAgain(host.scheduler.dispatcher, (fold) => ({
      limits: fold.slots.limits,
      inForce: fold.settings.limitsKnown,
    }));
    const shown = inForce ? limits : configuration.limits;
    for (const { level, text } of await notesOf(host, nc))
      if (level === "warning") terminal.err(`${terminal.errColors.yellow("warning:")} ${text}`);
    for (const line of bannerLines(host, loaded, shown, role)) terminal.err(line);
    if (output !== "table") terminal.out(JSON.stringify(readyLine(host, loaded, shown, role)));
  } finally {
    await nc.close();
  }
}

function bannerLines(host: Host, { configuration, file }: LoadedConfiguration, limits: Limits, role: Role): string[] {
  const { server } = host;
  const types = Object.keys(configuration.types);
  const who = server === null ? "" : ` (embedded nats-server ${server.version}${server.joined ? ", shared" : ""})`;
  const where = server === null ? `streams of the server at ${host.url}` : configuration.stateDir;
  return [
    `signalbox is ready: ${roleText(role)}`,
    `  namespace  ${configuration.namespace}`,
    `  nats       ${host.url}${who}`,
    `  limits     ${limitsText(limits)}`,
    `  types      ${types.length === 0 ? "none; name some under types: in signalbox.yaml" : types.join(", ")}`,
    `  config     ${file ?? "none, the defaults hold"}`,
    `  ledger     ${originText(host.scheduler.origin)}`,
    `  state      ${where}`,
  ];
}

function readyLine(host: Host, { configuration }: LoadedConfiguration, limits: Limits, role: Role): object {
  return {
    event: "ready",
    nats: host.url,
    namespace: configuration.namespace,
    pid: process.pid,
    dispatcher: host.scheduler.dispatcher.id,
    role: role.role,
    leader: role.role === "leading" ? host.scheduler.dispatcher.id : role.leader,
    limits,
    stateDir: host.server === null ? null : configuration.stateDir,
    checkpoint: host.scheduler.origin?.checkpoint ?? null,
    entriesFolded: host.scheduler.origin?.entries ?? null,
  };
}

function roleText(role: Role): string {
  if (role.role === "leading") return "leading";
  const leader = role.leader ?? "nobody yet";
  return role.role === "standby" ? `standing by behind ${leader}` : `waiting for ${leader}, who does not answer`;
}

/** How it came to what it believes. */
function originText(origin: Origin | null): string {
  if (origin === null) return "not folded yet";
  const { checkpoint, entries } = origin;
  const all = `${grouped(entries)} ${entries === 1 ? "entry" : "entries"}`;
  if (checkpoint !== null) return `checkpoint at ${grouped(checkpoint)}, ${all} after it`;
  return entries === 0 ? "empty" : `${all}, no checkpoint before them`;
}

/** `81,200`. */
const grouped = (number: number): string => number.toLocaleString("en");

function limitsText(limits: Limits): string {
  const pools = [...capacities(limits)].map(([pool, capacity]) => `${pool}=${capacity}`);
  return pools.length === 0 ? "none" : pools.join(" ");
}

/** The embedded server has said in the log what it cannot do. What a foreign one does not tell is not made up. */
async function notesOf({ server, scheduler }: Host, nc: NatsConnection): Promise<readonly DurabilityNote[]> {
  if (server !== null) return [];
  const version = nc.info?.version ?? "0.0.0";
  const replicas = await nc
    .jetstreamManager()
    .then((jsm) => jsm.streams.info(scheduler.subjects.ledgerStream))
    .then(({ config }) => config.num_replicas)
    .catch(() => null);
  return durabilityNotes({ version, syncInterval: "unknown", replicas });
}
