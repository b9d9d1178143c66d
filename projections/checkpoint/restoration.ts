/** Restoration: the fold, made again from the lines of its checkpoint. */
import type { GroupId, JobId, Position, WorkerId } from "../../events/names.js";
import type { AttemptOutcome } from "../../events/states.js";
import { type JobNode, jobNodeAt } from "../../machines/job.js";
import { Fold } from "../fold.js";
import type { Attempt, JobRow, RowSpec } from "../jobs.js";
import { type Holding, recordOf, type Slots } from "../slots.js";
import {
  CHECKPOINT_FORM,
  type CheckpointLine,
  type HeadLine,
  type RowNumber,
  type RowsLine,
} from "./checkpoint-lines.js";
import type { KeptGroup } from "./kept.js";
import { Remembered } from "./remembered.js";

/** What was read is no checkpoint of this form, or not all of one. */
export class CheckpointDamaged extends Error {
  readonly code = "checkpoint-damaged";
}

/** The fold of a whole checkpoint. Throws `CheckpointDamaged`. */
export function restoreFold(lines: Iterable<string>): Fold {
  const restoration = new Restoration();
  for (const line of lines) restoration.read(line);
  return restoration.finish();
}

/** Makes a fold from the lines of a checkpoint, which are given one after the other. */
export class Restoration {
  #head: HeadLine | null = null;
  readonly #holdings: Holding[] = [];
  readonly #groups: KeptGroup[] = [];
  readonly #unsettled: GroupId[] = [];
  readonly #texts: string[] = [];
  readonly #specs: RowSpec[] = [];
  readonly #nodes: JobNode[] = [];
  readonly #rows: JobRow[] = [];
  readonly #finished: RowNumber[] = [];
  readonly #undenied: RowNumber[] = [];
  readonly #remembered = new Remembered();
  #isComplete = false;

  /** True when the last line was given. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The next line. Throws `CheckpointDamaged`. */
  read(text: string): void {
    damagedIfThrown(() => {
      // Taken for what was written; whether it is, is told by the hash of the fold that comes of it.
      const line: CheckpointLine = JSON.parse(text);
      if (this.#isComplete) throw new Error("it goes on after its end");
      if ((this.#head === null) !== (line.kind === "head")) throw new Error("it does not begin with one head");
      this.#take(line);
    });
  }

  /** The fold, when all lines were given. Throws `CheckpointDamaged`. */
  finish(): Fold {
    return damagedIfThrown(() => {
      const head = this.#head;
      if (head === null || !this.#isComplete) throw new Error("its end is missing");
      const rowAt = (number: RowNumber): JobRow => must(this.#rows[number]);
      return Fold.restore({
        head: head.head,
        leader: head.leader,
        settings: head.settings,
        slots: slotsOf(head, this.#holdings),
        schedules: recordOf(head.schedules, ({ name }) => name),
        jobs: {
          rows: this.#rows,
          finished: this.#finished.map((number) => rowAt(number).id),
          undenied: this.#undenied.map(rowAt),
          groups: this.#groups,
          unsettled: this.#unsettled,
          nextPlace: head.nextPlace,
          past: this.#remembered.past(),
          durations: this.#remembered.durations,
        },
      });
    });
  }

  #take(line: CheckpointLine): void {
    switch (line.kind) {
      case "head":
        if (line.form !== CHECKPOINT_FORM) throw new Error(`its form is ${line.form}, and ${CHECKPOINT_FORM} is read`);
        this.#head = line;
        return;
      case "holdings":
        this.#holdings.push(...line.items);
        return;
      case "groups":
        this.#groups.push(...line.items);
        return;
      case "unsettled":
        this.#unsettled.push(...line.items);
        return;
      case "texts":
        this.#texts.push(...line.items);
        return;
      case "specs":
        this.#specs.push(...line.items);
        return;
      case "nodes":
        for (const [state, attempt, maxAttempts] of line.items)
          this.#nodes.push(jobNodeAt(state, { attempt, maxAttempts }));
        return;
      case "rows":
        return this.#takeRows(line);
      case "finished":
        this.#finished.push(...line.items);
        return;
      case "undenied":
        this.#undenied.push(...line.items);
        return;
      case "reach":
      case "since":
      case "stays":
      case "held":
      case "frames":
      case "durations":
        return this.#remembered.take(line);
      case "end":
        if (line.rows !== this.#rows.length) throw new Error(`it has ${this.#rows.length} of ${line.rows} rows`);
        if (line.remembered !== this.#remembered.items) throw new Error("not all is there of what it remembers");
        this.#isComplete = true;
        return;
      default:
        line satisfies never;
        throw new Error("it has a line of an unknown kind");
    }
  }

  #takeRows({ ids, nodes, specs, positions, overtaken, addressCounts, addresses, texts, ...line }: RowsLine): void {
    const nextText = this.#textsOf(texts);
    const nextAttempt = this.#attemptsOf(line);
    let addressed = 0;
    for (const [index, id] of ids.entries()) {
      const spec = specs[index] ?? null;
      const count = must(addressCounts[index]);
      const attempts: Attempt[] = [];
      for (let left = must(line.attemptCounts[index]); left > 0; left -= 1) attempts.push(nextAttempt());
      this.#rows.push({
        id,
        createdAt: must(nextText()),
        retryOf: nextText() as JobId | null,
        spec: spec === null ? null : must(this.#specs[spec]),
        askedType: nextText(),
        node: must(this.#nodes[must(nodes[index])]),
        position: must(positions[index]),
        line: null,
        dueAt: nextText(),
        reason: nextText(),
        attempts,
        deniedBy: nextText(),
        overtaken: must(overtaken[index]),
        addresses: addresses.slice(addressed, addressed + count),
      });
      addressed += count;
    }
  }

  /** Gives the attempts of a line one after the other. */
  #attemptsOf({ attempts, attemptTexts }: Pick<RowsLine, "attempts" | "attemptTexts">): () => Attempt {
    const nextText = this.#textsOf(attemptTexts);
    let at = -1;
    const nextNumber = (): number | null => {
      at += 1;
      return attempts[at] ?? null;
    };
    return () => ({
      number: must(nextNumber()),
      worker: must(nextText()) as WorkerId,
      grant: must(nextNumber()) as Position,
      grantedAt: must(nextText()),
      leaseMs: must(nextNumber()),
      startedAt: nextText(),
      finishedAt: nextText(),
      outcome: nextText() as AttemptOutcome | null,
      exitCode: nextNumber(),
      error: nextText(),
    });
  }

  /** Gives the texts that these refer to, one after the other. */
  #textsOf(references: RowsLine["texts"]): () => string | null {
    let at = -1;
    return () => {
      at += 1;
      const reference = references[at] ?? null;
      return reference === null ? null : must(this.#texts[reference]);
    };
  }
}

/** As the fold has them: holdings and demands are frozen, so that a draft need not walk into them. */
function slotsOf({ limits, pools, workers, reservations }: HeadLine, holdings: readonly Holding[]): Slots {
  for (const { resources } of reservations) Object.freeze(resources);
  for (const holding of holdings) {
    Object.freeze(holding.resources);
    Object.freeze(holding);
  }
  return {
    limits,
    pools: recordOf(pools, ({ name }) => name),
    workers: recordOf(workers, ({ id }) => id),
    holdings: recordOf(holdings, ({ job }) => job),
    reservations: recordOf(reservations, ({ id }) => id),
  };
}

/** What is referred to and was not told. */
function must<T>(found: T | null | undefined): T {
  if (found === undefined || found === null) throw new Error("something that it refers to is missing");
  return found;
}

/** Whatever goes wrong in reading means the same: this is no checkpoint that can be used. */
function damagedIfThrown<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new CheckpointDamaged(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
