/**
 * A world as it really is, beside a state that only stands for it: a ledger of bytes with positions, ids and reigns, and a fold of
 * its own for each dispatcher. It follows the moves that a state makes and compares, so that the short cuts of the states (no
 * positions, equal beliefs for one, four standings) are themselves put to a test.
 */
import { decodeEntry } from "../../events/codec.js";
import { entryId, position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { nextFiring } from "../../src/cron.js";
import { type Proposal, takeTurn } from "../../src/dispatcher/turn.js";
import type { IntakeMessage } from "../support/auditor.js";
import { beliefKey } from "./belief.js";
import { SHIPPED } from "./code.js";
import type { assemble } from "./explore.js";
import { MailboxFiller } from "./inputs.js";
import type { MoveName } from "./moves.js";
import { utf8 } from "./referee.js";
import { stepOf, timeAt } from "./setting.js";
import { isDraining, isLeading } from "./shell.js";
import {
  ANSWER,
  at,
  DECIDED,
  FOLD,
  get,
  INTAKE,
  LEDGER,
  LIST,
  NODE,
  ORPHANS,
  type State,
  shell,
  TICKED,
  TURN,
  word,
  YES,
} from "./state.js";

interface InFlight {
  readonly turn: number;
  readonly proposal: Proposal;
  /** The fold with the entry in it. */
  readonly decided: Fold;
}

interface RealDispatcher {
  fold: Fold | null;
  inFlight: InFlight | null;
}

export class Concrete {
  readonly lines: string[] = [];
  readonly intake: IntakeMessage[] = [];
  readonly #parts: ReturnType<typeof assemble>;
  readonly #filler: MailboxFiller;
  readonly #ledger = new Fold();
  /** In the places in which they stand in the state. */
  #dispatchers: RealDispatcher[];
  #orphans: InFlight[] = [];
  #entries = 0;

  constructor(parts: ReturnType<typeof assemble>) {
    this.#parts = parts;
    this.#filler = new MailboxFiller(parts.setting, SHIPPED.firstFacts);
    this.#dispatchers = Array.from({ length: parts.setting.world.dispatchers }, () => ({ fold: null, inFlight: null }));
  }

  /** Makes the move that led from one state to another. Throws where what really happens is something else. */
  move(before: State, after: State, name: MoveName, d: number, detail: number): void {
    const one = this.#dispatchers[d] ?? { fold: null, inFlight: null };
    switch (name) {
      case "send":
        return this.#send(detail);
      case "take over":
        one.fold = this.#ledger.clone();
        return this.#decide(one, before, after, d, detail);
      case "decide":
      case "leave":
        return this.#decide(one, before, after, d, shell(before, d, TICKED));
      case "append arrives": {
        const isStored = this.#append(one.inFlight);
        return expectSame("the append is stored", isStored, shell(after, d, ANSWER) === YES);
      }
      case "delayed append arrives":
        return expectSame("the delayed append is stored", this.#append(one.inFlight), true);
      case "orphan arrives": {
        const turn = word(before, ORPHANS + detail);
        const orphan = this.#orphans.find((other) => other.turn === turn) ?? null;
        return expectSame("the orphan is stored", this.#append(orphan), true);
      }
      case "answer arrives":
        return this.#settle(one, before, after, d, shell(before, d, ANSWER) === YES ? "STORED" : "settling");
      case "read":
        return this.#settle(one, before, after, d, this.#read(one.inFlight));
      case "crash, append under way":
        if (one.inFlight !== null) this.#orphans.push(one.inFlight);
        return empty(one);
      case "crash":
        if (
          one.inFlight !== null &&
          word(after, ORPHANS) + word(after, ORPHANS + 1) > word(before, ORPHANS) + word(before, ORPHANS + 1)
        )
          this.#orphans.push(one.inFlight);
        return empty(one);
      case "deposed":
        expectSame("the ledger has moved on", one.fold !== null && this.lines.length > one.fold.head.position, true);
        return empty(one);
      case "stopped":
        return empty(one);
      default:
        // The others happen to runs, clocks and answers, of which the states have no short form.
        return;
    }
  }

  /** After the state was made canonical: compares what it stands for with what is there. */
  compare(state: State): void {
    const { canonical, turns, setting, intakes } = this.#parts;
    this.#dispatchers = canonical.order.map((d) => this.#dispatchers[d] as RealDispatcher);
    const keyOf = (number: number) => beliefKey(turns.beliefById(number).fold, setting);
    expectSame("the ledger leads to", beliefKey(this.#ledger, setting), keyOf(word(state, LEDGER)));
    const undecided = intakes.items(get(state, INTAKE, LIST)).length - get(state, INTAKE, DECIDED);
    const { sequence, taken } = this.#ledger.head.intake;
    const items = this.intake
      .slice(sequence)
      .reduce((sum, { text }) => sum + (Array.isArray(JSON.parse(text)) ? JSON.parse(text).length : 1), 0);
    expectSame("undecided are", items - taken, undecided);
    for (const [d, { fold }] of this.#dispatchers.entries()) {
      expectSame("somebody leads", fold !== null, isLeading(state, d));
      if (fold !== null) expectSame("its fold is", beliefKey(fold, setting), keyOf(word(state, at(d) + FOLD)));
    }
  }

  #send(number: number): void {
    const message = this.#parts.setting.messages.all[number];
    if (message === undefined) throw new Error(`no message ${number}`);
    this.intake.push({ sequence: this.intake.length + 1, subject: message.subject, text: utf8.decode(message.data) });
  }

  #decide(one: RealDispatcher, before: State, after: State, d: number, ticks: number): void {
    const { setting, moves } = this.#parts;
    if (one.fold === null) throw new Error("who does not lead does not decide");
    const fold = one.fold.clone();
    const { epoch, position: last, at: then } = fold.head;
    const now = timeAt((last === 0 ? 0 : stepOf(then)) + ticks);
    const { configuration, catalogue } = setting.fileOf(epoch);
    const mayStart = !isDraining(shell(before, d, NODE));
    const drawRetryTime = setting.drawRetryTime(now);
    const { leaseMs } = configuration;
    const desk = { fold, catalogue, leaseMs, nextFiring, drawRetryTime, mayStart, unfinished: false };
    this.#entries += 1;
    const id = entryId(`entry-${this.#entries}`);
    const { proposal } = takeTurn(desk, this.#filler.fill(fold, moves.acts.taken, now), now, id);
    const turn = word(after, at(d) + TURN);
    expectSame("an entry is decided", proposal !== null, turn !== 0);
    one.inFlight = proposal === null ? null : { turn, proposal, decided: fold };
  }

  /** As the server does it: only if the ledger ends where the entry was decided from. */
  #append(inFlight: InFlight | null): boolean {
    if (inFlight === null) throw new Error("nothing is in flight");
    const { proposal } = inFlight;
    if (proposal.position !== this.lines.length + 1) return false;
    const line = utf8.decode(proposal.data);
    this.#ledger.apply(proposal.position, decodeEntry(line));
    this.lines.push(line);
    // What was decided from where the ledger ended before can never be stored any more.
    this.#orphans = [];
    return true;
  }

  #read(inFlight: InFlight | null): "STORED" | "REFUSED" | "ABSENT" {
    if (inFlight === null) throw new Error("nothing is in flight");
    const { proposal } = inFlight;
    const line = this.lines[position(proposal.position) - 1];
    if (line === undefined) return "ABSENT";
    return decodeEntry(line).id === proposal.id && this.lines.length === proposal.position ? "STORED" : "REFUSED";
  }

  #settle(one: RealDispatcher, before: State, after: State, d: number, outcome: string): void {
    const isFolded = word(after, at(d) + FOLD) !== 0 && word(after, at(d) + TURN) === 0 && isLeading(after, d);
    expectSame("it goes on from its entry", outcome === "STORED", isFolded);
    expectSame("it steps down", outcome === "REFUSED", isLeading(before, d) && !isLeading(after, d));
    if (outcome === "STORED") one.fold = one.inFlight?.decided ?? null;
    if (outcome === "STORED") one.inFlight = null;
    if (outcome === "REFUSED") empty(one);
  }
}

function empty(one: RealDispatcher): void {
  one.fold = null;
  one.inFlight = null;
}

function expectSame<T>(what: string, real: T, stands: T): void {
  if (real !== stands) throw new Error(`${what}: ${String(real)}, and the state says ${String(stands)}`);
}
