/**
 * The fold: turns entries into what we believe. The same entries always give the same state, byte for byte (INV-009).
 *
 * A follower calls `apply` for each stored entry. The leading dispatcher uses the same code to decide: it `open`s the entry
 * that it is going to write, applies each fact as it is decided, and `close`s. So a fact that breaks a rule is found before
 * it is written; and should the write be refused, the fold is thrown away and made anew from the ledger.
 */
import type { Entry, EntryHeader, IntakeProgress } from "../events/entry.js";
import type { Fact } from "../events/facts.js";
import { type Epoch, factAddress, type JobId, type Position } from "../events/names.js";
import type { JobState } from "../events/states.js";
import type { Kept } from "./checkpoint/kept.js";
import type { Durations } from "./durations.js";
import type { Groups } from "./groups.js";
import { EMPTY_HEAD, type Head, type Leader, type Settings } from "./head.js";
import { JobIndex } from "./job-index.js";
import type { JobRow } from "./jobs.js";
import type { Past } from "./past.js";
import { changeSchedules, noSchedules, type Schedules } from "./schedules.js";
import { changeSlots, emptySlots } from "./slot-changes.js";
import type { Freed, SlotChange, Slots } from "./slots.js";
import type { WaitingView } from "./waiting.js";

type OpenHeader = Omit<EntryHeader, "v" | "intake">;

/** The ledger says something that cannot be: the scheduler stops and names the place. */
export class LedgerCorrupt extends Error {
  readonly code = "ledger-corrupt";
  readonly address: string;
  constructor(address: string, message: string) {
    super(`the ledger is corrupt at ${address}: ${message}`);
    this.address = address;
  }
}

/** Finished jobs beyond this many leave the index, oldest first, unless the ledger says another number. */
export const FINISHED_JOBS_MAX_DEFAULT = 100_000;

export class Fold {
  #head: Head = EMPTY_HEAD;
  #leader: Leader | null = null;
  #settings: Settings = { limitsKnown: false, finishedJobsMax: FINISHED_JOBS_MAX_DEFAULT, intakeStream: null };
  #slots = emptySlots;
  #schedules = noSchedules;
  /** Changes of facts already applied; they are put into one draft when the slots are next looked at. */
  #slotChanges: SlotChange[] = [];
  /** True once more than who holds slots has changed in the open entry. */
  #settingsChanged = false;
  readonly #index: JobIndex;
  #open: { header: OpenHeader; position: Position; epoch: Epoch; facts: number } | null = null;

  /** Before the first entry, or a copy of `from`. */
  constructor(from?: Fold) {
    const onSlotChange = (change: SlotChange) => this.#slotChanges.push(change);
    const overtakesMax = () => this.slots.limits.maxOvertakes ?? 0;
    this.#index = new JobIndex(onSlotChange, overtakesMax, from === undefined ? undefined : from.#index);
    if (from === undefined) return;
    if (from.#open !== null) throw new Error("an entry is open: what it holds may never be stored");
    this.#head = from.#head;
    this.#leader = from.#leader;
    this.#settings = from.#settings;
    this.#slots = from.slots;
    this.#schedules = from.#schedules;
  }

  /** The fold that kept this, made again. */
  static restore({ head, leader, settings, slots, schedules, jobs }: Kept): Fold {
    const fold = new Fold();
    fold.#head = head;
    fold.#leader = leader;
    fold.#settings = settings;
    fold.#slots = slots;
    fold.#schedules = schedules;
    fold.#index.restore(jobs);
    return fold;
  }

  /** The same beliefs in a fold of its own: to see what would come of an entry that this one never sees. */
  clone(): Fold {
    return new Fold(this);
  }

  get head(): Head {
    return this.#head;
  }
  get leader(): Leader | null {
    return this.#leader;
  }
  get settings(): Settings {
    return this.#settings;
  }
  get jobs(): ReadonlyMap<JobId, JobRow> {
    return this.#index.jobs;
  }
  /** How many jobs of the index are in each state. */
  get counts(): Readonly<Record<JobState, number>> {
    return this.#index.counts;
  }
  get waiting(): WaitingView {
    return this.#index.waiting;
  }
  /** The scheduled and the retrying jobs, in the order of their times. */
  get due(): Iterable<JobRow> & { readonly first: JobRow | undefined } {
    return this.#index.due;
  }
  /** The finished jobs that the index still knows, in the order in which it forgets them. */
  get finished(): Iterable<JobId> {
    return this.#index.finished;
  }
  get groups(): Pick<Groups, "all" | "unsettled"> {
    return this.#index.groups;
  }
  get schedules(): Schedules {
    return this.#schedules;
  }
  /** What explanations tell of the past, and forecasts of the future. No decision looks at either. */
  get past(): Past {
    return this.#index.past;
  }
  get durations(): Durations {
    return this.#index.durations;
  }
  /** The place at the end of the waiting order, for the next job submitted. */
  get nextPlace(): number {
    return this.#index.nextPlace;
  }
  /**
   * What the grant rule needs to know of the slots, at less cost where a slot is only handed on: the slots as of the last draft,
   * and those given back since.
   */
  get room(): { readonly slots: Slots; readonly freed: readonly Freed[] } {
    const freed: Freed[] = [];
    for (const change of this.#slotChanges) {
      if (change.kind !== "free") return { slots: this.slots, freed: [] };
      freed.push(change);
    }
    return { slots: this.#slots, freed };
  }
  get slots(): Slots {
    const changes = this.#slotChanges;
    if (changes.length > 0) {
      this.#slotChanges = [];
      this.#settingsChanged ||= changes.some(({ kind }) => kind !== "take" && kind !== "free");
      this.#slots = changeSlots(this.#slots, changes);
    }
    return this.#slots;
  }

  /** Folds one stored entry. Throws `LedgerCorrupt` at the first thing in it that cannot be. */
  apply(at: Position, entry: Entry): void {
    this.open(at, entry);
    for (const fact of entry.facts) this.applyFact(fact);
    this.close(entry.intake);
  }

  /** Begins the entry at `at`, which must follow the last one in every respect: contiguity, chain, time and reign. */
  open(at: Position, header: OpenHeader): void {
    const { position: last, entryId, at: lastAt, epoch: reign } = this.#head;
    if (this.#open !== null) throw new Error("an entry is open already");
    const wrong = (message: string) => new LedgerCorrupt(String(at), message);
    if (at !== last + 1) throw wrong(`position ${last + 1} was expected`);
    if (header.prev !== entryId) throw wrong(`its chain names ${header.prev}, the entry before is ${entryId}`);
    if (header.at < lastAt) throw wrong(`its time ${header.at} is before ${lastAt}`);
    if (header.epoch !== reign && header.epoch !== reign + 1)
      throw wrong(`its epoch ${header.epoch} does not follow ${reign}`);
    this.#open = { header, position: at, epoch: reign, facts: 0 };
  }

  /** Folds the next fact of the open entry. */
  applyFact(fact: Fact): void {
    const open = this.#mustBeOpen();
    try {
      this.#fold(fact);
    } catch (error) {
      const address = factAddress(open.position, open.facts);
      throw new LedgerCorrupt(address, `${fact.type}: ${error instanceof Error ? error.message : String(error)}`);
    }
    open.facts += 1;
  }

  /** Ends the open entry, which decided the intake up to `intake`. */
  close(intake: IntakeProgress): void {
    const { header, position: at, epoch: reign, facts } = this.#mustBeOpen();
    const wrong = (message: string) => new LedgerCorrupt(String(at), message);
    if (facts === 0) throw wrong("it holds no fact");
    if (isBefore(intake, this.#head.intake)) throw wrong("its intake progress goes back");
    const held = Object.keys(this.#settledSlots(at).holdings).length;
    if (held !== this.#index.holding)
      throw wrong(`${held} jobs hold slots, ${this.#index.holding} are in a state that does`);
    this.#head = { position: at, entryId: header.id, epoch: reign, at: header.at, intake };
    this.#open = null;
    if (this.#settingsChanged) this.past.settled(this.#head, this.slots);
    this.#settingsChanged = false;
    this.#index.forgetFinished(this.#settings.finishedJobsMax);
  }

  /** Takes back an `open` after which no fact was applied. */
  abandon(): void {
    if (this.#mustBeOpen().facts > 0) throw new Error("facts were applied: only a new fold takes them back");
    this.#open = null;
  }

  #fold(fact: Fact): void {
    const open = this.#mustBeOpen();
    const { at } = open.header;
    if (fact.type === "DispatcherElected") {
      if (fact.epoch !== open.epoch + 1 || fact.epoch !== open.header.epoch)
        throw new Error(`epoch ${fact.epoch} does not follow ${open.epoch}`);
      open.epoch = fact.epoch;
      this.#leader = { ...fact, at };
      return;
    }
    if (open.header.epoch !== open.epoch) throw new Error(`epoch ${open.header.epoch} was never elected`);
    switch (fact.type) {
      case "SubmissionDuplicated":
      case "WebhookFailed":
      case "CommandRefused":
        return;
      case "WorkerJoined":
        this.#slotChanges.push({ kind: "join", fact, at });
        return;
      case "WorkerLeft":
        this.#slotChanges.push({ kind: "leave", worker: fact.worker });
        return;
      case "LimitsChanged":
        this.#settings = { ...this.#settings, limitsKnown: true };
        this.#slotChanges.push({ kind: "limits", limits: fact.limits });
        return;
      case "PoolPaused":
      case "PoolResumed":
        this.#slotChanges.push({ kind: "pause", pool: fact.pool, paused: fact.type === "PoolPaused" });
        return;
      case "IntakeOpened":
        if (this.#settings.intakeStream !== null)
          throw new Error(`the intake is ${this.#settings.intakeStream} already`);
        this.#settings = { ...this.#settings, intakeStream: fact.stream };
        return;
      case "IntakeReplaced":
        this.#settings = { ...this.#settings, intakeStream: fact.stream };
        return;
      case "RetentionChanged":
        this.#settings = { ...this.#settings, finishedJobsMax: fact.finishedJobsMax };
        return;
      case "GroupCancelRequested":
        return this.#index.groups.requestCancel(fact.group, fact.reason);
      case "GroupEnded":
        return this.#index.groups.end(fact.group, fact.status);
      case "ReservationRequested":
        this.#slotChanges.push({ kind: "reserve", fact, at });
        return;
      case "ReservationGranted":
        this.#slotChanges.push({ kind: "take-reserved", fact, grant: open.position, at });
        return;
      case "ReservationReleased":
      case "ReservationExpired":
        this.#slotChanges.push({ kind: "end-reservation", reservation: fact.reservation });
        return;
      case "ScheduleSet":
      case "ScheduleRemoved":
      case "ScheduleEnabled":
      case "ScheduleDisabled":
      case "ScheduleFired":
      case "ScheduleMissed":
        this.#schedules = changeSchedules(this.#schedules, fact);
        return;
      case "JobSubmitted":
      case "JobRejected":
        return this.#index.create(fact, { position: open.position, index: open.facts, at });
      default:
        return this.#index.change(fact, { position: open.position, index: open.facts, at });
    }
  }

  #settledSlots(at: Position): Slots {
    try {
      return this.slots;
    } catch (error) {
      throw new LedgerCorrupt(String(at), error instanceof Error ? error.message : String(error));
    }
  }

  #mustBeOpen() {
    if (this.#open === null) throw new Error("no entry is open");
    return this.#open;
  }
}

function isBefore(progress: IntakeProgress, other: IntakeProgress): boolean {
  return progress.sequence < other.sequence || (progress.sequence === other.sequence && progress.taken < other.taken);
}
