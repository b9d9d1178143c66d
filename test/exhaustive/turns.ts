/**
 * Turns, each decided once by the shipped `takeTurn`: the same beliefs and the same inputs give the same entry (INV-009), so
 * what came of them is remembered. The ledgers form a tree; ledgers with equal beliefs are one node of it.
 */
import type { Fact } from "../../events/facts.js";
import { type EntryId, entryId, position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { nextFiring } from "../../src/cron.js";
import type { Effect } from "../../src/dispatcher/messages.js";
import { dump } from "../projections/state-dump.js";
import { type Belief, beliefKey, summarize } from "./belief.js";
import { asBroken, Broken } from "./broken.js";
import type { Code } from "./code.js";
import { attemptOf, GRACE, isEnded, isItem, jobOf } from "./codes.js";
import { describeInput, MailboxFiller, workerEpochs } from "./inputs.js";
import { emptyAudit, follow, judge, refold, utf8 } from "./referee.js";
import { type Setting, stepOf, timeAt } from "./setting.js";

/** What a turn asks of the worker, once its entry is stored. */
export interface Asked {
  readonly kind: "start" | "abort" | "recorded";
  readonly job: number;
  readonly attempt: number;
}

/** What a turn is decided from, beside the beliefs. */
interface Decidable {
  readonly inputs: readonly number[];
  readonly hasTicked: boolean;
  readonly mayStart: boolean;
}

export interface Turn {
  readonly id: number;
  /** What is believed once its entry is stored; null if it decided nothing. */
  readonly next: Belief | null;
  readonly asked: readonly Asked[];
  /** Items of the intake that it decides. */
  readonly items: number;
  /** For each worker known before, oldest first, its rank afterwards; -1 if it is forgotten. */
  readonly ranks: readonly number[];
  /** Jobs whose attempts it takes for lost without waiting for a lease, because their process is gone. */
  readonly lostAtOnce: readonly number[];
  /** The facts of its entry, for stories. */
  readonly facts: readonly Fact[];
  /** What it was decided from, the first time. */
  readonly address: Decidable & { readonly before: Belief };
}

export interface TurnsOptions {
  /** Every so many-th belief is folded again from zero, and every so many-th ledger that leads to a known belief is compared with it. */
  readonly refoldEvery: number;
  readonly compareEvery: number;
}

export class Turns {
  readonly #setting: Setting;
  readonly #code: Code;
  readonly #options: TurnsOptions;
  readonly #filler: MailboxFiller;
  readonly #all: Turn[] = [];
  readonly #same = new Map<string, Turn>();
  readonly #beliefs = new Map<string, Belief>();
  readonly #beliefList: Belief[] = [];
  readonly root: Belief;
  /** How often the shipped `takeTurn` was called, for what was then believed. */
  taken = 0;
  /** Ledgers that led to beliefs which another ledger had led to. */
  merged = 0;
  compared = 0;
  refolded = 0;

  constructor(setting: Setting, code: Code, options: TurnsOptions) {
    this.#setting = setting;
    this.#code = code;
    this.#options = options;
    this.#filler = new MailboxFiller(setting, code.firstFacts);
    this.root = this.#believe(new Fold(), emptyAudit(), null);
  }

  get beliefs(): number {
    return this.#beliefs.size;
  }

  byId(id: number): Turn {
    const turn = this.#all[id - 1];
    if (turn === undefined) throw new Error(`no turn ${id}`);
    return turn;
  }

  beliefById(id: number): Belief {
    const belief = this.#beliefList[id];
    if (belief === undefined) throw new Error(`no belief ${id}`);
    return belief;
  }

  /** The turn that takes `inputs`, at the time of the last entry or one step of the clock later. */
  take(before: Belief, inputs: readonly number[], hasTicked: boolean, mayStart: boolean): Turn {
    const key = keyOf(inputs, hasTicked, mayStart);
    const known = before.turns.get(key);
    if (known !== undefined) return known;
    try {
      const turn = this.#decide(before, inputs, hasTicked, mayStart);
      before.turns.set(key, turn);
      return turn;
    } catch (error) {
      throw asBroken(error, inputs.map((input) => describeInput(input, this.#setting)).join("; "));
    }
  }

  #decide(before: Belief, inputs: readonly number[], hasTicked: boolean, mayStart: boolean): Turn {
    this.taken += 1;
    const setting = this.#setting;
    const id = entryId(`${before.id}-${hasTicked ? "t" : ""}${inputs.join(".")}`);
    const { fold, turned, asked } = this.#run(before.fold, inputs, hasTicked, mayStart, id);
    const { proposal } = turned;
    if (before.twin !== null)
      this.#compare(before.twin, { inputs, hasTicked, mayStart }, proposal === null ? null : fold, asked);
    const address = { before, inputs: [...inputs], hasTicked, mayStart };
    if (proposal === null)
      return this.#remember({ next: null, asked, items: 0, ranks: [], lostAtOnce: [], facts: [], address });
    const judged = judge(setting, before, inputs, proposal, fold, mayStart);
    const next = this.#believe(judged.fold, judged.audit, { before, data: proposal.data });
    const after = workerEpochs(judged.fold);
    const ranks = before.summary.epochs.map((reign) => after.indexOf(reign));
    const facts = proposal.facts.map(({ fact }) => fact);
    const lost = facts.flatMap((fact) => (fact.type === "LeaseExpired" ? [setting.jobNumber(fact.job)] : []));
    const lostAtOnce = inputs.includes(GRACE)
      ? []
      : lost.filter((job) => !inputs.some((input) => isEnded(input) && jobOf(input) === job));
    return this.#remember({ next, asked, items: inputs.filter(isItem).length, ranks, lostAtOnce, facts, address });
  }

  /** What a follower says of an entry that does not belong where the ledger ends. */
  follow(ledger: Belief, { address }: Turn): void {
    const { before, inputs, hasTicked, mayStart } = address;
    const { turned } = this.#run(before.fold, inputs, hasTicked, mayStart, entryId("misplaced"));
    if (turned.proposal === null) throw new Error("nothing was decided");
    follow(ledger.fold, position(ledger.fold.head.position + 1), utf8.decode(turned.proposal.data));
    throw new Broken("D1", "the ledger has an entry that was decided from another place, and nobody notices");
  }

  /** Runs the shipped turn on a copy of a fold. */
  #run(before: Fold, inputs: readonly number[], hasTicked: boolean, mayStart: boolean, id: EntryId) {
    const fold = this.#code.foldOf(before);
    const { epoch, position, at: last } = fold.head;
    const at = timeAt((position === 0 ? 0 : stepOf(last)) + (hasTicked ? 1 : 0));
    const { configuration, catalogue } = this.#setting.fileOf(epoch);
    const { leaseMs } = configuration;
    const drawRetryTime = this.#setting.drawRetryTime(at);
    const desk = { fold, catalogue, leaseMs, nextFiring, drawRetryTime, mayStart, unfinished: false };
    const turned = this.#code.takeTurn(desk, this.#filler.fill(fold, inputs, at), at, id);
    return { fold, turned, asked: turned.effects.flatMap((effect) => this.#ask(effect, fold, inputs)) };
  }

  #ask(effect: Effect, fold: Fold, inputs: readonly number[]): Asked[] {
    if (effect.kind === "reply" || effect.kind === "settled") return [];
    const about = effect.kind === "start" ? effect.assignment : effect;
    const job = this.#setting.jobNumber(about.job);
    const report = inputs.find((input) => isEnded(input) && jobOf(input) === job);
    if (effect.kind === "recorded" && report !== undefined)
      return [{ kind: "recorded", job, attempt: attemptOf(report) }];
    const attempt = fold.jobs.get(about.job)?.attempts.find(({ grant }) => grant === about.grant);
    if (attempt === undefined) throw new Broken("INV-007", `${effect.kind} of ${about.job}, which has no such attempt`);
    return [{ kind: effect.kind, job, attempt: attempt.number }];
  }

  /**
   * Two ledgers that lead to one belief must have one future. So what was decided from there is decided anew from the other one, and
   * what will be decided from there is too, until yet another one comes.
   */
  #meet(known: Belief, other: Fold): void {
    known.twin = other;
    for (const [key, { next, asked }] of known.turns) this.#compare(other, readKey(key), next?.fold ?? null, asked);
  }

  #compare(
    other: Fold,
    { inputs, hasTicked, mayStart }: Decidable,
    expected: Fold | null,
    asks: readonly Asked[],
  ): void {
    this.compared += 1;
    const { fold, turned, asked } = this.#run(other, inputs, hasTicked, mayStart, entryId("compared"));
    const isSame =
      (turned.proposal === null) === (expected === null) &&
      textOf(asked) === textOf(asks) &&
      (expected === null || beliefKey(fold, this.#setting) === beliefKey(expected, this.#setting));
    if (!isSame)
      throw new Broken(
        "abstraction",
        `ledgers that are taken for equal differ after ${inputs.join(", ")}: the checker is wrong`,
      );
  }

  #remember(turn: Omit<Turn, "id">): Turn {
    const { address, next, items, ranks, lostAtOnce } = turn;
    const key = [address.before.id, next?.id, textOf(turn.asked), items, ranks.join(), lostAtOnce.join()].join(";");
    const known = this.#same.get(key);
    if (known !== undefined) return known;
    const made = { ...turn, id: this.#all.length + 1 };
    this.#all.push(made);
    this.#same.set(key, made);
    return made;
  }

  #believe(fold: Fold, audit: Belief["audit"], from: Belief["from"]): Belief {
    const key = beliefKey(fold, this.#setting);
    const known = this.#beliefs.get(key);
    if (known !== undefined) {
      this.merged += 1;
      if (this.merged % this.#options.compareEvery === 0) this.#meet(known, fold);
      return known;
    }
    const summary = summarize(fold, this.#setting.jobs);
    const id = this.#beliefs.size;
    const belief: Belief = { id, from, fold, audit, summary, turns: new Map(), twin: null };
    this.#beliefs.set(key, belief);
    this.#beliefList.push(belief);
    if (id % this.#options.refoldEvery === 0) {
      this.refolded += 1;
      if (dump(refold(belief)) !== dump(fold))
        throw new Broken("INV-009", "folded from zero, the ledger says something else than entry by entry");
    }
    return belief;
  }
}

const textOf = (asked: readonly Asked[]): string =>
  asked.map(({ kind, job, attempt }) => `${kind}${job}#${attempt}`).join();

/** What a turn is decided from, as one number: two bits, then a byte for each input. */
function keyOf(inputs: readonly number[], hasTicked: boolean, mayStart: boolean): number {
  let key = (hasTicked ? 1 : 0) + (mayStart ? 2 : 0);
  let place = 4;
  for (const input of inputs) {
    key += input * place;
    place *= 256;
  }
  return key;
}

function readKey(key: number): Decidable {
  const inputs: number[] = [];
  for (let rest = Math.floor(key / 4); rest > 0; rest = Math.floor(rest / 256)) inputs.push(rest % 256);
  return { inputs, hasTicked: (key & 1) === 1, mayStart: (key & 2) === 2 };
}
