/**
 * The auditor's second book: what the workers really did, kept by whoever can see it (a simulation, a program that writes down its
 * runs), against what the ledger says that they did. Fed in the order of time, with none of the project's code.
 *
 * Checked: every execution has a stored grant, at most one each, where the grant says; those under live grants never exceed a pool;
 * a slot is given back only when nothing runs in it any more; and the word about an end is the truth.
 */
import type { Raw } from "./auditor-world.js";
import { CapacityHistory } from "./capacity-history.js";

export type RunRule = "run-unknown" | "run-twice" | "run-elsewhere" | "run-capacity" | "released-early" | "false-word";
export type RunReport = (rule: RunRule, text: string) => void;

/** How an execution ended by itself. */
export interface RealOutcome {
  readonly outcome: "completed" | "skipped" | "failed";
}

export interface Execution {
  readonly job: string;
  readonly grant: number;
  readonly attempt: number;
  /** `<host>/<pid>`, as its worker's process is named in the ledger. */
  readonly process: string;
  readonly host: string;
  readonly began: number;
  ended: number | null;
  /** `killed`: it ended with its process, and nobody could say a word about it. */
  how: RealOutcome["outcome"] | "killed" | null;
}

interface Grant {
  readonly job: string;
  readonly position: number;
  readonly attempt: number;
  readonly worker: string;
  readonly demand: Readonly<Record<string, number>>;
  /** The live entry's end of it, by fact type. */
  endedBy: string | null;
  execution: Execution | null;
}

/** What can be said of the executions as a whole. */
export interface RunFigures {
  readonly executions: number;
  /** Whose lease was over while they still ran: their scheduler was paused, cut off or deposed (D8). */
  readonly outlived: number;
  /** Began after their grant was over, for the same reason. */
  readonly late: number;
  /** Another execution of the same job still ran when they began. */
  readonly overlapping: number;
}

/** Facts that say how a run ended by its own account. */
const WORDS: Readonly<Record<string, RealOutcome["outcome"]>> = {
  RunCompleted: "completed",
  RunSkipped: "skipped",
  RunFailed: "failed",
  RunTimedOut: "failed",
};

export class PhysicalRecord {
  readonly executions: Execution[] = [];
  readonly #now: () => number;
  readonly #report: RunReport;
  readonly #grants = new Map<string, Grant>();
  readonly #running = new Set<Execution>();
  readonly #processOf = new Map<string, string>();
  readonly #capacities = new CapacityHistory();
  #position = 0;
  #outlived = 0;
  #late = 0;
  #overlapping = 0;

  constructor(now: () => number, report: RunReport) {
    this.#now = now;
    this.#report = report;
  }

  get figures(): RunFigures {
    return {
      executions: this.executions.length,
      outlived: this.#outlived,
      late: this.#late,
      overlapping: this.#overlapping,
    };
  }

  begin(of: Pick<Execution, "job" | "grant" | "attempt" | "process" | "host">): Execution {
    const execution: Execution = { ...of, began: this.#now(), ended: null, how: null };
    this.executions.push(execution);
    const grant = this.#grants.get(keyOf(of));
    const name = `${of.job}@${of.grant}`;
    if (grant === undefined) this.#report("run-unknown", `${name} runs, and no such grant is stored`);
    else {
      if (grant.execution !== null) this.#report("run-twice", `${name} runs again in ${of.process}`);
      if (this.#processOf.get(grant.worker) !== of.process)
        this.#report("run-elsewhere", `${name} runs in ${of.process} and was granted to ${grant.worker}`);
      if (grant.attempt !== of.attempt)
        this.#report("run-unknown", `${name} runs as attempt ${of.attempt} and was granted as ${grant.attempt}`);
      grant.execution = execution;
      if (grant.endedBy !== null) this.#late += 1;
      for (const other of this.#running)
        if (other.job === of.job) {
          this.#overlapping += 1;
          break;
        }
    }
    this.#running.add(execution);
    if (grant !== undefined && grant.endedBy === null) this.#checkCapacity(grant);
    return execution;
  }

  /** The attempt that was granted at this position; 0 if there is none. */
  attemptOf(job: string, grant: number): number {
    return this.#grants.get(keyOf({ job, grant }))?.attempt ?? 0;
  }

  /** Where it is executed; null if it is not. */
  processOf(job: string, grant: number): string | null {
    return this.#grants.get(keyOf({ job, grant }))?.execution?.process ?? null;
  }

  end(execution: Execution, how: RealOutcome | "killed"): void {
    execution.ended = this.#now();
    execution.how = how === "killed" ? how : how.outcome;
    this.#running.delete(execution);
  }

  /** An entry was stored, at this moment. */
  entry(position: number, entry: Raw): void {
    this.#position = position;
    const facts = entry["facts"] as readonly Raw[];
    const isElection = facts[0]?.["type"] === "DispatcherElected";
    for (const fact of facts) this.#fact(position, fact, isElection);
  }

  #fact(position: number, fact: Raw, isElection: boolean): void {
    const type = String(fact["type"]);
    switch (type) {
      case "WorkerJoined": {
        const { host, pid } = fact["process"] as Raw;
        this.#processOf.set(String(fact["worker"]), `${String(host)}/${String(pid)}`);
        return;
      }
      case "LimitsChanged":
        return this.#capacities.note(position, fact["limits"] as Raw);
      case "StartGranted": {
        const job = String(fact["job"]);
        const grant: Grant = {
          job,
          position,
          attempt: Number(fact["attempt"]),
          worker: String(fact["worker"]),
          demand: fact["demand"] as Readonly<Record<string, number>>,
          endedBy: null,
          execution: null,
        };
        this.#grants.set(keyOf({ job, grant: position }), grant);
        return;
      }
      case "RunStarted":
        if (this.#grantOf(fact)?.execution === null)
          this.#report("false-word", `${nameOf(fact)} is said to have started and did not`);
        return;
      case "LeaseExpired":
        return this.#expired(fact, isElection);
      default:
        if (WORDS[type] !== undefined) this.#ended(fact, type, WORDS[type]);
    }
  }

  /** A worker's own word: it is given when nothing runs any more, and it is true. */
  #ended(fact: Raw, type: string, word: RealOutcome["outcome"]): void {
    const grant = this.#grantOf(fact);
    if (grant === undefined) return;
    grant.endedBy = type;
    const { execution } = grant;
    if (execution === null) return this.#report("false-word", `${nameOf(fact)}: ${type}, and it never ran`);
    if (execution.ended === null)
      return this.#report("released-early", `${nameOf(fact)}: ${type} gives back its slots, and it still runs`);
    // Whose process was killed has failed, for all that its worker knows.
    if (execution.how !== word && !(execution.how === "killed" && word === "failed"))
      this.#report("false-word", `${nameOf(fact)}: ${type}, and in truth it ended as ${String(execution.how)}`);
    const result = (fact["result"] as Raw | undefined)?.["inline"] as Raw | undefined;
    if (type === "RunCompleted" && result?.["of"] !== `${grant.job} ${grant.attempt} ${grant.position}`)
      this.#report("false-word", `${nameOf(fact)} has the result ${JSON.stringify(result)}, which is not its own`);
  }

  /** Somebody else's word. At the beginning of a reign it means: provably gone, and then nothing of it may run. */
  #expired(fact: Raw, isElection: boolean): void {
    const grant = this.#grantOf(fact);
    if (grant === undefined) return;
    grant.endedBy = "LeaseExpired";
    if (grant.execution === null || grant.execution.ended !== null) return;
    this.#outlived += 1;
    if (isElection)
      this.#report("released-early", `${nameOf(fact)} was said to be gone with its process, and it still runs`);
  }

  #checkCapacity(begun: Grant): void {
    for (const pool of Object.keys(begun.demand)) {
      let used = 0;
      let since = begun.position;
      for (const execution of this.#running) {
        const grant = this.#grants.get(keyOf(execution));
        const units = grant?.endedBy === null ? (grant.demand[pool] ?? 0) : 0;
        if (grant === undefined || units === 0) continue;
        used += units;
        since = Math.min(since, grant.position);
      }
      const capacity = this.#capacities.mostSince(pool, since, this.#position);
      if (used > capacity)
        this.#report(
          "run-capacity",
          `${pool}: ${used} units are at work and there are ${capacity}, as ${begun.job} begins`,
        );
    }
  }

  #grantOf(fact: Raw): Grant | undefined {
    return this.#grants.get(keyOf({ job: String(fact["job"]), grant: Number(fact["grant"]) }));
  }
}

const keyOf = ({ job, grant }: { readonly job: string; readonly grant: number }): string => `${job}@${grant}`;
const nameOf = (fact: Raw): string => `${String(fact["job"])}@${String(fact["grant"])}`;
