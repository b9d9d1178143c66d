/**
 * The course of an alternative: which lives are being lived in it, and when what was begun comes to its end.
 *
 * What begins at the very time at which it did begin ends in the very turn in which it did end: it is *bound* to that turn, so that an
 * alternative in which nothing is other repeats the past to the entry. What begins at another time ends after as long as it took.
 */
import type { JobId, Position, ReservationId } from "../../events/names.js";
import { Heap } from "../heap.js";
import type { JobLife, ReservationLife, Workload } from "./recorded.js";
import { RunTimes } from "./run-times.js";

/** An attempt that holds its slots. */
export interface Running {
  readonly life: JobLife;
  readonly attempt: number;
  readonly grant: Position;
  /** The recorded turn in which it ends; null: at `endMs`, a time of its own. */
  boundTo: number | null;
  /** Null: nobody knows, and it does not end. */
  endMs: number | null;
}

interface Staying {
  readonly life: ReservationLife;
  boundTo: number | null;
  endMs: number | null;
}

/** What comes at a time of its own. */
export type Coming =
  | { readonly kind: "end"; readonly atMs: number; readonly running: Running }
  | { readonly kind: "give-back"; readonly atMs: number; readonly staying: Staying }
  /** A job's time comes. */
  | { readonly kind: "due"; readonly atMs: number; readonly life: JobLife }
  /** From now on the variant holds. */
  | { readonly kind: "variant"; readonly atMs: number };

type Placed = Coming & { readonly place: number };

export class Course {
  readonly #times: RunTimes;
  readonly #isDue: (job: JobId, at: string) => boolean;
  readonly #lives = new Map<JobId, JobLife>();
  readonly #running = new Map<JobId, Running>();
  readonly #reservations = new Map<ReservationId, ReservationLife>();
  readonly #staying = new Map<ReservationId, Staying>();
  readonly #coming = new Heap<Placed>((a, b) => a.atMs - b.atMs || a.place - b.place);
  #next: Placed | undefined;
  #places = 0;
  /** The recorded turn that is being taken, or was taken last. */
  turn = -1;

  /** `isDue`: whether a job really waits for nothing but its time, when that comes. */
  constructor(workload: Pick<Workload, "lives" | "end">, isDue: (job: JobId, at: string) => boolean) {
    this.#isDue = isDue;
    this.#times = new RunTimes(workload);
  }

  // Jobs

  born(life: JobLife): void {
    this.#lives.set(life.id, life);
  }

  /** True if it is this life that the id stands for here. */
  lives(life: JobLife): boolean {
    return this.#lives.get(life.id) === life;
  }

  granted(job: JobId, attempt: number, grant: Position, atMs: number): void {
    const life = this.#lives.get(job);
    if (life === undefined) throw new Error(`${job} was granted and never submitted`);
    const running: Running = { life, attempt, grant, boundTo: null, endMs: null };
    this.#running.set(job, running);
    const { ended = null, grantedMs } = life.attempts[attempt - 1] ?? {};
    if (ended !== null && grantedMs === atMs && ended.turn > this.turn) {
      running.boundTo = ended.turn;
      running.endMs = ended.atMs;
      return;
    }
    const ms = this.#times.of(life, attempt);
    if (ms !== null) this.#endAt(running, atMs + ms);
  }

  /** The attempt that ends in the present turn, if it is this one. */
  boundHere(life: JobLife, attempt: number): Running | null {
    const running = this.#running.get(life.id);
    const isIt = running?.life === life && running.attempt === attempt && running.boundTo === this.turn;
    return running !== undefined && isIt ? running : null;
  }

  ended({ life }: Running): void {
    this.#running.delete(life.id);
  }

  /** It would have been cut short here, and nobody has asked it to abort: it goes on. */
  goesOn(running: Running): void {
    const { life, attempt } = running;
    const recorded = life.attempts[attempt - 1];
    const ms = this.#times.of(life, attempt);
    if (recorded === undefined || ms === null) throw new Error(`${life.id} was never cut short`);
    this.#endAt(running, recorded.grantedMs + ms);
  }

  /** How long it is going to run, in milliseconds; 0 if nobody knows. */
  expectedMs(life: JobLife): number {
    return this.#times.of(life, 1) ?? 0;
  }

  /** It was asked to abort: it ends as long after that as it did, and at once if it never was asked. */
  aborted(job: JobId, atMs: number): void {
    const running = this.#running.get(job);
    if (running === undefined) throw new Error(`${job} is to abort and does not run`);
    const { life, attempt, boundTo } = running;
    if (boundTo !== null && life.attempts[attempt - 1]?.cancelledMs === atMs) return;
    const afterMs = this.#times.ofAbort(life, attempt);
    if (running.endMs === null || atMs + afterMs < running.endMs) this.#endAt(running, atMs + afterMs);
  }

  /** Its time comes at `dueAt`. If it is the time that came to it then, it comes in the same turn. */
  dueAt(job: JobId, dueAt: string): void {
    const life = this.#lives.get(job);
    if (life === undefined) throw new Error(`${job} waits for its time and was never submitted`);
    const isBound = life.dues.some((due) => due.dueAt === dueAt && due.turn >= this.turn);
    if (!isBound) this.#push({ kind: "due", atMs: Date.parse(dueAt), life });
  }

  // Reservations

  asked(life: ReservationLife): void {
    this.#reservations.set(life.id, life);
  }

  reserved(id: ReservationId, atMs: number): void {
    const life = this.#reservations.get(id);
    if (life === undefined) throw new Error(`${id} was granted and never asked for`);
    const staying: Staying = { life, boundTo: null, endMs: null };
    this.#staying.set(id, staying);
    const { ended, grantedMs } = life;
    if (ended === null) return;
    // Whoever never had it gave it up when it gave it up.
    if ((grantedMs === null || grantedMs === atMs) && ended.turn > this.turn) staying.boundTo = ended.turn;
    else {
      staying.endMs = atMs + (grantedMs === null ? 0 : ended.atMs - grantedMs);
      this.#push({ kind: "give-back", atMs: staying.endMs, staying });
    }
  }

  /** True if it is given back in the present turn. */
  givesBackHere(life: ReservationLife): boolean {
    if (this.#reservations.get(life.id) !== life) return false;
    const staying = this.#staying.get(life.id);
    return staying === undefined ? life.grantedMs === null : staying.boundTo === this.turn;
  }

  gaveBack({ id }: ReservationLife): void {
    this.#reservations.delete(id);
    this.#staying.delete(id);
  }

  // What comes

  variantAt(atMs: number): void {
    this.#push({ kind: "variant", atMs });
  }

  /** When the next thing comes at a time of its own; null if nothing does. */
  get nextMs(): number | null {
    this.#next ??= this.#coming.pop();
    while (this.#next !== undefined && !this.#isTrue(this.#next)) this.#next = this.#coming.pop();
    return this.#next?.atMs ?? null;
  }

  /** The next thing that comes up to then. */
  take(untilMs: number): Coming | null {
    const nextMs = this.nextMs;
    const next = this.#next;
    if (nextMs === null || nextMs > untilMs || next === undefined) return null;
    this.#next = undefined;
    return next;
  }

  #endAt(running: Running, atMs: number): void {
    running.boundTo = null;
    running.endMs = atMs;
    this.#push({ kind: "end", atMs, running });
  }

  #push(coming: Coming): void {
    // What was looked at and not taken is not the next any more if something comes sooner.
    if (this.#next !== undefined) this.#coming.push(this.#next);
    this.#next = undefined;
    this.#places += 1;
    this.#coming.push({ ...coming, place: this.#places });
  }

  /** Ends that were put off or brought forward are still in the heap at their old times, and so are times of jobs that are no more. */
  #isTrue(coming: Coming): boolean {
    switch (coming.kind) {
      case "variant":
        return true;
      case "due":
        return this.lives(coming.life) && this.#isDue(coming.life.id, new Date(coming.atMs).toISOString());
      case "end": {
        const { running, atMs } = coming;
        return this.#running.get(running.life.id) === running && running.boundTo === null && running.endMs === atMs;
      }
      case "give-back":
        return this.#staying.get(coming.staying.life.id) === coming.staying;
      default:
        return coming satisfies never;
    }
  }
}
