/**
 * An independent auditor of a ledger: recomputes from the JSON lines alone what the project promises, with none of the project's
 * code. It imports nothing from the other rooms on purpose, so that a mistake in the fold cannot hide here.
 *
 * Checked: the chain and its contiguity, times, reigns (D1, D6); pools and workers at every grant (INV-003, CC-2, CC-5); the
 * order of the grants (INV-004); that nothing startable is left waiting; one live grant and one end per job (INV-007); the
 * numbering of attempts (INV-002); what is fixed after the grant (INV-001); the intake accounted for (INV-008); a recorded
 * denial for every job that had to wait; reservations before the queue, and one at a time per set of pools (DEC-004); groups
 * (INV-006, DEC-012); schedules (DEC-010); that what has come to its time is on record then; and that whoever was told to stop
 * starts nothing more (CON-003), where that is seen.
 */
import { AuditedWorld, type JobAccount, type Raw, type Report } from "./auditor-world.js";

export type Rule =
  | "unreadable"
  | "contiguity"
  | "chain"
  | "time"
  | "epoch"
  | "intake"
  | "capacity"
  | "demand"
  | "seats"
  | "order"
  | "idle"
  | "live-grant"
  | "terminal"
  | "life"
  | "attempts"
  | "fixed"
  | "early"
  | "late"
  | "denial"
  | "reservation"
  | "group"
  | "schedule"
  | "stopping"
  | "lost-submission";

export interface Violation {
  readonly rule: Rule;
  /** `812.3`, or `812` for something about the whole entry. */
  readonly address: string;
  readonly text: string;
}

/** A message of the intake, as it was acknowledged. */
export interface IntakeMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly text: string;
}

export interface Audit {
  readonly violations: readonly Violation[];
  readonly jobs: ReadonlyMap<string, JobAccount>;
  readonly entries: number;
  /** The most units of each pool that were ever held at once. */
  readonly peaks: ReadonlyMap<string, number>;
  /** Intake points, such as `12` or `12-3`, to what was recorded of them. */
  readonly decided: ReadonlyMap<string, readonly string[]>;
}

/**
 * Audits exported lines: one entry a line, in order from the first; a header line without facts may come first. With `intake`,
 * every submission in it must be on record exactly once.
 */
export function audit(lines: readonly string[], intake: readonly IntakeMessage[] = []): Audit {
  const auditor = new LedgerAuditor();
  for (const [index, line] of lines.entries()) {
    const isHeader = index === 0 && isHeaderLine(line);
    if (!isHeader) auditor.entry(line);
  }
  return auditor.end(intake);
}

/** Audits a ledger while it grows: entry by entry, in order from the first. */
export class LedgerAuditor {
  readonly violations: Violation[] = [];
  readonly world: AuditedWorld;
  readonly #ids = new Set<string>();
  /** The message of the intake up to which everything is decided. */
  get decidedUpTo(): number {
    return this.#before === null ? 0 : (progress(this.#before)[0] ?? 0);
  }

  #before: Raw | null = null;
  #position = 0;

  constructor() {
    this.world = new AuditedWorld(this.#report);
  }

  /** What was read, or null if that was no entry. */
  entry(line: string): Raw | null {
    const entry = withPosition(parse(line));
    const expected = this.#position + 1;
    this.#position = typeof entry?.["position"] === "number" ? entry["position"] : expected;
    const address = String(this.#position);
    if (this.#position !== expected) this.#report("contiguity", address, `position ${expected} was expected`);
    if (entry === null || !Array.isArray(entry["facts"]) || entry["facts"].length === 0) {
      this.#report("unreadable", address, "is not an entry with facts");
      return null;
    }
    checkHeader(entry, this.#before, address, this.#ids, this.#report);
    this.world.entry(this.#position, entry, Buffer.byteLength(line));
    this.#before = entry;
    return entry;
  }

  end(intake: readonly IntakeMessage[] = []): Audit {
    const { world, violations } = this;
    world.end(this.#before === null ? 0 : this.#position);
    if (intake.length > 0) checkIntake(intake, world.decided, this.#before, this.#report);
    const { jobs, peaks, decided } = world;
    return { violations, jobs: jobs.accounts(), entries: this.#position, peaks, decided };
  }

  readonly #report: Report = (rule, address, text) => {
    this.violations.push({ rule, address, text });
  };
}

function isHeaderLine(line: string): boolean {
  const value = withPosition(parse(line));
  return value !== null && value["facts"] === undefined;
}

/** A violation as one line, for the messages of failing tests. */
export const describeViolation = ({ rule, address, text }: Violation): string => `${address} ${rule}: ${text}`;

function checkHeader(entry: Raw, before: Raw | null, address: string, ids: Set<string>, report: Report): void {
  const id = String(entry["id"]);
  if (ids.has(id)) report("chain", address, `the id ${id} occurs twice`);
  ids.add(id);
  const previous = before === null ? null : before["id"];
  if (entry["prev"] !== previous)
    report("chain", address, `names ${String(entry["prev"])}, the entry before is ${String(previous)}`);
  if (before !== null && String(entry["at"]) < String(before["at"])) report("time", address, "goes back in time");
  const [now, then] = [progress(entry), before === null ? [0, 0] : progress(before)];
  if (compare(now, then) < 0) report("intake", address, `its progress ${now.join("/")} is before ${then.join("/")}`);
}

function checkIntake(
  intake: readonly IntakeMessage[],
  decided: ReadonlyMap<string, readonly string[]>,
  last: Raw | null,
  report: Report,
): void {
  const reached = last === null ? 0 : (progress(last)[0] ?? 0);
  const points = new Set<string>();
  for (const { sequence, subject, text } of intake) {
    if (sequence > reached)
      report("lost-submission", `intake ${sequence}`, `the ledger is decided up to ${reached} only`);
    for (const point of pointsOf(sequence, subject, text)) {
      points.add(point);
      const facts = decided.get(point) ?? [];
      if (facts.length !== 1)
        report(
          "lost-submission",
          `intake ${point}`,
          `is on record ${facts.length} times: ${facts.join(", ") || "never"}`,
        );
    }
  }
  const subjects = new Map(intake.map(({ sequence, subject }) => [sequence, subject]));
  for (const [point, facts] of decided) {
    const subject = subjects.get(Number(point.split("-")[0]));
    if (points.has(point) || subject === undefined || mayBeOnRecordAs(subject, facts)) continue;
    report("lost-submission", `intake ${point}`, `was never submitted, and is on record as ${facts.join(", ")}`);
  }
}

/** A command is named where it was refused; one that repeats a job also where it has made the new one. */
const mayBeOnRecordAs = (subject: string, [fact, another]: readonly string[]): boolean =>
  another === undefined &&
  (fact === "CommandRefused" || (fact === "JobSubmitted" && subject.endsWith(".command.retry")));

/** What a message submits; a command submits nothing. */
function pointsOf(sequence: number, subject: string, text: string): readonly string[] {
  const tokens = subject.split(".");
  if (tokens[1] === "command") return [];
  if (tokens.length > 2) return [String(sequence)];
  const batch: unknown = parseAny(text);
  const isBatch = Array.isArray(batch) && batch.length > 0 && batch.length <= 1_000;
  return isBatch ? batch.map((_, index) => `${sequence}-${index}`) : [String(sequence)];
}

function progress(entry: Raw): readonly number[] {
  const { sequence, taken } = (entry["intake"] ?? {}) as Raw;
  return [Number(sequence ?? 0), Number(taken ?? 0)];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, number] of a.entries()) if (number !== b[index]) return number - (b[index] ?? 0);
  return 0;
}

function parse(line: string): Raw | null {
  const value: unknown = parseAny(line);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Raw) : null;
}

/** A line of an exported log holds the entry beside its position. */
function withPosition(line: Raw | null): Raw | null {
  const entry = line?.["entry"];
  return typeof entry === "object" && entry !== null ? { ...entry, position: line?.["position"] } : line;
}

function parseAny(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
