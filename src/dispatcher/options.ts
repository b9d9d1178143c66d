/** What a dispatcher needs from outside: two logs, runners, a clock, and ways to reach watchers and rivals. */
import type { Fact } from "../../events/facts.js";
import type { Json } from "../../events/json.js";
import type { DispatcherId, JobId, Position } from "../../events/names.js";
import type { Catalogue } from "../../projections/admission.js";
import type { Fold } from "../../projections/fold.js";
import type { NextFiring } from "../../projections/schedule-commands.js";
import type { Clock } from "../clock.js";
import type { Backoff } from "../config/index.js";
import type { Log } from "../log/log.js";
import type { Logger } from "../logger.js";
import type { Subjects } from "../nats/subjects.js";
import type { Runner } from "../runners/index.js";
import type { ResultStore } from "../worker/results.js";
import type { WorkerLink } from "./remote-workers.js";
import type { Transition } from "./stepped-actor.js";
import type { System } from "./system.js";
import type { Proposal } from "./turn.js";

/** What the folding of the ledger began with, and what came after it. */
export interface Origin {
  /** The position of the checkpoint; null: it was folded from its first entry. */
  readonly checkpoint: Position | null;
  readonly entries: number;
  readonly facts: number;
}

export interface DispatcherOptions {
  readonly subjects: Subjects;
  readonly ledger: Log;
  readonly intake: Log;
  readonly catalogue: Catalogue;
  readonly runners: ReadonlyMap<string, Runner>;
  readonly results: ResultStore;
  readonly workerCapacity: number;
  /** The job types that the worker inside runs; null: every type. */
  readonly workerTypes: string[] | null;
  readonly leaseMs: number;
  /** How long running jobs may go on after `stop`. */
  readonly graceMs: number;
  /** When a schedule comes true next. */
  readonly nextFiring: NextFiring;
  readonly backoffOf: (type: string) => Backoff;
  /** The configuration against the ledger: differences as facts (D7). */
  readonly settingsFacts: (fold: Fold) => readonly Fact[];
  /** A fold of the ledger's beginning that need not be folded again; null if there is none that can be used. Never throws. */
  readonly checkpoint?: () => Promise<Fold | null>;
  /** Told when the ledger is folded to what was its end, and how it came to that. */
  readonly onFolded?: (origin: Origin) => void;
  /** Tells watchers of a stored entry. */
  readonly announce: (stored: Proposal) => void;
  readonly progress: (job: JobId, update: Json) => void;
  /** Reaches workers in processes of their own. */
  readonly workerLink: WorkerLink;
  /** Does the leader on record still lead? `silent`: somebody listens, and it does not answer. */
  readonly askLeader: (leader: DispatcherId) => Promise<"leads" | "nobody" | "silent">;
  /** Answers that question, about itself, from now on; the returned function ends it. */
  readonly answerAsLeader: () => () => void;
  /** Ends what is left of attempts on this machine whose scheduler is gone; settles when nothing of them runs. */
  readonly endOrphans: (isLost: (job: JobId, grant: Position) => boolean) => Promise<number>;
  readonly clock: Clock;
  readonly system: System;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  readonly version: string;
  /** Told of every step of the dispatcher machine, for the debug log and the visualizer; never for the ledger. */
  readonly onTransition?: ((transition: Transition) => void) | undefined;
}
