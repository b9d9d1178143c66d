/** Everything that can stand in the intake of a world: its messages, and the items that they are made of, numbered. */
import { subjectsOf } from "../../src/nats/subjects.js";
import type { CommandBound, Submission, World } from "./world.js";

export const subjects = subjectsOf("small");
const NAMES = ["a", "b", "c", "d"] as const;
/** More would not fit into a state. */
export const JOBS_MAX = NAMES.length;

export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  /** The numbers of its items; a batch has several. */
  readonly items: readonly number[];
  /** For stories. */
  readonly text: string;
}

export interface Item {
  readonly message: Message;
  readonly index: number;
  readonly isLast: boolean;
  readonly isSubmission: boolean;
}

/** A command that is asked of whoever answers as the leader. */
export interface Request {
  readonly verb: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** One thing that may be sent so often: the numbers of its messages, or of its requests, after so many jobs were submitted. */
export interface Sendable {
  readonly times: number;
  readonly by: "intake" | "api";
  readonly choices: (submitted: number) => readonly number[];
  /** How many jobs it submits. */
  readonly submits: number;
}

export const jobName = (job: number): string => NAMES[job] ?? `job ${job}`;

/** The table of a world's messages; filled once, then only read. */
export class Messages {
  readonly all: Message[] = [];
  readonly items: Item[] = [];
  readonly requests: Request[] = [];
  readonly sendables: readonly Sendable[];

  constructor(world: World) {
    const duplicates = world.bounds.duplicates ?? 0;
    this.sendables = [
      ...world.jobs.map(({ submissions, times }) => this.#submission(submissions, times)),
      ...(duplicates > 0 ? [this.#duplicate(duplicates)] : []),
      ...(world.bounds.commands ?? []).map(
        ({ times, by, choices }): Sendable => ({ times, by, submits: 0, choices: this.#commands(by, choices) }),
      ),
    ];
  }

  #submission(submissions: readonly Submission[], times: number): Sendable {
    const byJob = NAMES.map((_, first) => {
      const bodies = submissions.map(({ type, ...more }, index) => ({ id: jobName(first + index), type, ...more }));
      const [only] = bodies;
      const names = bodies.map(({ id, type }) => `${id} (${type})`).join(" and ");
      if (bodies.length > 1 || only === undefined)
        return this.#add(subjects.submit, bodies, bodies.length, `submit ${names} in one message`);
      const { type, ...body } = only;
      return this.#add(`${subjects.submit}.${type}`, body, 1, `submit ${names}`);
    });
    const choices = (submitted: number) => {
      const message = byJob[submitted];
      return message === undefined ? [] : [message];
    };
    return { times, by: "intake", submits: submissions.length, choices };
  }

  /** Of another type on purpose: an id that is known changes nothing, whatever else is said. */
  #duplicate(times: number): Sendable {
    const again = NAMES.map((id) => this.#add(`${subjects.submit}.again`, { id }, 1, `submit ${id} again`));
    return { times, by: "intake", submits: 0, choices: (submitted) => again.slice(0, submitted) };
  }

  #commands(by: Sendable["by"], choices: CommandBound["choices"]): Sendable["choices"] {
    const made = choices.map(({ verb, content }) => {
      const isOfJobs = Object.values(content).includes("$job");
      const numbers = (isOfJobs ? NAMES : [null]).map((job) => {
        const filled = Object.entries(content).map(([key, value]) => [key, value === "$job" ? job : value]);
        return this.#command(by, verb, Object.fromEntries(filled));
      });
      return { numbers, isOfJobs };
    });
    return (submitted) => made.flatMap(({ numbers, isOfJobs }) => (isOfJobs ? numbers.slice(0, submitted) : numbers));
  }

  #command(by: Sendable["by"], verb: string, content: Readonly<Record<string, unknown>>): number {
    const text = `${verb} ${JSON.stringify(content)}`;
    if (by === "intake") return this.#add(`${subjects.namespace}.command.${verb}`, content, 1, text);
    return this.requests.push({ verb, content, text }) - 1;
  }

  #add(subject: string, body: unknown, count: number, text: string): number {
    const number = this.all.length;
    const first = this.items.length;
    const items = Array.from({ length: count }, (_, index) => first + index);
    const message: Message = { subject, data: Buffer.from(JSON.stringify(body)), items, text };
    const isSubmission = subject.startsWith(subjects.submit);
    for (const index of items.keys()) this.items.push({ message, index, isLast: index === count - 1, isSubmission });
    this.all.push(message);
    return number;
  }
}
