/**
 * What these credentials may do, tried with requests that change nothing: a publish that names a wrong stream is refused by
 * the stream after the server has let it pass, and a command without its arguments is refused by the scheduler.
 */

import { headers, type NatsConnection } from "../nats/door.js";
import { nobodyListens } from "../nats/nobody-listens.js";
import type { Subjects } from "../nats/subjects.js";
import { type Finding, ok, problem, warning } from "./finding.js";

/** A server answers in milliseconds; silence says as much as a refusal here, and no more is waited for. */
const ANSWER_MS = 2_000;
const NO_SUCH_STREAM = "SIGNALBOX_DOCTOR_ASKS";

export interface Rights {
  readonly submit: boolean;
  readonly command: boolean;
  readonly query: boolean;
  readonly readLedger: boolean;
  readonly lead: boolean;
}

/** The sets of rights that docs/deploy/roles.conf gives, by the role's name. */
const ROLES: readonly (readonly [string, Rights])[] = [
  ["a scheduler", { submit: true, command: true, query: true, readLedger: true, lead: true }],
  ["an operator", { submit: true, command: true, query: true, readLedger: true, lead: false }],
  ["a viewer", { submit: false, command: false, query: true, readLedger: true, lead: false }],
  ["a publisher", { submit: true, command: false, query: false, readLedger: false, lead: false }],
];

export async function probeRights(nc: NatsConnection, subjects: Subjects): Promise<Rights> {
  const [submit, command, query, readLedger, lead] = await Promise.all([
    mayPublish(nc, `${subjects.submit}.doctor`),
    mayPublish(nc, `${subjects.namespace}.command.doctor`),
    mayRequest(nc, `${subjects.query}.health`),
    mayRequest(nc, `$JS.API.STREAM.INFO.${subjects.ledgerStream}`),
    mayPublish(nc, subjects.ledger),
  ]);
  return { submit, command, query, readLedger, lead };
}

export function describeRights(rights: Rights): Finding {
  const { submit, command, query, readLedger, lead } = rights;
  const may = [
    ...(submit ? ["submit"] : []),
    ...(command ? ["command"] : []),
    ...(query ? ["ask"] : []),
    ...(readLedger ? ["read the ledger"] : []),
    ...(lead ? ["lead (write the ledger)"] : []),
  ];
  if (may.length === 0)
    return problem(
      "permissions",
      "these credentials may do nothing in this namespace",
      "Is it the right --namespace? docs/deploy/roles.conf shows what each role needs.",
    );
  const role = ROLES.find(([, needed]) => covers(rights, needed));
  const text = `may ${may.join(", ")}`;
  // A scheduler's account need not command itself through the intake.
  if (lead) return ok("permissions", `${text}: enough for a scheduler`);
  if (role === undefined)
    return warning("permissions", `${text}: not the rights of any role in docs/deploy/roles.conf`);
  return ok("permissions", `${text}: enough for ${role[0]}, not for \`signalbox up\``);
}

function covers(rights: Rights, needed: Rights): boolean {
  const names = ["submit", "command", "query", "readLedger", "lead"] as const;
  return names.every((name) => rights[name] || !needed[name]);
}

async function mayPublish(nc: NatsConnection, subject: string): Promise<boolean> {
  const wrongStream = headers();
  wrongStream.set("Nats-Expected-Stream", NO_SUCH_STREAM);
  return answered(() => nc.request(subject, "", { timeout: ANSWER_MS, headers: wrongStream }));
}

async function mayRequest(nc: NatsConnection, subject: string): Promise<boolean> {
  return answered(() => nc.request(subject, "", { timeout: ANSWER_MS }));
}

/** "Nobody listens" is an answer, too: the request was let through. */
async function answered(request: () => Promise<unknown>): Promise<boolean> {
  try {
    await request();
    return true;
  } catch (error) {
    return nobodyListens(error);
  }
}
