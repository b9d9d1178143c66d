/**
 * Reads along in a world: every entry as it is stored, every run as it begins and ends, every answer as it is given; and writes down
 * what is broken. It shares no code with the scheduler.
 */
import type { StoredMessage } from "../../src/log/log.js";
import { LedgerAuditor } from "../support/auditor.js";
import { PhysicalRecord } from "../support/auditor-runs.js";
import type { AuditedWorld } from "../support/auditor-world.js";
import type { Loop } from "./loop.js";
import type { Planted } from "./planted.js";
import type { Acknowledged } from "./publisher.js";
import { SlotBook } from "./slot-book.js";
import type { Tally } from "./tally.js";
import type { Trace } from "./trace.js";
import type { Broken, WorldRule } from "./verdict.js";

export interface WatchOptions {
  readonly loop: Loop;
  readonly trace: Trace;
  readonly planted: Planted;
  readonly tally: Tally;
  readonly leaseMs: number;
}

export class Watch {
  readonly broken: Broken[] = [];
  /** The ledger as it is stored, an entry a line. */
  readonly lines: string[] = [];
  readonly record: PhysicalRecord;
  readonly slots: SlotBook;
  /** When the last entry was stored, in microseconds. */
  lastEntryUs = 0;
  readonly #of: WatchOptions;
  readonly #auditor = new LedgerAuditor();
  /** The reign that no other one should follow; null while one may. */
  #settledEpoch: number | null = null;

  constructor(options: WatchOptions) {
    this.#of = options;
    this.record = new PhysicalRecord(
      () => options.loop.now,
      (rule, text) => this.#write({ rule, address: "", text }),
    );
    const { tally, leaseMs, loop } = options;
    this.slots = new SlotBook({
      ...{ tally, leaseMs },
      now: () => loop.now,
      report: (rule, text) => this.break(rule, text),
    });
  }

  get audited(): AuditedWorld {
    return this.#auditor.world;
  }

  /** The message of the intake up to which everything is decided. */
  get decidedUpTo(): number {
    return this.#auditor.decidedUpTo;
  }

  /** From now on the leader has no reason to change, or has one again. */
  expectSteadyLeader(isExpected: boolean): void {
    this.#settledEpoch = isExpected ? this.audited.epoch : null;
  }

  break(rule: WorldRule, text: string, address = ""): void {
    this.#write({ rule, address, text });
  }

  entry(message: StoredMessage): void {
    const line = textOf(message);
    this.lines.push(line);
    this.lastEntryUs = this.#of.loop.now;
    this.#of.trace.note("ledger", "stored", () => `${message.sequence} ${gistOf(line)}`);
    const shown = this.#of.planted.shown?.(line, message.sequence) ?? line;
    const entry = this.#auditor.entry(shown);
    this.#takeViolations();
    if (entry !== null) {
      for (const { type } of entry["facts"] as readonly { readonly type: string }[])
        if (COUNTED.has(type)) this.#of.tally.count(`recorded: ${type}`);
      this.record.entry(message.sequence, entry);
      this.slots.entry(message.sequence, entry);
    }
    const { epoch } = this.audited;
    if (this.#settledEpoch !== null && epoch !== this.#settledEpoch)
      this.break("needless-election", `epoch ${epoch} begins`, String(message.sequence));
  }

  /** Whoever was told where the fact of a command stands finds it there, at once. */
  answered(verb: string, address: string): void {
    const [at, index] = address.split(".").map(Number);
    const entry: unknown = JSON.parse(this.lines[(at ?? 0) - 1] ?? "{}");
    const type = (entry as { facts?: readonly { type: string }[] }).facts?.[index ?? 0]?.type;
    if (type === undefined || !FACTS_OF[verb]?.includes(type))
      this.break("false-answer", `${verb} is said to stand here; there is ${type ?? "nothing"}`, address);
  }

  /** At the end: what was promised to publishers is in the intake, and all of the intake is on record. */
  readTheBooks(intake: readonly StoredMessage[], acknowledged: readonly Acknowledged[]): void {
    for (const { sequence, text } of acknowledged)
      if (textOf(intake[sequence - 1]) !== text)
        this.break("lost-message", `a publisher was told that it is stored as ${sequence}: ${text}`);
    const messages = intake.map((message) => ({
      sequence: message.sequence,
      subject: message.subject,
      text: textOf(message),
    }));
    this.#auditor.end(messages);
    this.#takeViolations();
  }

  #takeViolations(): void {
    for (const violation of this.#auditor.violations.splice(0)) this.#write(violation);
  }

  #write({ rule, address, text }: Omit<Broken, "atMs">): void {
    this.#of.trace.note("auditor", rule, () => text);
    this.broken.push({ rule, address, text, atMs: this.#of.loop.now / 1_000 });
  }
}

/** What need not come in a world, and must come in many: told in the end. */
const COUNTED: ReadonlySet<string> = new Set([
  ...["GroupEnded", "GroupCancelRequested", "ScheduleFired", "ScheduleMissed", "JobMoved", "LeaseExpired"],
  ...["ReservationGranted", "ReservationReleased", "ReservationExpired"],
]);

/** The facts in which a command is carried out. */
const FACTS_OF: Readonly<Record<string, readonly string[]>> = {
  cancel: ["CancelRequested", "JobCancelled", "GroupCancelRequested"],
  retry: ["JobSubmitted"],
  move: ["JobMoved"],
  schedule: ["ScheduleSet", "ScheduleRemoved", "ScheduleEnabled", "ScheduleDisabled", "ScheduleFired", "JobSubmitted"],
  amend: ["JobAmended"],
  pause: ["PoolPaused"],
  resume: ["PoolResumed"],
  limits: ["LimitsChanged"],
};

const textOf = (message: StoredMessage | undefined): string => Buffer.from(message?.data ?? []).toString("utf8");

/** An entry in one line, for the story. */
function gistOf(line: string): string {
  const entry = JSON.parse(line) as {
    readonly id: string;
    readonly epoch: number;
    readonly at: string;
    readonly facts: readonly Readonly<Record<string, unknown>>[];
  };
  const facts = entry.facts.map(({ type, job, grant, worker, dispatcher }) =>
    [type, job, grant === undefined ? undefined : `@${String(grant)}`, worker, dispatcher]
      .filter((part) => part !== undefined)
      .join(" "),
  );
  return `by ${entry.id} in epoch ${entry.epoch}, ${entry.at}: ${facts.join("; ")}`;
}
