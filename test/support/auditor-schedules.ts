/**
 * The auditor's account of schedules (DEC-010): each of their times is done with once and in order, fired or left out; a firing and
 * the job that it submits stand in one entry; and nothing fires that is disabled or gone.
 */
import type { Place, Raw, Report } from "./auditor-world.js";

interface AuditedSchedule {
  template: string;
  isEnabled: boolean;
  nextAt: string | null;
}

export class AuditedSchedules {
  readonly #all = new Map<string, AuditedSchedule>();
  /** The last time of each that is done with; kept also when a schedule goes, because it may come again. */
  readonly #doneAt = new Map<string, string>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** An account of its own, to go on from here in another way. */
  copy(report: Report): AuditedSchedules {
    const copy = new AuditedSchedules(report);
    for (const [name, schedule] of this.#all) copy.#all.set(name, { ...schedule });
    for (const [name, at] of this.#doneAt) copy.#doneAt.set(name, at);
    return copy;
  }

  /** `entry`: all the facts of the entry that this one stands in. */
  fact(fact: Raw, place: Place, entry: readonly Raw[]): void {
    const name = String(fact["schedule"]);
    const nextAt = (fact["nextAt"] ?? null) as string | null;
    const known = this.#all.get(name);
    if (fact["type"] === "ScheduleSet") {
      const schedule = { template: String(fact["template"]), isEnabled: fact["enabled"] === true, nextAt };
      if (!schedule.isEnabled && nextAt !== null) this.#wrong(place, `${name} is disabled and would fire at ${nextAt}`);
      this.#all.set(name, schedule);
      return;
    }
    if (known === undefined) return this.#wrong(place, `there is no schedule ${name}`);
    switch (fact["type"]) {
      case "ScheduleRemoved":
        this.#all.delete(name);
        return;
      case "ScheduleEnabled":
      case "ScheduleDisabled":
        known.isEnabled = fact["type"] === "ScheduleEnabled";
        known.nextAt = nextAt;
        return;
      case "ScheduleFired":
        return this.#fired(name, known, fact, place, entry);
      case "ScheduleMissed":
        return this.#missed(name, known, fact, place);
    }
  }

  names(): readonly string[] {
    return [...this.#all.keys()];
  }

  /** Schedules whose time has come by `at`, and that have neither fired nor left it out. */
  due(at: string): readonly string[] {
    return [...this.#all].filter(([, { nextAt }]) => nextAt !== null && nextAt <= at).map(([name]) => name);
  }

  #fired(name: string, schedule: AuditedSchedule, fact: Raw, place: Place, entry: readonly Raw[]): void {
    const nextAt = fact["nextAt"] as string | null;
    const dueAt = String(fact["dueAt"]);
    this.#checkSubmitted(name, schedule, fact, place, entry);
    if (fact["triggered"] === true) {
      if (nextAt !== schedule.nextAt) this.#wrong(place, `${name} was triggered by hand, which moves nothing`);
      return;
    }
    if (!schedule.isEnabled) this.#wrong(place, `${name} fires and is disabled`);
    if (dueAt > place.at) this.#report("early", place.address, `${name} is due at ${dueAt}, not ${place.at}`);
    this.#goOn(name, schedule, { from: dueAt, to: dueAt, nextAt }, place);
  }

  #missed(name: string, schedule: AuditedSchedule, fact: Raw, place: Place): void {
    const [from, to] = [String(fact["from"]), String(fact["to"])];
    const count = Number(fact["count"]);
    const nextAt = fact["nextAt"] as string | null;
    if (!schedule.isEnabled) this.#wrong(place, `${name} leaves times out and is disabled`);
    if (to >= place.at) this.#wrong(place, `${name} leaves out ${to}, which has not passed`);
    if (to < from || count < 1 || (count === 1) !== (from === to))
      this.#wrong(place, `${name} leaves out ${count} times from ${from} to ${to}`);
    this.#goOn(name, schedule, { from, to, nextAt }, place);
  }

  #goOn(
    name: string,
    schedule: AuditedSchedule,
    { from, to, nextAt }: { readonly from: string; readonly to: string; readonly nextAt: string | null },
    place: Place,
  ): void {
    const doneAt = this.#doneAt.get(name) ?? "";
    if (from <= doneAt) this.#wrong(place, `${name} is done with ${doneAt} and comes to ${from}`);
    if (schedule.nextAt !== from) this.#wrong(place, `${name} is due at ${schedule.nextAt} and comes to ${from}`);
    if (nextAt !== null && nextAt <= to) this.#wrong(place, `${name} would come to ${nextAt} after ${to}`);
    this.#doneAt.set(name, to);
    schedule.nextAt = nextAt;
  }

  #checkSubmitted(name: string, { template }: AuditedSchedule, fact: Raw, place: Place, entry: readonly Raw[]): void {
    const before = entry.slice(0, entry.indexOf(fact));
    const about = before.find(({ type, job }) => job === fact["submits"] && SUBMISSIONS.has(String(type)));
    if (about === undefined) return this.#wrong(place, `${name} has fired, and nothing was submitted in the entry`);
    const spec = about["spec"] as Raw | undefined;
    if (spec !== undefined && spec["template"] !== template)
      this.#wrong(place, `${name} has submitted a job of another template than ${template}`);
  }

  #wrong({ address }: Place, text: string): void {
    this.#report("schedule", address, text);
  }
}

const SUBMISSIONS = new Set(["JobSubmitted", "JobRejected", "SubmissionDuplicated"]);
