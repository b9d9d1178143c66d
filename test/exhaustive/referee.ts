/**
 * Judges every entry that a turn decides, before it is known whether it will ever be stored: by the auditor, which shares no code
 * with the fold and the decision, and by comparing what the shipped code says with itself in another way.
 */
import { decodeEntry } from "../../events/codec.js";
import { canonicalJson } from "../../events/json.js";
import type { Position } from "../../events/names.js";
import { isTerminal } from "../../events/states.js";
import { Fold } from "../../projections/fold.js";
import { type Attempt, type JobRow, stateOf } from "../../projections/jobs.js";
import { dismissWorkers, expireLeases, retireWorkers } from "../../projections/recovery.js";
import type { Worker } from "../../projections/slots.js";
import type { Proposal } from "../../src/dispatcher/turn.js";
import { dump } from "../projections/state-dump.js";
import { describeViolation, type Violation } from "../support/auditor.js";
import { startableNow } from "../support/auditor-rules.js";
import { AuditedWorld, type Raw } from "../support/auditor-world.js";
import type { Belief } from "./belief.js";
import { Broken } from "./broken.js";
import { ACCESSION, isItem } from "./codes.js";
import { ownWorker } from "./inputs.js";
import type { Setting } from "./setting.js";

export const utf8 = new TextDecoder("utf-8", { fatal: true });

export interface Judged {
  /** The fold of a follower that reads the entry from its bytes. */
  readonly fold: Fold;
  readonly audit: AuditedWorld;
}

/** `decided`: the fold that the turn was decided on, with the entry in it. Throws `Broken` with the first rule that does not hold. */
export function judge(
  setting: Setting,
  before: Belief,
  inputs: readonly number[],
  proposal: Proposal,
  decided: Fold,
  mayStart: boolean,
): Judged {
  const text = utf8.decode(proposal.data);
  const fold = follow(before.fold, proposal.position, text);
  if (dump(fold) !== dump(decided))
    throw new Broken("INV-009", "who reads the entry believes other things than who has written it");
  const audit = auditEntry(before.audit, proposal.position, text);
  const startable = mayStart ? startableNow(audit) : [];
  if (startable.length > 0) throw new Broken("idle", `${startable[0]} could start and does not`);
  compareSlots(fold, audit);
  compareFrozen(before.fold, fold);
  countIntake(setting, before, inputs, proposal, { fold, audit });
  if (fold.head.epoch !== before.fold.head.epoch) recoverAgain(setting, before, inputs, fold, proposal.at);
  return { fold, audit };
}

/** Folds an entry as a follower does, from its text. */
export function follow(before: Fold, position: Position, text: string): Fold {
  const fold = before.clone();
  fold.apply(position, decodeEntry(text));
  return fold;
}

export function auditEntry(before: AuditedWorld, position: number, text: string): AuditedWorld {
  const violations: Violation[] = [];
  const audit = before.copy((rule, address, message) => violations.push({ rule, address, text: message }));
  audit.entry(position, JSON.parse(text) as Raw, Buffer.byteLength(text));
  // Whether somebody was left waiting is asked of every entry at once: the auditor asks later, when it knows how a reign ended.
  const first = violations.find(({ rule }) => rule !== "idle");
  if (first !== undefined) throw new Broken(first.rule, describeViolation(first));
  return audit;
}

export const emptyAudit = (): AuditedWorld => new AuditedWorld(() => {});

/** Slots ⇔ state, counted twice by different code (INV-003, INV-007). */
function compareSlots(fold: Fold, audit: AuditedWorld): void {
  for (const { name, used } of Object.values<{ name: string; used: number }>(fold.slots.pools)) {
    if (audit.used(name) !== used)
      throw new Broken("slots", `${name}: ${used} are in use by the fold, ${audit.used(name)} by the auditor`);
  }
  for (const row of fold.jobs.values()) {
    const state = audit.jobs.get(row.id)?.state;
    if (state !== stateOf(row))
      throw new Broken("state", `${row.id} is ${stateOf(row)} to the fold, ${state} to the auditor`);
  }
  const holders = [...audit.jobs.holding()].map(({ id }) => id).sort();
  if (holders.join() !== Object.keys(fold.slots.holdings).sort().join())
    throw new Broken("slots", `the auditor knows other holders: ${holders.join(", ") || "none"}`);
}

/**
 * What a job was submitted as stays as it was, whatever the types say later; priority and params may be amended until the first
 * grant, and what has ended stays ended (INV-001, INV-002, INV-005, INV-007).
 */
function compareFrozen(before: Fold, after: Fold): void {
  for (const [id, row] of before.jobs) {
    const now = after.jobs.get(id);
    if (now === undefined) throw new Broken("INV-008", `${id} is not known any more`);
    const isGranted = row.attempts.length > 0;
    const rule = isGranted ? "INV-001" : "INV-005";
    // Params leave the index when a job ends.
    const fixed = { priority: isGranted, params: isGranted && !isTerminal(stateOf(now)) };
    if (fixedOf(now, fixed) !== fixedOf(row, fixed)) throw new Broken(rule, `${id} is not any more what it was`);
    for (const [index, attempt] of row.attempts.entries()) {
      const later = now.attempts[index];
      const isSame =
        attempt.outcome === null
          ? startOf(attempt) === startOf(later)
          : canonicalJson(attempt) === canonicalJson(later);
      if (!isSame) throw new Broken("INV-002", `attempt ${attempt.number} of ${id} is not any more what it was`);
      if (attempt.startedAt !== null && attempt.startedAt !== later?.startedAt)
        throw new Broken("INV-002", `attempt ${attempt.number} of ${id} has started again`);
    }
  }
}

/** What of an attempt stands from its grant on. */
function startOf(attempt: Attempt | undefined): string {
  return canonicalJson([attempt?.number, attempt?.worker, attempt?.grant, attempt?.grantedAt, attempt?.leaseMs]);
}

/** What of a job may not change any more. */
function fixedOf({ spec }: JobRow, isFixed: { readonly priority: boolean; readonly params: boolean }): string {
  if (spec === null) return "";
  const { params, priority, ...always } = spec;
  return canonicalJson([always, isFixed.priority ? priority : 0, isFixed.params ? params : 0]);
}

/** Every item of the intake that the entry says is decided is on record in it, once, and no other (INV-008). */
function countIntake(
  setting: Setting,
  { fold: before }: Belief,
  inputs: readonly number[],
  { position, facts }: Proposal,
  { fold, audit }: Judged,
): void {
  let { sequence, taken }: { sequence: number; taken: number } = before.head.intake;
  const expected: string[] = [];
  for (const input of inputs.filter(isItem)) {
    const { message, index, isLast } = setting.itemOf(input);
    expected.push(message.items.length === 1 ? `${sequence + 1}` : `${sequence + 1}-${index}`);
    if (isLast) sequence += 1;
    taken = isLast ? 0 : index + 1;
  }
  const recorded = facts.flatMap(({ fact }) => {
    const intake = "intake" in fact ? fact.intake : null;
    return intake === null ? [] : [intake.index === null ? `${intake.sequence}` : `${intake.sequence}-${intake.index}`];
  });
  // A command that is carried out leaves a fact about what it did, without the place of the message.
  const surplus = recorded.find((point) => !expected.includes(point) || audit.decided.get(point)?.length !== 1);
  if (surplus !== undefined)
    throw new Broken(
      "INV-008",
      `entry ${position} decides intake ${surplus}, which was not next or is decided already`,
    );
  const submissions = inputs.filter(isItem).filter((input) => setting.itemOf(input).isSubmission).length;
  const decided = facts.filter(({ fact }) => DECISIONS.has(fact.type)).length;
  if (decided !== submissions)
    throw new Broken("INV-008", `entry ${position} takes ${submissions} submissions and records ${decided}`);
  const progress = fold.head.intake;
  if (progress.sequence !== sequence || progress.taken !== taken)
    throw new Broken("INV-008", `entry ${position} says that the intake is decided to ${canonicalJson(progress)}`);
}

const DECISIONS: ReadonlySet<string> = new Set(["JobSubmitted", "JobRejected", "SubmissionDuplicated"]);

/** Recovery run twice gives what it gives once (DEC-008). */
function recoverAgain(setting: Setting, before: Belief, [accession]: readonly number[], fold: Fold, at: string): void {
  const gone = (accession ?? ACCESSION) - ACCESSION;
  const isGone = ({ process }: Worker) => (gone >> before.summary.epochs.indexOf(process.pid)) & 1;
  const own = ownWorker(fold.head.epoch);
  const isLost = (worker: Worker) => worker.id !== own && isGone(worker) === 1;
  const drawRetryTime = setting.drawRetryTime(at);
  const again = [
    ...retireWorkers(fold, own),
    ...dismissWorkers(fold, isLost, "", drawRetryTime),
    ...expireLeases(fold, isLost, "", drawRetryTime),
    ...setting.accession(fold.head.epoch, at).settingsFacts(fold),
  ];
  const [first] = again;
  if (first !== undefined) throw new Broken("DEC-008", `recovered again, there would be ${first.type}`);
}

/** The fold of the whole ledger, from zero, from its bytes (INV-009). */
export function refold(belief: Belief): Fold {
  const datas: Uint8Array[] = [];
  for (let at = belief; at.from !== null; at = at.from.before) datas.push(at.from.data);
  const fold = new Fold();
  for (const data of datas.reverse()) {
    const position = fold.head.position + 1;
    fold.apply(position as Proposal["position"], decodeEntry(utf8.decode(data)));
  }
  return fold;
}
