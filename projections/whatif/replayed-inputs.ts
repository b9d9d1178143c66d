/** What becomes of a recorded input in an alternative: the same, where what it is about stands as it did; else what would be then, or nothing. */
import type { Fact, FactOf } from "../../events/facts.js";
import type { WorkerId } from "../../events/names.js";
import { isTerminal } from "../../events/states.js";
import { decideCommand, type Surroundings } from "../commands.js";
import type { Fold } from "../fold.js";
import { sizeOf, statusOf } from "../groups.js";
import { type JobRow, stateOf } from "../jobs.js";
import type { Course } from "./course.js";
import type { Input, JobLife, PlainFact } from "./recorded.js";
import type { PriorityRule } from "./variant.js";

export interface InputContext {
  readonly fold: Fold;
  readonly course: Course;
  /** The names that recorded workers have here, where they are others. */
  readonly workers: Map<WorkerId, WorkerId>;
  readonly at: string;
  readonly priority: PriorityRule;
}

type Mine = Exclude<Input, { readonly kind: "limits" | "end" }>;

/** A cancel asks nothing of what surrounds it. */
const NOTHING_AROUND: Surroundings = {
  catalogue: { types: new Map(), templates: new Map() },
  now: "",
  nextFiring: () => null,
  intake: null,
};

export function factsOf(input: Mine, context: InputContext): readonly Fact[] {
  const { fold, course, at, priority } = context;
  switch (input.kind) {
    case "plain":
      return plainFacts(input.fact, context);
    case "submission":
      return [submission(input.fact, input.life, context)];
    case "amendment": {
      const row = rowOf(input.life, context);
      const mayBe = row !== null && row.attempts.length === 0 && ["queued", "scheduled"].includes(stateOf(row));
      return mayBe && priority === "recorded" ? [{ type: "JobAmended", job: row.id, priority: input.priority }] : [];
    }
    case "move": {
      const row = rowOf(input.life, context);
      const mayBe = row !== null && ["queued", "scheduled", "retrying"].includes(stateOf(row));
      return mayBe && priority === "recorded" ? [{ type: "JobMoved", job: row.id, position: input.place }] : [];
    }
    case "cancel": {
      const row = rowOf(input.life, context);
      if (row === null || isTerminal(stateOf(row))) return [];
      if (input.byGroup && groupOf(fold, row)?.stopReason == null) return [];
      return decided(fold, { verb: "cancel", id: row.id, reason: input.reason });
    }
    case "group-cancel":
      return decided(fold, { verb: "cancel-group", group: input.group, reason: input.reason });
    case "group-end": {
      const group = fold.groups.all.get(input.group);
      const status = group === undefined ? "running" : statusOf(group);
      const isOver = group !== undefined && group.ended === null && status !== "running";
      return isOver ? [{ type: "GroupEnded", group: group.id, status, members: sizeOf(group) }] : [];
    }
    case "due": {
      const row = rowOf(input.life, context);
      return row !== null && isDue(fold, row, at) ? [{ type: "JobDue", job: row.id }] : [];
    }
    case "reservation":
      if (fold.slots.reservations[input.fact.reservation] !== undefined) return [];
      course.asked(input.life);
      return [input.fact];
    case "give-back": {
      const { ended } = input.life;
      if (ended === null || !course.givesBackHere(input.life)) return [];
      course.gaveBack(input.life);
      return [ended.fact];
    }
    default:
      return input satisfies never;
  }
}

/** A worker's name, or one like it while its former self is there still. */
export function freeName(fold: Fold, worker: WorkerId): WorkerId {
  let name = worker;
  while (fold.slots.workers[name] !== undefined) name = `${name}~` as WorkerId;
  return name;
}

/** True if it waits for a time, which has come, and not for its turn in a sequential group. */
export function isDue(fold: Fold, row: JobRow, at: string): boolean {
  if (!["scheduled", "retrying"].includes(stateOf(row)) || row.dueAt === null || row.dueAt > at) return false;
  const group = groupOf(fold, row);
  return group?.sequential !== true || group.turn === row;
}

function groupOf(fold: Fold, row: JobRow) {
  const id = row.spec?.group?.id;
  return id === undefined ? undefined : fold.groups.all.get(id);
}

function plainFacts(fact: PlainFact, { fold, workers }: InputContext): readonly Fact[] {
  switch (fact.type) {
    case "WorkerJoined": {
      const name = freeName(fold, fact.worker);
      workers.set(fact.worker, name);
      return [{ ...fact, worker: name }];
    }
    case "WorkerLeft": {
      const worker = workers.get(fact.worker) ?? fact.worker;
      return fold.slots.workers[worker]?.leaving === false ? [{ ...fact, worker }] : [];
    }
    case "PoolPaused":
    case "PoolResumed":
      return fold.slots.pools[fact.pool] === undefined ? [] : [fact];
    case "JobRejected":
      return fold.jobs.has(fact.job) ? [] : [{ ...fact, intake: null }];
    case "DispatcherElected":
    case "RetentionChanged":
      return [fact];
    default:
      return fact satisfies never;
  }
}

/** An id that is still known here, though it was forgotten then, is a repetition. */
function submission(fact: FactOf<"JobSubmitted">, life: JobLife, context: InputContext): Fact {
  const { fold, course, priority } = context;
  if (fold.jobs.has(fact.job)) return { type: "SubmissionDuplicated", job: fact.job, intake: null };
  course.born(life);
  const { group, ...alone } = fact.spec;
  const known = group === undefined ? undefined : fold.groups.all.get(group.id);
  // A group that was forgotten and begun anew as another kind is here the old one still.
  const isOther = group !== undefined && known !== undefined && known.sequential !== group.sequential;
  const submitted = isOther ? { ...fact, spec: alone } : fact;
  if (priority === "recorded") return submitted;
  const spec = { ...submitted.spec, priority: 0 };
  const position = priority === "fifo" ? fold.nextPlace : course.expectedMs(life);
  return { ...submitted, spec, position };
}

function rowOf(life: JobLife, { fold, course }: InputContext): JobRow | null {
  return course.lives(life) ? (fold.jobs.get(life.id) ?? null) : null;
}

function decided(fold: Fold, command: Parameters<typeof decideCommand>[1]): readonly Fact[] {
  const answer = decideCommand(fold, command, NOTHING_AROUND);
  return "facts" in answer ? answer.facts : [];
}
