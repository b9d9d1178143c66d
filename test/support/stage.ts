/**
 * Everything of an acceptance test: a scheduler process on a NATS server, a namespace and a folder of its own, a plain NATS
 * connection as any program may have one, and an eye on the ledger.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { decodeEntry } from "../../events/codec.js";
import { position } from "../../events/names.js";
import { Verification } from "../../projections/verify/verification.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { type Audit, audit, describeViolation, type IntakeMessage } from "./auditor.js";
import { readIntake } from "./intake.js";
import { isEnd, LedgerWatch } from "./ledger-watch.js";
import {
  type SchedulerProcess,
  startSchedulerProcess,
  startWorkerProcess,
  type WorkerProcess,
} from "./scheduler-process.js";

const requestMsMax = 5_000;
const ENDS = new Set(["completed", "skipped", "failed", "cancelled", "rejected"]);

export interface Refused {
  readonly code: number;
  readonly error: string;
}

/** `types` as in the worker's own configuration. */
export interface WorkerSetting {
  readonly types: Readonly<Record<string, object>>;
  readonly capacity?: number;
  readonly grace?: string;
}

interface Parts {
  readonly namespace: string;
  readonly folder: string;
  readonly natsUrl: string;
  readonly nc: NatsConnection;
  readonly watch: LedgerWatch;
  readonly configFile: string;
}

export class Stage implements AsyncDisposable {
  readonly namespace: string;
  /** The folder of the configuration, removed with the test. */
  readonly folder: string;
  readonly nc: NatsConnection;
  readonly watch: LedgerWatch;
  scheduler: SchedulerProcess;
  readonly #natsUrl: string;
  readonly #configFile: string;

  private constructor({ namespace, folder, nc, watch, natsUrl, configFile }: Parts, scheduler: SchedulerProcess) {
    this.namespace = namespace;
    this.folder = folder;
    this.nc = nc;
    this.watch = watch;
    this.scheduler = scheduler;
    this.#natsUrl = natsUrl;
    this.#configFile = configFile;
  }

  /** Starts the scheduler; all of it ends with the running test. `configure` is told the configuration's folder. */
  static async open(natsUrl: string, configure: (folder: string) => object): Promise<Stage> {
    const stage = await Stage.openShared(natsUrl, configure);
    onTestFinished(() => stage[Symbol.asyncDispose]());
    return stage;
  }

  /** The same for several tests; whoever opens it disposes of it. */
  static async openShared(natsUrl: string, configure: (folder: string) => object): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-stage-"));
    const namespace = `test-${randomUUID().slice(0, 8)}`;
    const configFile = join(folder, "signalbox.yaml");
    // JSON is YAML.
    await writeFile(configFile, JSON.stringify({ namespace, ...configure(folder) }));
    const scheduler = await startSchedulerProcess(configFile, natsUrl);
    const nc = await connect({ servers: natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    const watch = await LedgerWatch.open(nc, namespace);
    return new Stage({ namespace, folder, natsUrl, nc, watch, configFile }, scheduler);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.watch.close();
    await this.scheduler.kill();
    await this.nc.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Starts the scheduler again, after the one before has ended. */
  async startScheduler(): Promise<void> {
    await this.scheduler.exited;
    this.scheduler = await startSchedulerProcess(this.#configFile, this.#natsUrl);
  }

  /** Starts one more scheduler on the same ledger; it is killed with the test. */
  async anotherScheduler(): Promise<SchedulerProcess> {
    const another = await startSchedulerProcess(this.#configFile, this.#natsUrl);
    onTestFinished(() => another.kill());
    return another;
  }

  /** Starts a worker with a configuration of its own, in which its types have runners. It ends with the test. */
  async startWorker({ types, capacity = 1, grace = "10s" }: WorkerSetting): Promise<WorkerProcess> {
    const configFile = join(this.folder, `worker-${randomUUID().slice(0, 8)}.yaml`);
    await writeFile(configFile, JSON.stringify({ namespace: this.namespace, grace, types }));
    const worker = await startWorkerProcess(configFile, this.#natsUrl, Object.keys(types), capacity);
    onTestFinished(() => worker.kill());
    return worker;
  }

  /** Submits as any program would; gives the sequence of the acknowledgement. */
  async submit(type: string, submission: object | string | Uint8Array = {}): Promise<number> {
    return this.publish(`submit.${type}`, submission);
  }

  /** Publishes to `<namespace>.<subject>` and waits for the acknowledgement. */
  async publish(subject: string, body: object | string | Uint8Array): Promise<number> {
    const payload = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    const { seq } = await this.nc
      .jetstream()
      .publish(`${this.namespace}.${subject}`, payload, { timeout: requestMsMax });
    return seq;
  }

  /** Asks the service: the JSON answer, or the code and text of its error headers. */
  async request(subject: string, args: object | string = {}): Promise<unknown> {
    const payload = typeof args === "string" ? args : JSON.stringify(args);
    const answer = await this.nc.request(`${this.namespace}.${subject}`, payload, { timeout: requestMsMax });
    const code = answer.headers?.get("Nats-Service-Error-Code") ?? "";
    if (code === "") return answer.json();
    const refused: Refused = { code: Number(code), error: answer.headers?.get("Nats-Service-Error") ?? "" };
    return refused;
  }

  /** Settles when every job of the ledger has ended, and there are at least `count` of them. */
  async untilEnded(count: number, msMax?: number): Promise<void> {
    await this.watch.until(
      `${count} jobs have ended`,
      ({ facts }) => {
        let [made, ended] = [0, 0];
        for (const { fact } of facts) {
          if (fact.type === "JobSubmitted" || fact.type === "JobRejected") made += 1;
          if (isEnd(fact)) ended += 1;
        }
        return made >= count && ended >= made;
      },
      msMax,
    );
  }

  /** Every message that the intake has acknowledged. */
  intake(): Promise<readonly IntakeMessage[]> {
    return readIntake(this.nc, this.namespace);
  }

  /** Audits the ledger against the intake; throws with the violations if there are any, or a job that has not ended. */
  async audit({ allEnded }: { allEnded: boolean } = { allEnded: true }): Promise<Audit> {
    const intake = await this.intake();
    const audited = audit(this.watch.lines, intake);
    const open = [...audited.jobs.values()].filter(({ state }) => !ENDS.has(state));
    const complaints = audited.violations.map(describeViolation);
    if (allEnded) complaints.push(...open.map(({ id, state }) => `${id} is ${state} and has not ended`));
    complaints.push(...this.#verify());
    if (complaints.length > 0)
      throw new Error(`the auditor found ${complaints.length} violations:\n${complaints.slice(0, 20).join("\n")}`);
    return audited;
  }

  /** What `log verify` has to say of the same ledger. */
  #verify(): string[] {
    const verification = new Verification();
    try {
      for (const [index, line] of this.watch.lines.entries())
        verification.apply(position(index + 1), decodeEntry(line));
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
  }
}
