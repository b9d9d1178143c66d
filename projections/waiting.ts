/**
 * The waiting jobs: one ordered line per distinct demand, so that a decision looks at the heads of lines, not at all jobs (D5).
 * All jobs of a line need the same, so if one of them cannot start, none behind it in the line can.
 */
import { remember } from "../events/remember.js";
import { demandKey } from "./demand.js";
import { compareWaiting, type JobRow } from "./jobs.js";
import { SortedList } from "./sorted-list.js";

export interface Line {
  readonly type: string;
  readonly resources: Readonly<Record<string, number>>;
  readonly rows: SortedList<JobRow>;
}

/** What readers may see of the waiting jobs. */
export type WaitingView = Pick<Waiting, "size" | "undenied" | "lines" | "lineOf">;

export class Waiting {
  readonly #lines = new Map<string, Line>();
  /** Waiting jobs without a recorded denial yet, in the order in which they came to wait. */
  readonly #undenied = new Set<JobRow>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get undenied(): ReadonlySet<JobRow> {
    return this.#undenied;
  }

  /** The lines that are not empty. */
  lines(): IterableIterator<Line> {
    return this.#lines.values();
  }

  /** The line that a waiting job stands in. */
  lineOf(row: JobRow): Line {
    if (row.line === null) throw new Error(`${row.id} is not waiting`);
    return row.line;
  }

  add(row: JobRow): void {
    if (row.spec === null) throw new Error(`${row.id} was rejected and cannot wait`);
    const { type, resources } = row.spec;
    const make = (): Line => ({ type, resources, rows: new SortedList<JobRow>(compareWaiting) });
    const line = remember(this.#lines, demandKey(row.spec), make);
    // All jobs of a line share one object, by which their demand is found.
    row.spec = { ...row.spec, resources: line.resources };
    row.line = line;
    line.rows.add(row);
    if (row.deniedBy === null) this.#undenied.add(row);
    this.#size += 1;
  }

  delete(row: JobRow): void {
    const line = this.lineOf(row);
    if (!line.rows.delete(row)) throw new Error(`${row.id} is not in its line`);
    if (line.rows.size === 0) this.#lines.delete(demandKey(line));
    row.line = null;
    this.#undenied.delete(row);
    this.#size -= 1;
  }

  denied(row: JobRow): void {
    this.#undenied.delete(row);
  }

  /** Puts those without a recorded denial into the order that they had. */
  restoreUndenied(rows: readonly JobRow[]): void {
    this.#undenied.clear();
    for (const row of rows) this.#undenied.add(row);
  }

  /** The same lines, of the copies that `copyOf` has made of their rows. */
  clone(copyOf: (row: JobRow) => JobRow): Waiting {
    const copy = new Waiting();
    for (const [key, { type, resources, rows }] of this.#lines) {
      const line: Line = { type, resources, rows: rows.clone(copyOf) };
      for (const row of line.rows) row.line = line;
      copy.#lines.set(key, line);
    }
    for (const row of this.#undenied) copy.#undenied.add(copyOf(row));
    copy.#size = this.#size;
    return copy;
  }
}
