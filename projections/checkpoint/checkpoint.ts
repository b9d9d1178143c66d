/**
 * A checkpoint: all that a fold keeps, as lines of JSON; the fold is made from them again in restoration.ts. Lines, because a state may
 * be too large to be held as one text. What many of the 100,000 rows have in common, their specs and times, is told once.
 *
 * It is a cache of the ledger, never more: whoever reads one compares the hash of the fold that comes of it with the one that the
 * writer's had, and folds from zero if anything is wrong.
 */
import type { JobId } from "../../events/names.js";
import { type JobNode, jobContext, jobState } from "../../machines/job.js";
import type { Fold } from "../fold.js";
import type { Group } from "../groups.js";
import type { JobRow, RowSpec } from "../jobs.js";
import type { Holding } from "../slots.js";
import {
  CHECKPOINT_FORM,
  type CheckpointLine,
  type NodeRecord,
  type Reference,
  type RememberedLine,
  type RowNumber,
  type RowsLine,
} from "./checkpoint-lines.js";
import type { KeptGroup } from "./kept.js";

const ITEMS_PER_LINE = 500;
/** Of what may be large, params above all: a reader of lines has a bound, too. */
const CHARS_PER_LINE = 200_000;

/** The lines of a fold in which no entry is open. `told` may put other words into specs, so that params are not given away. */
export function* checkpointLines(fold: Fold, told: (spec: RowSpec) => RowSpec = asItIs): IterableIterator<string> {
  for (const line of linesOf(fold, told)) yield JSON.stringify(line);
}

const asItIs = (spec: RowSpec): RowSpec => spec;

function* linesOf(fold: Fold, told: (spec: RowSpec) => RowSpec): IterableIterator<CheckpointLine> {
  const { head, leader, settings, nextPlace, slots, schedules, groups } = fold;
  yield {
    ...{ kind: "head", form: CHECKPOINT_FORM, head, leader, settings, nextPlace, limits: slots.limits },
    pools: Object.values(slots.pools),
    workers: Object.values(slots.workers),
    reservations: Object.values(slots.reservations),
    schedules: Object.values(schedules),
  };
  for (const items of pages(Object.values<Holding>(slots.holdings))) yield { kind: "holdings", items };
  for (const items of pages(groups.all.values())) yield { kind: "groups", items: items.map(keptOfGroup) };
  for (const items of pages(groups.unsettled)) yield { kind: "unsettled", items: items.map(({ id }) => id) };
  const tables = new Tables(told);
  const numbers = new Map<JobId, RowNumber>();
  for (const rows of pages(fold.jobs.values())) {
    for (const { id } of rows) numbers.set(id, numbers.size);
    const line = rowsLine(rows, tables);
    yield* tables.added();
    yield line;
  }
  const numberOf = (id: JobId): RowNumber => {
    const number = numbers.get(id);
    if (number === undefined) throw new Error(`${id} is in a list and not in the index`);
    return number;
  };
  for (const ids of pages(fold.finished)) yield { kind: "finished", items: ids.map(numberOf) };
  for (const rows of pages(fold.waiting.undenied))
    yield { kind: "undenied", items: rows.map(({ id }) => numberOf(id)) };
  let remembered = 0;
  for (const line of rememberedLines(fold, told === asItIs)) {
    remembered += line.items.length;
    yield line;
  }
  yield { kind: "end", rows: numbers.size, remembered };
}

/** What no decision looks at. The name of a model is taken from the params: where those are not given away, it is not either. */
function* rememberedLines({ past, durations }: Fold, tellsParams: boolean): IterableIterator<RememberedLine> {
  const { since, stays, holdings, frames, reach } = past.keep();
  yield { kind: "reach", items: [reach] };
  for (const items of pages(since)) yield { kind: "since", items };
  for (const items of pages(stays)) yield { kind: "stays", items };
  for (const items of pages(holdings)) yield { kind: "held", items };
  for (const items of pages(frames, (frame) => JSON.stringify(frame).length)) yield { kind: "frames", items };
  const times = durations.keep().filter(({ model }) => model === null || tellsParams);
  for (const items of pages(times, ({ latestMs }) => JSON.stringify(latestMs).length))
    yield { kind: "durations", items };
}

function keptOfGroup({ id, sequential, counts, turn, stopReason, cancelRequested, ended }: Group): KeptGroup {
  return { id, sequential, counts, turn: turn?.id ?? null, stopReason, cancelRequested, ended };
}

function rowsLine(rows: readonly JobRow[], { nodes, specs, texts }: Tables): RowsLine {
  const textOf = (text: string | null): Reference | null => (text === null ? null : texts.referenceTo(text));
  const attempts = rows.flatMap((row) => row.attempts);
  return {
    kind: "rows",
    ids: rows.map(({ id }) => id),
    nodes: rows.map(({ node }) => nodes.referenceTo(node)),
    specs: rows.map(({ spec }) => (spec === null ? null : specs.referenceTo(spec))),
    positions: rows.map(({ position }) => position),
    overtaken: rows.map(({ overtaken }) => overtaken),
    texts: rows.flatMap(({ createdAt, retryOf, askedType, dueAt, reason, deniedBy }) =>
      [createdAt, retryOf, askedType, dueAt, reason, deniedBy].map(textOf),
    ),
    addressCounts: rows.map(({ addresses }) => addresses.length),
    addresses: rows.flatMap(({ addresses }) => addresses),
    attemptCounts: rows.map((row) => row.attempts.length),
    attempts: attempts.flatMap(({ number, grant, leaseMs, exitCode }) => [number, grant, leaseMs, exitCode]),
    attemptTexts: attempts.flatMap(({ worker, grantedAt, startedAt, finishedAt, outcome, error }) =>
      [worker, grantedAt, startedAt, finishedAt, outcome, error].map(textOf),
    ),
  };
}

/** What rows refer to. */
class Tables {
  readonly texts = new Table<string, string>((text) => text);
  readonly specs: Table<RowSpec, RowSpec>;
  readonly nodes = new Table<JobNode, NodeRecord>((node) => {
    const { attempt, maxAttempts } = jobContext(node);
    return [jobState(node), attempt, maxAttempts];
  });

  constructor(told: (spec: RowSpec) => RowSpec) {
    this.specs = new Table(told);
  }

  /** What has come into the tables since it was last asked. */
  *added(): IterableIterator<CheckpointLine> {
    for (const items of pages(this.texts.takeAdded(), (text) => text.length)) yield { kind: "texts", items };
    for (const items of pages(this.specs.takeAdded(), (spec) => JSON.stringify(spec).length))
      yield { kind: "specs", items };
    for (const items of pages(this.nodes.takeAdded())) yield { kind: "nodes", items };
  }
}

/** Numbers things as they come; those that are written alike have one number. */
class Table<T, Written> {
  readonly #written: (thing: T) => Written;
  readonly #byThing = new Map<T, Reference>();
  readonly #byText = new Map<string, Reference>();
  #added: Written[] = [];

  constructor(written: (thing: T) => Written) {
    this.#written = written;
  }

  referenceTo(thing: T): Reference {
    const known = this.#byThing.get(thing);
    if (known !== undefined) return known;
    const written = this.#written(thing);
    // A text is equal to itself; other things are found by what they are written as.
    const text = typeof written === "string" ? written : JSON.stringify(written);
    const reference = this.#byText.get(text) ?? this.#byText.size;
    if (reference === this.#byText.size) this.#added.push(written);
    this.#byText.set(text, reference);
    this.#byThing.set(thing, reference);
    return reference;
  }

  takeAdded(): readonly Written[] {
    const added = this.#added;
    this.#added = [];
    return added;
  }
}

function* pages<T>(items: Iterable<T>, charsOf: (item: T) => number = () => 0): IterableIterator<readonly T[]> {
  let page: T[] = [];
  let chars = 0;
  for (const item of items) {
    const itsChars = charsOf(item);
    if (page.length >= ITEMS_PER_LINE || (page.length > 0 && chars + itsChars > CHARS_PER_LINE)) {
      yield page;
      page = [];
      chars = 0;
    }
    page.push(item);
    chars += itsChars;
  }
  if (page.length > 0) yield page;
}
