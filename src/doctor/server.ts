/** The NATS server that is configured: whether it answers, what it is worth, what we may do there, and who leads. */

import type { HealthAnswer } from "../client/index.js";
import type { ConnectionChoice, LoadedConfiguration } from "../config/index.js";
import { findRunningServer, type ServerRecord } from "../embedded/index.js";
import { openConnection } from "../nats/connection.js";
import type { NatsConnection } from "../nats/door.js";
import { nobodyListens } from "../nats/nobody-listens.js";
import { type Subjects, subjectsOf } from "../nats/subjects.js";
import { durabilityNotes } from "./durability.js";
import { type Finding, ok, problem, warning } from "./finding.js";
import { describeRights, probeRights } from "./permissions.js";
import { checkClock, checkStreams } from "./streams.js";

/** A scheduler that leads answers in milliseconds. */
const HEALTH_ANSWER_MS = 3_000;

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

async function checkConnected(
  nc: NatsConnection,
  subjects: Subjects,
  record: ServerRecord | null,
): Promise<readonly Finding[]> {
  const version = nc.info?.version ?? "0.0.0";
  const rights = await probeRights(nc, subjects);
  const findings = [describeRights(rights)];
  let replicas: number | null = null;
  // Who may not read the ledger is not told about the streams, and need not be.
  if (rights.readLedger) {
    const looked = await lookAtStreams(nc, subjects);
    findings.push(...looked.findings);
    replicas = looked.replicas;
  }
  const syncInterval = record === null ? "unknown" : record.syncInterval;
  for (const { level, text } of durabilityNotes({ version, syncInterval, replicas }))
    findings.push({ check: "durability", level, text });
  if (rights.query) findings.push(await checkScheduler(nc, subjects));
  return findings;
}

async function lookAtStreams(nc: NatsConnection, subjects: Subjects) {
  const failed = (text: string, hint?: string) => ({ findings: [problem("jetstream", text, hint)], replicas: null });
  const jsm = await nc.jetstreamManager().catch(() => null);
  if (jsm === null)
    return failed(
      "the server has no JetStream, or these credentials may not use it",
      "Start the server with -js, or with jetstream {} in its configuration.",
    );
  try {
    const { findings, replicas } = await checkStreams(jsm, subjects);
    const clock = replicas === null ? null : await checkClock(jsm, subjects);
    return {
      findings: [ok("jetstream", "enabled"), ...findings, ...(clock === null ? [] : [clock])],
      replicas,
    };
  } catch (error) {
    return failed(`the streams cannot be looked at: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function checkScheduler(nc: NatsConnection, subjects: Subjects): Promise<Finding> {
  try {
    const message = await nc.request(`${subjects.query}.health`, "{}", { timeout: HEALTH_ANSWER_MS });
    // What src/api/service.ts answers to this question.
    const health = message.json<HealthAnswer>();
    const { queued, running } = health.jobs;
    const since = health.leader === null ? "" : ` since ${health.leader.since}`;
    return ok(
      "scheduler",
      `${health.dispatcher} leads${since} (version ${health.version}): ${running} running, ${queued} queued`,
    );
  } catch (error) {
    const reason = nobodyListens(error) ? "none answers" : "it does not answer in time";
    return warning("scheduler", `${reason} in namespace ${subjects.namespace}`, "Start one with `signalbox up`.");
  }
}
