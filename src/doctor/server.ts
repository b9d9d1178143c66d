/** The NATS server that is configured: whether it answers, what it is worth, what we may do there, and who leads. */
import { type ClientFailure, openSession } from "../client/index.js";
import { type ConnectionChoice, formatDuration, type LoadedConfiguration } from "../config/index.js";
import { findRunningServer, type ServerRecord } from "../embedded/index.js";
import { openConnection } from "../nats/connection.js";
import type { NatsConnection } from "../nats/door.js";
import { type Subjects, subjectsOf } from "../nats/subjects.js";
import { durabilityNotes } from "./durability.js";
import { type Finding, ok, problem, warning } from "./finding.js";
import { describeRights, probeRights } from "./permissions.js";
import { checkClock, checkStreams } from "./streams.js";

type Choice = Exclude<ConnectionChoice, { readonly kind: "refused" }>;

export async function checkServer(choice: Choice, { configuration }: LoadedConfiguration): Promise<readonly Finding[]> {
  const record = choice.kind === "embedded" ? await findRunningServer(configuration.stateDir) : null;
  if (choice.kind === "embedded" && record === null)
    return [
      warning(
        "connection",
        `no embedded server is running on ${configuration.stateDir}`,
        "It runs while `signalbox up` does.",
      ),
    ];
  const settings = choice.kind === "server" ? choice.settings : { servers: [record?.url ?? ""] };
  let nc: NatsConnection;
  try {
    nc = await openConnection(settings, `signalbox doctor ${process.pid}`);
  } catch (error) {
    return [problem("connection", error instanceof Error ? error.message : String(error))];
  }
  try {
    const source = choice.kind === "server" ? ` (${choice.source})` : " (embedded)";
    const subjects = subjectsOf(configuration.namespace);
    return [
      ok("connection", `${settings.servers.join(",")}${source}, answers in ${await nc.rtt()} ms`),
      ...(await checkConnected(nc, subjects, record)),
    ];
  } finally {
    await nc.close();
  }
}
