/** A leader as a worker sees it, without a server: it answers what the test has set, and keeps what it was told. */
import type { JobId, Position, WorkerId } from "../../events/names.js";
import type { LeaderAnswer, LeaderLink } from "../../src/worker/leader-link.js";
import type { Hands, OrderDesk } from "../../src/worker/order-desk.js";
import type { Farewell, Hello, Lease, Obeyed, Renewal, StartOrder, Word } from "../../src/worker/protocol.js";

type Refusal = Extract<LeaderAnswer<never>, { refused: unknown }>;

export class FakeLeader implements LeaderLink, OrderDesk {
  readonly leaseMs: number;
  epoch = 1;
  ledger = "ledger";
  /** False: nobody answers. */
  isThere = true;
  /** What is answered in place of a lease. */
  refusal: Refusal | null = null;
  /** What is answered to the next reports, in order; then all is well. */
  readonly reportAnswers: LeaderAnswer<{ readonly ok: true }>[] = [];
  /** To be aborted, as the next renewals are answered. */
  abort: Lease["abort"] = [];
  readonly hellos: Hello[] = [];
  readonly renewals: Renewal[] = [];
  readonly words: Word[] = [];
  readonly farewells: Farewell[] = [];
  readonly #members = new Set<WorkerId>();
  readonly #hands = new Map<WorkerId, Hands>();

  constructor(leaseMs: number) {
    this.leaseMs = leaseMs;
  }

  /** The worker that joined last. */
  get worker(): WorkerId {
    const last = this.hellos.at(-1);
    if (last === undefined) throw new Error("nobody has joined");
    return last.worker;
  }

  /** The leader knows no worker any more, as after their leases have expired. */
  forgetAll(): void {
    this.#members.clear();
  }

  /** Orders a start, as the leader does after a grant. Undefined: nobody listens. */
  order(job: string, grant: number, more: Partial<StartOrder> = {}): Promise<Obeyed | null> | undefined {
    return this.#hands.get(this.worker)?.start({
      ...{ epoch: this.epoch, attempt: 1, type: "task", params: {}, timeoutMs: null, leaseMs: this.leaseMs },
      job: job as JobId,
      grant: grant as Position,
      ...more,
    });
  }

  hands(): Hands | undefined {
    return this.#hands.get(this.worker);
  }

  // LeaderLink

  async ready(): Promise<void> {}

  async join(hello: Hello): Promise<LeaderAnswer<Lease>> {
    this.hellos.push(hello);
    if (!this.isThere) return null;
    if (this.refusal !== null) return this.refusal;
    this.#members.add(hello.worker);
    return { value: this.#lease() };
  }

  async renew(renewal: Renewal): Promise<LeaderAnswer<Lease>> {
    this.renewals.push(renewal);
    if (!this.isThere) return null;
    if (!this.#members.has(renewal.worker)) return { refused: "unknown", reason: "it has not joined" };
    return { value: this.#lease() };
  }

  async report(word: Word): Promise<LeaderAnswer<{ readonly ok: true }>> {
    this.words.push(word);
    if (!this.isThere) return null;
    const [answer] = this.reportAnswers.splice(0, 1);
    return answer === undefined ? { value: { ok: true } } : answer;
  }

  async leave(farewell: Farewell): Promise<LeaderAnswer<{ readonly ok: true }>> {
    this.farewells.push(farewell);
    return this.isThere ? { value: { ok: true } } : null;
  }

  // OrderDesk

  serve(worker: WorkerId, hands: Hands): () => void {
    this.#hands.set(worker, hands);
    return () => this.#hands.delete(worker);
  }

  #lease(): Lease {
    const { epoch, ledger, leaseMs, abort } = this;
    return { epoch, ledger, leaseMs, renewMs: leaseMs / 3, abort };
  }
}
