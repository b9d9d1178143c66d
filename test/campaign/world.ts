/**
 * A round's world: two schedulers on a NATS server, workers, a customer, the book that the runs keep, and an eye on the ledger. All of
 * them are real processes and real connections; whoever else is to join is one more member.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JetStreamLog } from "../../src/log/jetstream.js";
import { Publisher } from "../../src/log/publisher.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { LedgerWatch } from "../support/ledger-watch.js";
import type { NatsTestServer } from "../support/nats-server.js";
import { PROGRAM } from "../support/program.js";
import { RunBook } from "../support/run-book.js";
import { Customer } from "./customer.js";
import { Member, type Role } from "./member.js";
import type { Plan } from "./plan.js";
import { configurationOf, FAR_TYPE, workerConfigurationOf } from "./setting.js";
import type { Story } from "./story.js";

/** The built command line, wherever this file runs from. */
const SCHEDULERS = 2;
/** From a process's start to its readiness, on a busy machine. */
export const readyMsMax = 60_000;

interface Parts {
  readonly namespace: string;
  readonly folder: string;
  readonly server: NatsTestServer;
  readonly members: readonly Member[];
  readonly book: RunBook;
  readonly watch: LedgerWatch;
  readonly customer: Customer;
  /** The ledger's identity, by which its runs are marked. */
  readonly ledger: string;
}

export class World implements AsyncDisposable {
  readonly namespace: string;
  readonly folder: string;
  readonly server: NatsTestServer;
  readonly members: readonly Member[];
  readonly book: RunBook;
  readonly watch: LedgerWatch;
  readonly customer: Customer;
  readonly ledger: string;

  private constructor({ namespace, folder, server, members, book, watch, customer, ledger }: Parts) {
    this.namespace = namespace;
    this.folder = folder;
    this.server = server;
    this.members = members;
    this.book = book;
    this.watch = watch;
    this.customer = customer;
    this.ledger = ledger;
  }

  /** Settles when everybody is ready. They start together: whoever is elected leads. */
  static async open(plan: Plan, server: NatsTestServer, story: Story): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-campaign-"));
    const namespace = `c${plan.seed.toString(36)}-${plan.round}-${randomUUID().slice(0, 6)}`;
    const book = new RunBook(folder);
    await book.prepare({ byParams: true });
    const members = await inviteAll(plan, { folder, namespace, book, serverPort: server.port, story });
    let customer: Customer | null = null;
    try {
      for (const member of members) member.start();
      await allReady(members);
      customer = await Customer.open(server.url, namespace, (text) => story.tell(text));
      const { nc } = customer;
      const jsm = await nc.jetstreamManager();
      const stream = subjectsOf(namespace).ledgerStream;
      const log = new JetStreamLog({ nc, jsm, stream, publisher: new Publisher(nc) });
      const { identity: ledger } = await log.state();
      const watch = new LedgerWatch(log);
      await watch.until("somebody leads", ({ facts }) => facts.length > 0, readyMsMax);
      return new World({ namespace, folder, server, members, book, watch, customer, ledger });
    } catch (error) {
      for (const { log, name } of members) story.tell(`${name}: ${log.slice(-5).join(" | ")}`);
      await customer?.close();
      await Promise.all(members.map((member) => member.dismiss()));
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  membersOf(role: Role): readonly Member[] {
    return this.members.filter((member) => member.role === role);
  }

  /** The scheduler that the ledger names last; null if its process is gone. */
  get leader(): Member | null {
    const elected = this.watch.ofType("DispatcherElected").at(-1)?.fact.process.pid;
    return this.members.find(({ pid, role }) => role === "scheduler" && pid !== null && pid === elected) ?? null;
  }

  /** The first scheduler with a process that does not lead. */
  get standby(): Member | null {
    const { leader } = this;
    return this.membersOf("scheduler").find((member) => member !== leader && member.pid !== null) ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.watch.close();
    await Promise.all(this.members.map((member) => member.dismiss()));
    await this.customer.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

interface Invitation {
  readonly folder: string;
  readonly namespace: string;
  readonly book: RunBook;
  readonly serverPort: number;
  readonly story: Story;
}

/** Makes the members known, each role with a configuration of its own. None runs yet. */
async function inviteAll({ setting }: Plan, { folder, namespace, book, serverPort, story }: Invitation) {
  const far = ["--types", FAR_TYPE, "--capacity", String(setting.workerCapacity)];
  const roles: readonly (readonly [role: Role, count: number, argv: readonly string[], configuration: object])[] = [
    ["scheduler", SCHEDULERS, ["up"], configurationOf(setting, book.argv)],
    ["worker", setting.workers, ["worker", ...far], workerConfigurationOf(setting, book.argv)],
  ];
  const members: Member[] = [];
  for (const [role, count, command, configuration] of roles) {
    const file = join(folder, `${role}.yaml`);
    // JSON is YAML.
    await writeFile(file, JSON.stringify({ namespace, ...configuration }));
    const argv = (natsUrl: string) => [PROGRAM, ...command, "--config", file, "--nats", natsUrl, "-o", "json"];
    const tell = (text: string) => story.tell(text);
    for (let number = 1; number <= count; number += 1)
      members.push(await Member.invite({ name: `${role} ${number}`, role, serverPort, argv, tell }));
  }
  return members;
}

/** Fails with the name of the first one that is not ready in time. */
export async function allReady(members: readonly Member[]): Promise<void> {
  const ready = await Promise.all(members.map((member) => member.untilReady(readyMsMax)));
  const late = members.find((_, index) => ready[index] !== true);
  if (late !== undefined) throw new Error(`${late.name} was not ready within ${readyMsMax} ms`);
}
