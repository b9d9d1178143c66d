/** The auditor's account of workers: who has joined, who has left, and how many jobs each runs (INV-003). */
import type { AuditedJob, AuditedJobs } from "./auditor-jobs.js";
import type { Raw, Report } from "./auditor-world.js";

export interface AuditedWorker {
  readonly capacity: number;
  readonly types: readonly string[] | null;
  readonly isRemote: boolean;
  isLeaving: boolean;
}

export class AuditedWorkers {
  readonly #all = new Map<string, AuditedWorker>();
  readonly #jobs: AuditedJobs;
  readonly #report: Report;

  constructor(jobs: AuditedJobs, report: Report) {
    this.#jobs = jobs;
    this.#report = report;
  }

  /** An account of its own, of workers that run `jobs`. */
  copy(jobs: AuditedJobs, report: Report): AuditedWorkers {
    const copy = new AuditedWorkers(jobs, report);
    for (const [name, worker] of this.#all) copy.#all.set(name, { ...worker });
    return copy;
  }

  /** A worker in a process of its own may come again under the id that it left, once nothing of it runs any more. */
  join(fact: Raw, address: string): void {
    const name = String(fact["worker"]);
    const isRemote = fact["remote"] === true;
    const known = this.#all.get(name);
    if (known !== undefined && !(isRemote && known.isLeaving && this.#busy(name) === 0))
      this.#wrong(address, `${name} has joined before`);
    const types = fact["types"] === null ? null : (fact["types"] as readonly string[]);
    this.#all.set(name, { capacity: Number(fact["capacity"]), types, isRemote, isLeaving: false });
  }

  /** True if the worker inside the scheduler left because it shuts down. */
  leave(fact: Raw, address: string): boolean {
    const worker = this.#all.get(String(fact["worker"]));
    if (worker === undefined || worker.isLeaving) this.#wrong(address, "a worker left that was not there");
    else worker.isLeaving = true;
    return worker?.isRemote === false && fact["reason"] === "shutdown";
  }

  /** Checks that a job may start there. */
  checkSeat(job: AuditedJob, name: string, address: string): void {
    const worker = this.#all.get(name);
    if (worker === undefined || worker.isLeaving) return this.#wrong(address, `${name} has not joined, or has left`);
    if (!runs(worker, job)) this.#wrong(address, `${name} does not run ${job.type}`);
    const busy = this.#busy(name);
    if (busy >= worker.capacity) this.#wrong(address, `${name} runs ${busy} of ${worker.capacity} already`);
  }

  /** False if no worker runs the job's type, whatever ends. */
  canRun(job: AuditedJob): boolean {
    return [...this.#all.values()].some((worker) => !worker.isLeaving && runs(worker, job));
  }

  /** Has joined, and not left. */
  isHere(name: string): boolean {
    return this.#all.get(name)?.isLeaving === false;
  }

  /** False if everybody is at work with all that he can do: nobody can start, whatever it is. */
  get hasAnySeat(): boolean {
    for (const [name, { isLeaving, capacity }] of this.#all) if (!isLeaving && this.#busy(name) < capacity) return true;
    return false;
  }

  hasSeatFor(job: AuditedJob): boolean {
    return [...this.#all].some(
      ([name, worker]) => !worker.isLeaving && runs(worker, job) && this.#busy(name) < worker.capacity,
    );
  }

  #busy(name: string): number {
    let busy = 0;
    for (const { worker } of this.#jobs.holding()) if (worker === name) busy += 1;
    return busy;
  }

  #wrong(address: string, text: string): void {
    this.#report("seats", address, text);
  }
}

const runs = ({ types }: AuditedWorker, { type }: AuditedJob): boolean => types === null || types.includes(type);
