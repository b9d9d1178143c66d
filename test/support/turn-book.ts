/**
 * A ledger as the dispatcher decides it, without a dispatcher: what comes in is brought to the mailbox, and turns are taken until
 * nothing is left to decide. The time stands still unless the test lets it pass, so the same words give the same bytes.
 *
 *     const book = new TurnBook({ types: { story: {} } });
 *     book.lead().submit("story", { id: "a" }).decide();
 *     book.end("a", { outcome: "completed", result: { inline: 1 }, exitCode: 0 }).decide();
 */
import { decodeEntry } from "../../events/codec.js";
import type { Entry } from "../../events/entry.js";
import type { Fact, ProcessIdentity } from "../../events/facts.js";
import { entryId, epoch, type JobId, jobId, type Position, type WorkerId, workerId } from "../../events/names.js";
import type { Catalogue, JobDefaults, Template } from "../../projections/admission.js";
import { Fold } from "../../projections/fold.js";
import { liveAttempt } from "../../projections/jobs.js";
import { expireLeases, retireWorkers } from "../../projections/recovery.js";
import type { DrawRetryTime, Ending, Report } from "../../projections/reports.js";
import type { Original } from "../../projections/retry.js";
import { nextFiring } from "../../src/cron.js";
import { type Order, readMessage } from "../../src/dispatcher/arrivals.js";
import { Mailbox } from "../../src/dispatcher/mailbox.js";
import type { Answer, Input } from "../../src/dispatcher/messages.js";
import { takeTurn } from "../../src/dispatcher/turn.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import type { IntakeMessage } from "./auditor.js";
import { LEDGER_BEGINS } from "./ledger-writer.js";

export interface TurnBookOptions {
  readonly types: Readonly<Record<string, JobDefaults>>;
  readonly templates?: Readonly<Record<string, Template>>;
  /** Facts that a reign begins with, beside those that every reign does. */
  readonly settings?: (fold: Fold) => readonly Fact[];
  readonly retryMs?: number;
  readonly seats?: number;
}

const LEASE_MS = 30_000;
const MAILBOX_MAX = 100_000;
/** More turns than this for what a test brings at once would never come to an end. */
const TURNS_MAX = 1_000;
const SOMEWHERE: ProcessIdentity = { host: "test", pid: 1, startedAt: LEDGER_BEGINS };
const subjects = subjectsOf("signalbox");

export class TurnBook {
  readonly fold = new Fold();
  /** The entries as they are stored. */
  readonly lines: string[] = [];
  readonly entries: Entry[] = [];
  readonly intake: IntakeMessage[] = [];
  /** False while draining. */
  mayStart = true;
  #nowMs = Date.parse(LEDGER_BEGINS);
  #worker: WorkerId = workerId("none");
  #unfinished = false;
  readonly #catalogue: Catalogue;
  readonly #options: TurnBookOptions;
  readonly #mailbox = new Mailbox<Input>(MAILBOX_MAX);

  constructor(options: TurnBookOptions) {
    this.#options = options;
    this.#catalogue = {
      types: new Map(Object.entries(options.types)),
      templates: new Map(Object.entries(options.templates ?? {})),
    };
  }

  get now(): string {
    return new Date(this.#nowMs).toISOString();
  }

  later(ms: number): this {
    this.#nowMs += ms;
    return this;
  }

  /** The facts so far. */
  get facts(): readonly Fact[] {
    return this.entries.flatMap(({ facts }) => facts);
  }

  /** Begins a reign as a dispatcher does; attempts of workers inside that are gone are lost. */
  lead({ othersAreGone = true }: { othersAreGone?: boolean } = {}): this {
    const reign = epoch(this.fold.head.epoch + 1);
    const dispatcher = `d${reign}` as Extract<Fact, { type: "DispatcherElected" }>["dispatcher"];
    const worker = workerId(`${dispatcher}-${reign}`);
    const capacity = this.#options.seats ?? 100;
    const process = SOMEWHERE;
    const isGone = ({ id, remote }: { id: WorkerId; remote: boolean }) => othersAreGone && id !== worker && !remote;
    this.#worker = worker;
    this.mayStart = true;
    this.own(() => [{ type: "DispatcherElected", epoch: reign, dispatcher, process, version: "0.0.0" }]);
    this.own((fold) => retireWorkers(fold, worker));
    this.own((fold) =>
      expireLeases(
        fold,
        isGone,
        "its worker is gone: the scheduler that ran it ended or does not answer",
        this.#drawRetryTime,
      ),
    );
    this.own(() => [{ type: "WorkerJoined", worker, process, capacity, types: null }]);
    this.own((fold) => (fold.settings.intakeStream === null ? [{ type: "IntakeOpened", stream: "intake" }] : []));
    return this.own((fold) => this.#options.settings?.(fold) ?? []);
  }

  /** The worker inside leaves, which ends a drain. */
  leave(): this {
    return this.own(() => [{ type: "WorkerLeft", worker: this.#worker, reason: "shutdown" }]);
  }

  /** Facts that the dispatcher itself has reason for. */
  own(facts: (fold: Fold) => readonly Fact[]): this {
    this.#mailbox.push({ kind: "own", facts });
    return this;
  }

  /** A submission, or a batch if `type` is null. */
  submit(type: string | null, content: unknown = {}): this {
    return this.#arrive(type === null ? subjects.submit : `${subjects.submit}.${type}`, content);
  }

  /** A command from the intake, to which nobody waits for an answer. */
  command(verb: string, content: unknown): this {
    return this.#arrive(`${subjects.namespace}.command.${verb}`, content);
  }

  /** A request, and what it is answered when it is decided. */
  request(verb: string, value: unknown): { readonly answer: () => Answer | null } {
    let answer: Answer | null = null;
    const reply = (given: Answer) => {
      answer = given;
    };
    this.#mailbox.push({ kind: "request", order: this.#completed({ verb, content: { value } }), reply });
    return { answer: () => answer };
  }

  started(id: string): this {
    return this.#report(id, { started: this.now });
  }

  end(id: string, ended: Ending): this {
    return this.#report(id, { ended });
  }

  /** Takes turns until nothing is left to decide; each entry counts as stored at once. Gives how many there were. */
  decide(): number {
    for (let turns = 0; turns < TURNS_MAX; turns += 1) if (!this.#turn()) return turns;
    throw new Error(`after ${TURNS_MAX} turns there is still something to decide`);
  }

  #turn(): boolean {
    const { fold, mayStart, now } = this;
    const desk = {
      ...{ fold, catalogue: this.#catalogue, leaseMs: LEASE_MS, nextFiring, mayStart },
      ...{ drawRetryTime: this.#drawRetryTime, unfinished: this.#unfinished },
    };
    const { proposal, effects } = takeTurn(desk, this.#mailbox, now, entryId(`e${fold.head.position + 1}`));
    this.#unfinished = proposal?.more ?? false;
    for (const effect of effects) if (effect.kind === "reply") effect.reply(effect.answer);
    if (proposal === null) return false;
    const line = Buffer.from(proposal.data).toString("utf8");
    this.lines.push(line);
    this.entries.push(decodeEntry(line));
    return true;
  }

  readonly #drawRetryTime: DrawRetryTime = (_row, retryAfterMs) =>
    new Date(this.#nowMs + (retryAfterMs ?? this.#options.retryMs ?? 10_000)).toISOString();

  #arrive(subject: string, content: unknown): this {
    const text = JSON.stringify(content);
    const sequence = this.intake.length + 1;
    this.intake.push({ sequence, subject, text });
    const message = { sequence, subject, data: Buffer.from(text), storedAt: this.now };
    for (const item of readMessage(message, subjects, 0))
      this.#mailbox.push(item.kind === "order" ? { ...item, order: this.#completed(item.order) } : item);
    return this;
  }

  #report(id: string, said: Report["said"]): this {
    const row = this.fold.jobs.get(jobId(id));
    const live = row === undefined ? null : liveAttempt(row);
    if (live === null) throw new Error(`${id} has no live attempt in this ledger`);
    this.#mailbox.push({ kind: "report", report: { job: jobId(id), grant: live.grant, said } });
    return this;
  }

  /** A retry is told what is repeated, read from the entries as the dispatcher reads the ledger. */
  #completed(order: Order): Order {
    if (order.verb !== "retry" || !("value" in order.content)) return order;
    const { id } = order.content.value as { readonly id: JobId };
    const row = this.fold.jobs.get(id);
    if (row === undefined) return order;
    let params: Original["params"] = {};
    for (let i = 0; i < row.addresses.length; i += 2) {
      const fact = this.#factAt(row.addresses[i] as Position, row.addresses[i + 1] ?? 0);
      if (fact?.type === "JobSubmitted") params = fact.spec.params;
      if (fact?.type === "JobAmended") params = fact.params ?? params;
    }
    return { ...order, original: { params, facts: row.addresses.length / 2 } };
  }

  #factAt(at: Position, index: number): Fact | undefined {
    return this.entries[at - 1]?.facts[index];
  }
}
