/** The subjects and streams of a namespace (contract, section 1). */
import type { JobId, WorkerId } from "../../events/names.js";

export interface Subjects {
  readonly namespace: string;
  readonly intakeStream: string;
  readonly ledgerStream: string;
  readonly resultsBucket: string;
  /** What consumers of the ledger remember: how far they have come. */
  readonly stateBucket: string;
  /** What the ledger was folded to at some positions: a cache. */
  readonly checkpointsBucket: string;
  readonly ledger: string;
  /** Batches; one submission of a type goes to `submit.<type>`. */
  readonly submit: string;
  readonly submitAny: string;
  readonly commandAny: string;
  readonly api: string;
  readonly query: string;
  /** Asked by a standby: whoever leads answers. */
  readonly leader: string;
  /** Where workers in processes of their own ask, and what they are told (src/worker/protocol.ts). */
  readonly worker: string;
  start(worker: WorkerId): string;
  abort(worker: WorkerId): string;
  /** Whoever audits asks a worker here what it runs. */
  running(worker: string): string;
  event(job: string, fact: string): string;
  progress(job: JobId): string;
  readonly progressAny: string;
}

export function subjectsOf(namespace: string): Subjects {
  const capitals = namespace.toUpperCase().replace(/[^A-Z0-9]/g, "_");
  return {
    namespace,
    intakeStream: `${capitals}_INTAKE`,
    ledgerStream: `${capitals}_LEDGER`,
    resultsBucket: `${capitals}_RESULTS`,
    stateBucket: `${capitals}_STATE`,
    checkpointsBucket: `${capitals}_CHECKPOINTS`,
    ledger: `${namespace}.ledger`,
    submit: `${namespace}.submit`,
    submitAny: `${namespace}.submit.>`,
    commandAny: `${namespace}.command.>`,
    api: `${namespace}.api`,
    query: `${namespace}.query`,
    leader: `${namespace}.leader`,
    worker: `${namespace}.worker`,
    start: (worker) => `${namespace}.worker.${worker}.start`,
    abort: (worker) => `${namespace}.worker.${worker}.abort`,
    running: (worker) => `${namespace}.worker.${worker}.running`,
    event: (job, fact) => `${namespace}.event.${job}.${fact}`,
    progress: (job) => `${namespace}.progress.${job}`,
    progressAny: `${namespace}.progress.*`,
  };
}
