/** The canonical state tells everything that a fold believes: two ledgers that differ in anything give other lines. */
import { describe, expect, test } from "vitest";
import { groupId } from "../../events/names.js";
import { STATE_FORM, stateLines } from "../../projections/canonical-state.js";
import { stateHash } from "../../src/state-hash.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { dump } from "./state-dump.js";

type Write = (book: LedgerBuilder) => unknown;

const begin = (): LedgerBuilder =>
  ledger()
    .elected()
    .worker("w1", 5)
    .limits({ global: 3, resources: { gpu: 2 } });
const inGroup = (id: string, sequential = false) => ({ group: { id: groupId(id), order: 0, sequential } });
const LATER = "2027-01-01T00:00:00.000Z";
const EVEN_LATER = "2027-01-02T00:00:00.000Z";

/** The same past, then one or the other; both write as many entries. */
const pairs: readonly (readonly [string, Write, Write, Write])[] = [
  ["the limits", () => {}, (one) => one.limits({ global: 1 }), (one) => one.limits({ global: 2 })],
  ["a paused pool", () => {}, (one) => one.paused("global"), (one) => one.paused("resource:gpu")],
  ["a worker's seats", () => {}, (one) => one.worker("w2", 1), (one) => one.worker("w2", 2)],
  ["a remote worker", () => {}, (one) => one.worker("w2", 1), (one) => one.remoteWorker("w2", 1)],
  ["a job's params", () => {}, (one) => one.submitted("a", { params: { n: 1 } }), (one) => one.submitted("a")],
  ["a job's place", (one) => one.submitted("a"), (one) => one.moved("a", 1), (one) => one.moved("a", 2)],
  [
    "a job's time",
    () => {},
    (one) => one.submitted("a", { runAt: LATER }),
    (one) => one.submitted("a", { runAt: EVEN_LATER }),
  ],
  [
    "who holds slots",
    (one) => one.submitted("a").worker("w2", 1),
    (one) => one.granted("a", "w1"),
    (one) => one.granted("a", "w2"),
  ],
  [
    "how an attempt ended",
    (one) => one.submitted("a").granted("a"),
    (one) => one.failed("a"),
    (one) => one.failed("a", null, "otherwise"),
  ],
  [
    "what was denied",
    (one) => one.submitted("a"),
    (one) => one.denied("a", [{ pool: "global", cause: "full" }]),
    (one) => one.denied("a", [{ pool: "global", cause: "paused" }]),
  ],
  [
    "which of two was denied",
    (one) => one.submitted("a").submitted("b"),
    (one) => one.denied("a"),
    (one) => one.denied("b"),
  ],
  ["which of two ended first", (one) => one.submitted("a").submitted("b"), ends("a", "b"), ends("b", "a")],
  [
    "a member's group",
    () => {},
    (one) => one.submitted("a", inGroup("g1")),
    (one) => one.submitted("a", inGroup("g2")),
  ],
  [
    "whether a group is a line",
    () => {},
    (one) => one.submitted("a", inGroup("g")),
    (one) => one.submitted("a", inGroup("g", true)),
  ],
  [
    "why a group is cancelled",
    (one) => one.submitted("a", inGroup("g")),
    (one) => one.groupCancelRequested("g", "one"),
    (one) => one.groupCancelRequested("g", "other"),
  ],
  [
    "whether a group's end is on record",
    (one) => one.submitted("a", inGroup("g")).cancelled("a"),
    (one) => one.groupEnded("g"),
    (one) => one.limits(one.fold.slots.limits),
  ],
  ["a reservation's demand", () => {}, (one) => one.reserved("r", { gpu: 1 }), (one) => one.reserved("r", { gpu: 2 })],
  ["a reservation's holder", () => {}, (one) => one.reserved("r", {}, "one"), (one) => one.reserved("r", {}, "other")],
  [
    "who holds a reservation",
    (one) => one.reserved("r", { gpu: 1 }).reserved("q"),
    (one) => one.reservationGranted("r"),
    (one) => one.reservationGranted("q"),
  ],
  ["when a schedule fires", () => {}, (one) => one.scheduleSet("s", LATER), (one) => one.scheduleSet("s", EVEN_LATER)],
  [
    "what a schedule does about missed times",
    () => {},
    (one) => one.scheduleSet("s", LATER),
    (one) => one.scheduleSet("s", LATER, { missed: "catch-up-one" }),
  ],
  ["how often a schedule missed", (one) => one.scheduleSet("s", LATER), missed(1), missed(2)],
  ["who leads", () => {}, (one) => one.elected("d2"), (one) => one.elected("d3")],
  ["how many finished jobs are kept", () => {}, keeps(7), keeps(8)],
  ["which intake it is", () => {}, opens("one"), opens("other")],
];

function ends(first: string, second: string): Write {
  return (one) => one.together((entry) => entry.cancelled(first).cancelled(second));
}
function missed(count: number): Write {
  return (one) => one.missed("s", { from: LATER, to: LATER, count, nextAt: EVEN_LATER });
}
function keeps(finishedJobsMax: number): Write {
  return (one) => one.fact({ type: "RetentionChanged", finishedJobsMax });
}
function opens(stream: string): Write {
  return (one) => one.fact({ type: "IntakeOpened", stream });
}

describe("the canonical state", () => {
  test.each(pairs)(
    "given ledgers that differ in %s, when their states are told, then they are others",
    (_, past, one, other) => {
      const tell = (last: Write) => {
        const book = begin();
        past(book);
        last(book);
        return { head: book.fold.head, dump: dump(book.fold), hash: stateHash(book.fold) };
      };
      const [a, again, b] = [tell(one), tell(one), tell(other)];
      // Nothing but what was done differently can tell them apart.
      expect(a.head).toEqual(b.head);
      expect(again).toEqual(a);
      expect(b.dump).not.toBe(a.dump);
      expect(b.hash).not.toBe(a.hash);
    },
  );

  test("given jobs that wait in several lines, when the state is told, then line by line, in the order of their names", () => {
    const book = begin()
      .submitted("z", { type: "zoo" })
      .submitted("a", { type: "ant" })
      .submitted("b", { type: "ant" });
    const lines = [...stateLines(book.fold)].filter((line) => line.startsWith("["));
    expect(lines.slice(-2)).toEqual(['["ant {}",["a","b"]]', '["zoo {}",["z"]]']);
  });

  test("given nothing yet, when the state is told, then its form comes first", () => {
    const [first] = stateLines(ledger().fold);
    expect(JSON.parse(first ?? "")).toMatchObject({
      form: STATE_FORM,
      head: { position: 0 },
      leader: null,
      nextPlace: 1_000,
    });
  });

  test("given a state, when it is hashed, then with SHA-256 over its lines, each with its end", () => {
    expect(stateHash(ledger().fold)).toMatch(/^[0-9a-f]{64}$/);
    expect(stateHash(begin().fold)).not.toBe(stateHash(ledger().fold));
  });
});
