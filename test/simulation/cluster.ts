/** Makes what a plan names: machines with schedulers on them, publishers, the links between them and the server, and the jobs' code. */
import { configurationSchema } from "../../src/config/schema.js";
import { catalogueOf } from "../../src/configured.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import type { PhysicalRecord } from "../support/auditor-runs.js";
import { Chance } from "./chance.js";
import { Link } from "./link.js";
import type { Loop } from "./loop.js";
import { Machine } from "./machine.js";
import type { Member } from "./member.js";
import { Node } from "./node.js";
import { OutsideWorker } from "./outside-worker.js";
import type { Moment, Plan } from "./plan.js";
import type { Planted } from "./planted.js";
import { Publisher } from "./publisher.js";
import { Runs } from "./runs.js";
import type { SimServer } from "./sim-server.js";
import type { SlotBook } from "./slot-book.js";
import type { Tally } from "./tally.js";
import type { Trace } from "./trace.js";

export const SUBJECTS = subjectsOf("world");

export interface ClusterOptions {
  readonly plan: Plan;
  readonly loop: Loop;
  readonly server: SimServer;
  readonly tally: Tally;
  readonly trace: Trace;
  readonly record: PhysicalRecord;
  readonly slots: SlotBook;
  readonly planted: Planted;
  readonly onMoment: (member: Member, moment: Moment) => void;
  readonly onStopped: (member: Member) => void;
  readonly onHalted: (member: Member, error: Error) => void;
}

export interface Cluster {
  readonly nodes: readonly Node[];
  /** Outside of schedulers. */
  readonly workers: readonly OutsideWorker[];
  /** The schedulers, and after them the workers outside. */
  readonly members: readonly Member[];
  readonly publishers: readonly Publisher[];
  readonly runs: Runs;
}

export function makeCluster(options: ClusterOptions): Cluster {
  const { plan, loop, server, tally, trace, record, slots, planted, onMoment, onStopped, onHalted } = options;
  const { seed, settings } = plan;
  const runs = new Runs({
    loop,
    seed,
    hardness: settings.hardness,
    ...{ record, slots, trace, planted },
    onMoment: (moment, place) => {
      const member = members.find((each) => each.isAt(place));
      if (member !== undefined) onMoment(member, moment);
    },
  });
  const configuration = configurationSchema.parse(settings.configuration);
  const catalogue = catalogueOf(configuration, []);
  const linkOf = (name: string) => new Link(loop, new Chance(seed, `link of ${name}`), settings.latency);
  const machines = new Map<string, Machine>();
  const machineOf = (host: string): Machine => {
    const machine = machines.get(host) ?? new Machine(host);
    machines.set(host, machine);
    return machine;
  };
  const { outside = [], insideTypes = [...catalogue.types.keys()] } = settings;
  const isAsked = outside.length > 0 || plan.happenings.some(({ kind }) => kind === "reserve");
  const shared = { seed, loop, server, runs, tally, trace, onMoment, onStopped, onHalted };
  const nodes = settings.hosts.map((host, index) => {
    const name = `s${index + 1}`;
    return new Node({
      ...{ ...shared, name, configuration, catalogue, planted, isAsked },
      types: [...insideTypes].sort(),
      machine: machineOf(host),
      link: linkOf(name),
      subjects: SUBJECTS,
    });
  });
  const workers = outside.map(({ host, types, capacity }, index) => {
    const name = `w${index + 1}`;
    const { graceMs } = configuration;
    return new OutsideWorker({
      ...{ ...shared, name, types, capacity, graceMs },
      machine: machineOf(host),
      link: linkOf(name),
    });
  });
  const members: readonly Member[] = [...nodes, ...workers];
  const publishers = Array.from({ length: settings.publishers }, (_, index) => {
    const name = `p${index + 1}`;
    return new Publisher({ name, seed, loop, link: linkOf(name), server, tally, slots });
  });
  return { nodes, workers, members, publishers, runs };
}
