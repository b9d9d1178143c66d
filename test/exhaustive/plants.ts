/** Mistakes, one each, as they could be made in the shipped code, the shell or the server; each must be found. */
import type { Fact } from "../../events/facts.js";
import { Fold } from "../../projections/fold.js";
import { compareWaiting, type JobRow } from "../../projections/jobs.js";
import type { Holding } from "../../projections/slots.js";
import { SortedList } from "../../projections/sorted-list.js";
import type { WaitingView } from "../../projections/waiting.js";
import { Mailbox } from "../../src/dispatcher/mailbox.js";
import type { Input } from "../../src/dispatcher/messages.js";
import type { Turned } from "../../src/dispatcher/turn.js";
import { type Code, SHIPPED } from "./code.js";

export interface Plant {
  /** As a sentence after "given a scheduler that …". */
  readonly mistake: string;
  readonly code: Partial<Code>;
  /** The world in which it is looked for. */
  readonly world: string;
  /** The rule by which it must be found. */
  readonly rule: string;
}

export const PLANTS: readonly Plant[] = [
  {
    mistake: "writes to a ledger that forgets compare-and-set",
    world: "rivals",
    rule: "guard",
    code: { accepts: () => true },
  },
  {
    mistake: "takes an append without an answer for stored",
    world: "single",
    rule: "INV-007",
    code: { settles: () => "STORED" },
  },
  {
    mistake: "grants one unit more than a pool has",
    world: "single",
    rule: "guard",
    code: { foldOf: (believed) => new GenerousFold(believed) },
  },
  {
    mistake: "starts the last of a line first",
    world: "single",
    rule: "order",
    code: { foldOf: (believed) => new BackwardFold(believed) },
  },
  {
    mistake: "forgets the report of a failed run",
    world: "single",
    rule: "INV-007",
    code: {
      takeTurn: (desk, mailbox, now, id) =>
        forgetFailures(SHIPPED.takeTurn(desk, without(mailbox, isFailure), now, id), mailbox),
    },
  },
  {
    mistake: "frees the slots of a job at once when it is cancelled",
    world: "cancels",
    rule: "CON-002",
    code: { takeTurn: (desk, mailbox, now, id) => SHIPPED.takeTurn(desk, cancelAtOnce(mailbox), now, id) },
  },
  {
    mistake: "does not say how far it has decided the intake",
    world: "single",
    rule: "INV-008",
    code: { takeTurn: (desk, mailbox, now, id) => SHIPPED.takeTurn(desk, stayBehind(mailbox, desk.fold), now, id) },
  },
  {
    mistake: "never looks at the clock",
    world: "single",
    rule: "no end",
    code: { takeTurn: (desk, mailbox, _now, id) => SHIPPED.takeTurn(desk, mailbox, desk.fold.head.at, id) },
  },
  {
    mistake: "leaves the workers of former reigns in their places",
    world: "single",
    rule: "DEC-008",
    code: {
      firstFacts: (fold, of) =>
        SHIPPED.firstFacts(fold, of).map((facts) => (now) => facts(now).filter(isNot("WorkerLeft"))),
    },
  },
  {
    mistake: "does not tell the ledger what its file says",
    world: "single",
    rule: "DEC-008",
    code: {
      firstFacts: (fold, of) =>
        SHIPPED.firstFacts(fold, of).map((facts) => (now) => facts(now).filter(isNot("LimitsChanged"))),
    },
  },
  {
    mistake: "takes a process for gone that is not",
    world: "host",
    rule: "D8",
    code: { firstFacts: (fold, of) => SHIPPED.firstFacts(fold, { ...of, isGone: () => true }) },
  },
  {
    mistake: "answers for the leader although it was deposed",
    world: "asked",
    rule: "no end",
    code: { answersForLeader: () => true },
  },
];

class GenerousFold extends Fold {
  override get room() {
    const { slots, freed } = super.room;
    const pools = Object.fromEntries(
      Object.entries(slots.pools).map(([name, pool]) => [name, { ...pool, capacity: pool.capacity + 1 }]),
    );
    return { slots: { ...slots, pools }, freed };
  }
}

class BackwardFold extends Fold {
  override get waiting(): WaitingView {
    const waiting = super.waiting;
    const lines = [...waiting.lines()].map((line) => ({ ...line, rows: backward(line.rows) }));
    const { size, undenied } = waiting;
    return { size, undenied, lineOf: (row) => waiting.lineOf(row), lines: () => lines.values() };
  }
}

function backward(rows: SortedList<JobRow>): SortedList<JobRow> {
  const list = new SortedList<JobRow>((a, b) => compareWaiting(b, a));
  for (const row of rows) list.add(row);
  return list;
}

const isNot = (type: Fact["type"]) => (fact: Fact) => fact.type !== type;
const isFailure = (input: Input) =>
  input.kind === "report" && "ended" in input.report.said && input.report.said.ended.outcome === "failed";

/** The inputs of a mailbox, which is full again afterwards. */
function inputsOf(mailbox: Mailbox<Input>): Input[] {
  const inputs = [...mailbox.clear()];
  for (const input of inputs) mailbox.push(input);
  return inputs;
}

function filled(inputs: readonly Input[]): Mailbox<Input> {
  const mailbox = new Mailbox<Input>(Number.POSITIVE_INFINITY);
  for (const input of inputs) mailbox.push(input);
  return mailbox;
}

const without = (mailbox: Mailbox<Input>, isLeftOut: (input: Input) => boolean): Mailbox<Input> =>
  filled(inputsOf(mailbox).filter((input) => !isLeftOut(input)));

/** The worker is told that its report is on record. */
function forgetFailures(turned: Turned, mailbox: Mailbox<Input>): Turned {
  const recorded = inputsOf(mailbox)
    .filter(isFailure)
    .flatMap((input) =>
      input.kind === "report" ? [{ kind: "recorded" as const, job: input.report.job, grant: input.report.grant }] : [],
    );
  return { ...turned, effects: [...turned.effects, ...recorded] };
}

function cancelAtOnce(mailbox: Mailbox<Input>): Mailbox<Input> {
  return filled(
    inputsOf(mailbox).flatMap((input): Input[] => {
      if (input.kind !== "order" || input.order.verb !== "cancel") return [input];
      const { content } = input.order;
      const id =
        "value" in content && typeof content.value === "object" && content.value !== null && "id" in content.value
          ? content.value.id
          : null;
      const cancelled = (fold: Fold): Fact[] =>
        Object.values<Holding>(fold.slots.holdings)
          .filter(({ job }) => job === id)
          .map(({ job, grant }) => ({ type: "RunCancelled", job, grant, reason: "cancelled at once" }));
      return [{ kind: "own", facts: cancelled }, input];
    }),
  );
}

function stayBehind(mailbox: Mailbox<Input>, { head }: Fold): Mailbox<Input> {
  return filled(inputsOf(mailbox).map((input) => ("progress" in input ? { ...input, progress: head.intake } : input)));
}
