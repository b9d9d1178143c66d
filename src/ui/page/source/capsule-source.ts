/** The source inside a page of its own (`ui --export`): a recording, without any server. */

import { applyPatches } from "../../patches.js";
import type {
  ActionAnswer,
  Board,
  Capsule,
  FactAnswer,
  FactsAnswer,
  FactsQuery,
  JobAnswer,
  JobsAnswer,
  JobsQuery,
  MachinesAnswer,
  Meta,
  SlotHistory,
  Source,
  StreamEvent,
  WhatIfAnswer,
} from "../../protocol.js";
import { SourceFailure } from "./failure.js";

const PAGE_FACTS = 200;
const PAGE_JOBS = 200;

export class CapsuleSource implements Source {
  readonly #capsule: Capsule;

  constructor(capsule: Capsule) {
    this.#capsule = capsule;
  }

  async meta(): Promise<Meta> {
    return { ...this.#capsule.meta, source: "capsule", isActing: false, hasWhatIf: false };
  }

  async machines(): Promise<MachinesAnswer> {
    return this.#capsule.machines;
  }

  async board(at: string | undefined): Promise<Board> {
    const board = boardAt(this.#capsule, at);
    if (board === null) throw new SourceFailure("not-found", "This recording has no board there.");
    return board;
  }

  async jobs({ state, type, text = "", offset = 0, limit = PAGE_JOBS }: JobsQuery): Promise<JobsAnswer> {
    const { jobs, meta } = this.#capsule;
    const wanted = text.toLowerCase();
    const found = jobs
      .map(({ job }) => job)
      .filter((job) => (state === undefined || state.includes(job.state)) && (type === undefined || job.type === type))
      .filter(({ id, type: own, reason, labels }) =>
        JSON.stringify([id, own, reason, labels]).toLowerCase().includes(wanted),
      );
    const head = meta.head ?? jobs[0];
    if (head === undefined) throw new SourceFailure("not-found", "This recording has no jobs.");
    const { position, at } = head;
    return { position, at, jobs: found.slice(offset, offset + limit), total: found.length, offset };
  }

  async job(id: string): Promise<JobAnswer> {
    const found = this.#capsule.jobs.find(({ job }) => job.id === id);
    if (found === undefined) throw new SourceFailure("not-found", `This recording does not hold job ${id}.`);
    return found;
  }

  async facts({ before, after, limit = PAGE_FACTS, text = "", type, job }: FactsQuery): Promise<FactsAnswer> {
    const wanted = text.toLowerCase();
    const { facts } = this.#capsule;
    const found = facts
      .filter((line) => (type === undefined || type.includes(line.type)) && (job === undefined || line.job === job))
      .filter((line) => JSON.stringify(line).toLowerCase().includes(wanted))
      .filter(
        ({ address }) =>
          (before === undefined || compareAddresses(address, before) < 0) &&
          (after === undefined || compareAddresses(address, after.includes(".") ? after : `${after}.9999999`) > 0),
      );
    const page = after === undefined ? found.slice(-limit) : found.slice(0, limit);
    const [first, last] = [page[0], page[page.length - 1]];
    return {
      facts: page,
      before: page.length < found.length && first !== undefined && after === undefined ? first.address : null,
      after: page.length < found.length && last !== undefined && after !== undefined ? last.address : null,
    };
  }

  async fact(): Promise<FactAnswer> {
    throw new SourceFailure("not-found", "This recording holds facts in one line each, not whole.");
  }

  async history(): Promise<SlotHistory> {
    return this.#capsule.history;
  }

  async whatif(): Promise<WhatIfAnswer> {
    throw new SourceFailure("forbidden", "A recording answers no what-if.");
  }

  async act(): Promise<ActionAnswer> {
    throw new SourceFailure("forbidden", "A recording cannot be acted on.");
  }

  follow(listener: (event: StreamEvent) => void): () => void {
    const board = boardAt(this.#capsule, undefined);
    if (board !== null) queueMicrotask(() => listener({ name: "board", data: board }));
    return () => {};
  }
}

/** The board at the last frame that is not behind `at`; null if there is none. */
function boardAt({ frames }: Capsule, at: string | undefined): Board | null {
  let board: Board | null = null;
  for (const frame of frames) {
    const moment = frame.kind === "key" ? frame.board : frame;
    if (at !== undefined && isAfter(moment, at)) break;
    board = frame.kind === "key" ? frame.board : board && applyPatches<Board>(board, frame.patches);
  }
  return board;
}

function isAfter(moment: { readonly position: number; readonly at: string }, at: string): boolean {
  return /^\d+$/.test(at) ? moment.position > Number(at) : moment.at > at;
}

/** A position stands before all facts of its entry. */
function compareAddresses(a: string, b: string): number {
  const [entryA = 0, indexA = -1] = a.split(".").map(Number);
  const [entryB = 0, indexB = -1] = b.split(".").map(Number);
  return entryA - entryB || indexA - indexB;
}
