/**
 * One turn: everything that is waiting to be decided becomes the facts of one entry. Synchronous and without effects: what is
 * to be done once the entry is stored comes back as a list.
 */
import { encodeEntry, encodeFact } from "../../events/codec.js";
import { ENTRY_VERSION, type EntryHeader, type IntakeProgress } from "../../events/entry.js";
import type { Fact, IntakePoint } from "../../events/facts.js";
import { type EntryId, type FactAddress, factAddress, type Position, position } from "../../events/names.js";
import { boundedReason } from "../../events/submission.js";
import { type Arrival, admit, type Catalogue } from "../../projections/admission.js";
import {
  type Command,
  type Decided,
  decideCommand,
  type Refusal,
  type Surroundings,
} from "../../projections/commands.js";
import type { Fold } from "../../projections/fold.js";
import { groupFacts } from "../../projections/group-facts.js";
import { type DrawRetryTime, decideReport } from "../../projections/reports.js";
import type { NextFiring } from "../../projections/schedule-commands.js";
import { dueSchedules, scheduleFacts } from "../../projections/schedule-facts.js";
import type { Schedule } from "../../projections/schedules.js";
import { reservationGranted, startGranted, startsDenied } from "../../projections/start-facts.js";
import { decideStarts } from "../../projections/starts.js";
import { assignmentOf } from "../worker/assignment.js";
import type { Order } from "./arrivals.js";
import type { Mailbox } from "./mailbox.js";
import type { Answer, Effect, Input, Settled } from "./messages.js";
import { readOrder } from "./orders.js";

/** An entry that is decided and folded, and waits to be stored. */
export interface Proposal {
  readonly id: EntryId;
  readonly position: Position;
  readonly at: string;
  /** The entry as it is stored. */
  readonly data: Uint8Array;
  /** The facts with their JSON, for the watchers. */
  readonly facts: readonly { readonly fact: Fact; readonly json: string }[];
  /** The bounds cut the grant rule short: the next turn must run it again. */
  readonly more: boolean;
}

/** What came of a turn. Without a proposal there is nothing to wait for, and the effects may be performed at once. */
export interface Turned {
  readonly proposal: Proposal | null;
  readonly effects: readonly Effect[];
}

/** What a turn is decided from, beside the mailbox. */
export interface Desk {
  readonly fold: Fold;
  readonly catalogue: Catalogue;
  readonly leaseMs: number;
  readonly nextFiring: NextFiring;
  readonly drawRetryTime: DrawRetryTime;
  /** False while draining: nothing is started any more (CON-003). */
  readonly mayStart: boolean;
  /** True if the turn before left starts or denials over. */
  readonly unfinished: boolean;
}

/**
 * Bounds of an entry, so that it fits into one message of 1 MiB: no more input is taken above the first; the last input
 * may add one set of params (512 KiB); and no more ends in groups, grants or denials are added above the second.
 */
export const INPUT_BYTES_MAX = 256 * 1024;
export const ENTRY_BYTES_MAX = 900 * 1024;
export const INPUT_FACTS_MAX = 2_000;
/** What every server takes: 1 MiB, with room for headers. The other bounds keep entries below; this one is there to notice if not. */
const ENTRY_MESSAGE_BYTES_MAX = 1024 * 1024 - 1024;
const SUBMISSION_BYTES_MAX = 640 * 1024;

/** Decides one turn. `now` and `id` come from outside (D6). */
export function takeTurn(desk: Desk, mailbox: Mailbox<Input>, now: string, id: EntryId): Turned {
  const { fold } = desk;
  const at = now > fold.head.at ? now : fold.head.at;
  const turn = new Turn(desk, at, id);
  // 1. What came in, in the order in which it came: submissions, commands, reports.
  if (mailbox.isUrgent) {
    for (let input = mailbox.shift(); input !== undefined; input = turn.hasRoomForInput ? mailbox.shift() : undefined)
      if (!turn.take(input)) mailbox.putBack(input);
    // What did not fit has waited long enough.
    mailbox.endPatience();
  }
  // 2. Whose time has come: schedules, what ends in groups and what that lets go on, jobs.
  for (
    let [due] = dueSchedules(fold, { now: at });
    due !== undefined && turn.hasRoomForInput;
    [due] = dueSchedules(fold, { now: at })
  )
    turn.fire(due);
  for (const fact of groupFacts(fold)) {
    turn.record(fact);
    // Not before: who is to be cancelled must not be started meanwhile. An entry that is full starts nobody.
    if (turn.isFull) break;
  }
  for (let row = fold.due.first; row?.dueAt != null && row.dueAt <= at && turn.hasRoomForInput; row = fold.due.first) {
    turn.record({ type: "JobDue", job: row.id });
  }
  // 3. Who starts now, and why the others do not. Nothing new, nothing left over: the answer would be the same as before.
  if (desk.mayStart && (turn.hasFacts || desk.unfinished)) turn.grant();
  // 4. The entry.
  return turn.close();
}

class Turn {
  readonly #desk: Desk;
  readonly #fold: Fold;
  readonly #header: Omit<EntryHeader, "intake">;
  readonly #position: Position;
  readonly #facts: { fact: Fact; json: string }[] = [];
  readonly #effects: Effect[] = [];
  #epoch: EntryHeader["epoch"];
  #intake: IntakeProgress;
  #bytes = 0;
  #more = false;
  #opened = false;

  constructor(desk: Desk, at: string, id: EntryId) {
    const { fold } = desk;
    const { head } = fold;
    this.#desk = desk;
    this.#fold = fold;
    this.#position = position(head.position + 1);
    this.#epoch = head.epoch;
    this.#intake = head.intake;
    this.#header = { v: ENTRY_VERSION, id, prev: head.entryId, epoch: head.epoch, at };
  }

  get hasFacts(): boolean {
    return this.#facts.length > 0;
  }

  get hasRoomForInput(): boolean {
    return this.#bytes < INPUT_BYTES_MAX && this.#facts.length < INPUT_FACTS_MAX;
  }

  get isFull(): boolean {
    return this.#bytes > ENTRY_BYTES_MAX;
  }

  /** False if the entry is full and something of the input is left. */
  take(input: Input): boolean {
    switch (input.kind) {
      case "submission": {
        const { at } = this.#header;
        this.record(fitting(admit(input.arrival, this.#desk.catalogue, this.#fold, at), input.arrival));
        this.#intake = input.progress;
        return true;
      }
      case "order": {
        const decided = this.#decide(input.order, { sequence: input.sequence, index: null });
        if ("refused" in decided) this.#refuse(input, decided.reason);
        else if (decided.facts.length === 0) this.#refuse(input, "nothing to do: it is so already");
        else this.#carryOut(decided.facts);
        this.#intake = input.progress;
        return true;
      }
      case "request": {
        const decided = this.#decide(input.order, null);
        const answer: Answer =
          "refused" in decided
            ? { ok: false, refusal: decided }
            : { ok: true, position: this.#carryOut(decided.facts), id: decided.id ?? null };
        this.#effects.push({ kind: "reply", reply: input.reply, answer });
        return true;
      }
      case "report": {
        const { job, grant, said } = input.report;
        const fact = decideReport(this.#fold, input.report, this.#desk.drawRetryTime);
        if (fact !== null) this.record(fact);
        // A late word is settled too: the ledger has the end of that attempt already.
        if ("ended" in said) this.#effects.push({ kind: "recorded", job, grant });
        this.#settle(input.settled);
        return true;
      }
      case "own":
        // After a crash there may be more lost attempts than one entry holds. Those on record are not said again.
        for (const fact of input.facts(this.#fold)) {
          if (this.isFull) return false;
          this.record(fact);
        }
        this.#settle(input.settled);
        return true;
      default:
        return input satisfies never;
    }
  }

  /** One time of a schedule that is due; all its facts stand in this entry, so it fires once (DEC-010). */
  fire(schedule: Schedule): void {
    for (const fact of scheduleFacts(this.#fold, schedule, this.#around(null))) this.record(fact);
  }

  /** The grant rule on the projection as it is after the facts so far. */
  grant(): void {
    const { slots, freed } = this.#fold.room;
    const decision = decideStarts(this.#fold.waiting, slots, freed);
    this.#more = decision.more;
    for (const start of decision.reserved) if (this.#hasRoom()) this.record(reservationGranted(start));
    for (const start of decision.starts) {
      if (!this.#hasRoom()) return;
      this.record(startGranted(start, this.#desk.leaseMs));
      this.#effects.push({ kind: "start", assignment: assignmentOf(start.row) });
    }
    if (decision.denials.length === 0) return;
    for (const fact of startsDenied(decision.denials, this.#fold.slots)) {
      if (!this.#hasRoom()) return;
      this.record(fact);
    }
  }

  record(fact: Fact): void {
    if (!this.#opened) {
      // A reign begins with the election, in an entry that already carries its epoch.
      if (fact.type === "DispatcherElected") this.#epoch = fact.epoch;
      this.#fold.open(this.#position, { ...this.#header, epoch: this.#epoch });
      this.#opened = true;
    }
    this.#fold.applyFact(fact);
    if (fact.type === "CancelRequested")
      this.#effects.push({ kind: "abort", job: fact.job, grant: fact.grant, cause: "cancel" });
    const json = encodeFact(fact);
    this.#facts.push({ fact, json });
    this.#bytes += Buffer.byteLength(json);
  }

  close(): Turned {
    const effects = this.#effects;
    if (!this.#opened) return { proposal: null, effects };
    this.#fold.close(this.#intake);
    const { id, at } = this.#header;
    const header: EntryHeader = { ...this.#header, epoch: this.#epoch, intake: this.#intake };
    const facts = this.#facts;
    const data = Buffer.from(
      encodeEntry(
        header,
        facts.map(({ json }) => json),
      ),
    );
    if (data.length > ENTRY_MESSAGE_BYTES_MAX)
      throw new Error(`entry ${this.#position} has ${data.length} bytes and fits into no message`);
    return { proposal: { id, position: this.#position, at, data, facts, more: this.#more }, effects };
  }

  /** False if the entry is full; what is left over of the grant rule's decision is found again by the next turn. */
  #hasRoom(): boolean {
    if (this.isFull) this.#more = true;
    return !this.isFull;
  }

  #decide(order: Order, intake: IntakePoint | null): Decided {
    const command: Command | Refusal = readOrder(order, this.#fold, this.#desk);
    return "refused" in command ? command : decideCommand(this.#fold, command, this.#around(intake));
  }

  #around(intake: IntakePoint | null): Surroundings {
    const { catalogue, nextFiring } = this.#desk;
    return { catalogue, nextFiring, now: this.#header.at, intake };
  }

  #settle(settled: Settled | undefined): void {
    if (settled !== undefined) this.#effects.push({ kind: "settled", settled });
  }

  /** Each message ends as a fact: one that left none would be decided again after a restart, when it may mean something else. */
  #refuse({ order, sequence }: Extract<Input, { kind: "order" }>, reason: string): void {
    const intake = { sequence, index: null };
    this.record({ type: "CommandRefused", verb: order.verb.slice(0, 64), reason: boundedReason(reason), intake });
  }

  #carryOut(facts: readonly Fact[]): FactAddress | null {
    const first = facts.length === 0 ? null : factAddress(this.#position, this.#facts.length);
    for (const fact of facts) this.record(fact);
    return first;
  }
}

/** Every part of a submission has its bound; should they ever add up to more than an entry holds, the job is refused. */
function fitting(fact: Fact, { bytes, point, storedAt }: Arrival): Fact {
  // What is written is at most six times what was read, and params from type and template are bounded with it.
  if (fact.type !== "JobSubmitted" || bytes * 6 <= SUBMISSION_BYTES_MAX) return fact;
  const written = Buffer.byteLength(encodeFact(fact));
  if (written <= SUBMISSION_BYTES_MAX) return fact;
  const reason = `the job has ${written} bytes with all that its type and template add; at most ${SUBMISSION_BYTES_MAX} are taken`;
  return { type: "JobRejected", job: fact.job, jobType: fact.spec.type, createdAt: storedAt, reason, intake: point };
}
