/** Moving waiting jobs inside their priority (DEC-005): the order that people see is the order of a plain list, whatever was moved. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntry, encodeEntry, encodeFact } from "../../events/codec.js";
import { groupId, jobId } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import { decideCommand, type Surroundings } from "../../projections/commands.js";
import { Fold } from "../../projections/fold.js";
import { compareWaiting, stateOf } from "../../projections/jobs.js";
import type { Destination } from "../../projections/move.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { checkRandomly } from "./random-world.js";
import { dump } from "./state-dump.js";

const FUTURE = "2030-01-01T00:00:00.000Z";
const begin = (): LedgerBuilder => ledger().elected().worker("w1", 1_000).limits({ global: 1_000 });
const around: Surroundings = {
  catalogue: { types: new Map(), templates: new Map() },
  now: "2026-12-01T00:00:00.000Z",
  nextFiring: () => null,
  intake: null,
};

/** Moves and folds; how many jobs were given another place, or why none was. */
function move(book: LedgerBuilder, id: string, destination: Destination): number | string {
  const decided = decideCommand(book.fold, { verb: "move", id: jobId(id), destination }, around);
  if ("refused" in decided) return `${decided.refused}: ${decided.reason}`;
  book.together(() => {
    for (const fact of decided.facts) book.fact(fact);
  });
  return decided.facts.length;
}

const ahead = (other: string): Destination => ({ to: "before", other: jobId(other) });
const behind = (other: string): Destination => ({ to: "after", other: jobId(other) });
const FIRST: Destination = { to: "first" };
const LAST: Destination = { to: "last" };

/** The jobs that have a place in the order, in this order, of one priority after the other. */
function order({ fold }: LedgerBuilder): string[] {
  const isPlaced = (state: JobState) => state === "queued" || state === "scheduled" || state === "retrying";
  return [...fold.jobs.values()]
    .filter((row) => isPlaced(stateOf(row)))
    .sort(compareWaiting)
    .map(({ id }) => id);
}

function queueOf(...ids: readonly string[]): LedgerBuilder {
  const book = begin();
  for (const id of ids) book.submitted(id);
  return book;
}

describe("move", () => {
  test.each<[string, Destination, string]>([
    ["d", FIRST, "d a b c"],
    ["a", LAST, "b c d a"],
    ["d", ahead("b"), "a d b c"],
    ["a", ahead("d"), "b c a d"],
    ["d", ahead("a"), "d a b c"],
    ["a", behind("c"), "b c a d"],
    ["d", behind("a"), "a d b c"],
    ["b", behind("d"), "a c d b"],
  ])(
    "given jobs a, b, c and d, when %s is moved %j, then the order is %s, and no other job was touched",
    (id, to, after) => {
      const book = queueOf("a", "b", "c", "d");
      expect(move(book, id, to)).toBe(1);
      expect(order(book).join(" ")).toBe(after);
    },
  );

  test.each<[string, Destination]>([
    ["a", FIRST],
    ["d", LAST],
    ["a", ahead("b")],
    ["b", behind("a")],
    ["d", behind("c")],
  ])("given jobs a, b, c and d, when %s is moved %j, where it is already, then nothing is recorded", (id, to) => {
    const book = queueOf("a", "b", "c", "d");
    expect(move(book, id, to)).toBe(0);
    expect(order(book).join(" ")).toBe("a b c d");
  });

  test("given jobs of different demands, when one is moved between two of another, then all of them are one order", () => {
    const book = begin().limits({ resources: { cpu: 9, gpu: 9 } });
    for (const [index, tag] of ["cpu", "gpu", "cpu", "gpu", "cpu"].entries())
      book.submitted(`${tag}${index}`, { resources: { [tag]: 1 } });
    move(book, "cpu4", behind("cpu0"));
    move(book, "gpu3", ahead("gpu1"));
    move(book, "cpu2", FIRST);
    expect(order(book)).toEqual(["cpu2", "cpu0", "cpu4", "gpu3", "gpu1"]);
    expect(book.fold.waiting.size).toBe(5);
  });

  test("given jobs that wait for their time or next attempt, when others are moved around them, then they keep a place, and may be moved too", () => {
    const book = queueOf("a", "tries").granted("tries").failed("tries", FUTURE);
    book.submitted("later", { runAt: FUTURE }).submitted("b").submitted("c");
    expect(order(book)).toEqual(["a", "tries", "later", "b", "c"]);
    expect(move(book, "c", behind("tries"))).toBe(1);
    expect(move(book, "a", ahead("b"))).toBe(1);
    expect(move(book, "later", FIRST)).toBe(1);
    expect(order(book)).toEqual(["later", "tries", "c", "a", "b"]);
    book.due("tries").due("later");
    expect(order(book)).toEqual(["later", "tries", "c", "a", "b"]);
  });

  test("given members of a sequential group that wait for their turn, when others are moved around them, then they keep a place too", () => {
    const book = begin();
    const group = { id: groupId("g"), order: 0, sequential: true };
    for (const id of ["g1", "g2", "g3"]) book.submitted(id, { runAt: FUTURE, group: group });
    book.submitted("a").submitted("b");
    move(book, "a", behind("g2"));
    move(book, "b", ahead("g2"));
    expect(order(book)).toEqual(["g1", "b", "g2", "a", "g3"]);
    move(book, "g3", FIRST);
    expect(order(book)).toEqual(["g3", "g1", "b", "g2", "a"]);
  });

  test("given jobs of equal places, when one is moved between two of them, then they make room in their order", () => {
    const book = begin();
    for (const id of ["a", "b", "c", "d"]) book.submitted(id, { position: 5 });
    book.submitted("e", { position: 6 }).submitted("f", { position: 100 });
    expect(move(book, "f", behind("b"))).toBe(4);
    expect(order(book)).toEqual(["a", "b", "f", "c", "d", "e"]);
    // Nobody was pushed further than had to be.
    expect(["a", "b", "f", "c", "d", "e"].map((id) => book.row(id).position)).toEqual([5, 5, 6, 7, 8, 9]);
  });

  test("given two jobs without room between them, when others are moved there again and again, then those behind are pushed on", () => {
    const ids = Array.from({ length: 40 }, (_, index) => `n${index}`);
    const book = queueOf("a", "z", ...ids);
    for (const id of ids) expect(move(book, id, behind("a"))).not.toBe(0);
    expect(order(book)).toEqual(["a", ...[...ids].reverse(), "z"]);
  });

  test("given more jobs without room than one move pushes on, when another is moved there, then it is refused, with what to do", () => {
    const book = begin();
    for (let n = 0; n <= 1_001; n += 1) book.submitted(`n${n}`, { position: n });
    book.submitted("x");
    expect(move(book, "x", behind("n0"))).toBe(
      "conflict: more than 1000 jobs stand without room between them; use first or last",
    );
    expect(move(book, "x", behind("n1"))).toBe(1_001);
    expect(order(book).slice(0, 4)).toEqual(["n0", "n1", "x", "n2"]);
  });

  test("given other priorities, when a job is moved first or last, then inside its own; next to one of another it is refused", () => {
    const book = begin().submitted("high", { priority: 5 }).submitted("a").submitted("b");
    book.submitted("low", { priority: -5 });
    expect(move(book, "b", FIRST)).toBe(1);
    expect(move(book, "b", LAST)).toBe(1);
    expect(order(book)).toEqual(["high", "a", "b", "low"]);
    expect(move(book, "a", ahead("high"))).toBe(
      "conflict: a has priority 0 and high 5: a place is one inside a priority; amend the priority first",
    );
    expect(move(book, "high", LAST)).toBe(0);
    expect(move(book, "low", FIRST)).toBe(0);
  });

  test("given jobs that do not wait, when they are moved, or others next to them, then it is refused", () => {
    const book = queueOf("a", "runs", "done").granted("runs").started("runs").granted("done");
    book.started("done").completed("done").rejected("bad", "no such type");
    const told = (id: string, state: string) =>
      `conflict: ${id} is ${state}; only a waiting job has a place in the order`;
    expect(move(book, "runs", FIRST)).toBe(told("runs", "running"));
    expect(move(book, "done", FIRST)).toBe(told("done", "completed"));
    expect(move(book, "bad", LAST)).toBe(told("bad", "rejected"));
    expect(move(book, "a", behind("runs"))).toBe(told("runs", "running"));
    expect(move(book, "nobody", FIRST)).toBe("not-found: there is no job nobody");
    expect(move(book, "a", ahead("nobody"))).toBe("not-found: there is no job nobody");
    expect(move(book, "a", ahead("a"))).toBe("invalid: a cannot be moved before itself");
  });

  test("given a job that was moved, when slots are free, then jobs start in the new order (INV-004)", () => {
    const book = begin().limits({ global: 1 }).submitted("a").submitted("b").submitted("c");
    move(book, "c", FIRST);
    const started: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const [start] = book.decide().starts;
      const id = String(start?.row.id);
      started.push(id);
      book.started(id).completed(id);
    }
    expect(started).toEqual(["c", "a", "b"]);
  });
});

describe("any moves", () => {
  const picked = fc.nat();
  const step = fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("submit" as const), how: fc.nat({ max: 5 }), tag: picked }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom("before", "after"), picked, other: picked }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("first", "last"), picked }) },
    // Always the same neighbours, so that the room between them is used up.
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("squeeze" as const), picked }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("start" as const), picked }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("retry" as const), picked }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("due" as const), picked }) },
  );
  const tags = ["cpu", "gpu", "api"];

  test("given any sequence of moves among jobs of any kind, when they are ordered, then as in a plain list, and every fold takes it", () => {
    checkRandomly("moves", 150, fc.array(step, { minLength: 20, maxLength: 120, size: "max" }), (steps) => {
      const book = begin().limits({ resources: { cpu: 500, gpu: 500, api: 500 } });
      /** The model: the ids that have a place, of each of two priorities. */
      const lists: Record<number, string[]> = { 0: [], 7: [] };
      const listOf = (id: string) => lists[book.row(id).spec?.priority ?? 0] ?? [];
      const all = () => Object.values(lists).flat();
      const pick = (number: number) => all()[number % Math.max(1, all().length)];
      let made = 0;
      const submit = (how: number, tag: number) => {
        made += 1;
        const id = `n${made}`;
        const priority = how === 5 ? 7 : 0;
        const list = lists[priority] ?? [];
        const last = list.at(-1);
        // An equal place is behind: it came later.
        const tie = how === 4 && last !== undefined && { position: book.row(last).position };
        const later = how === 3 && { runAt: FUTURE };
        const held = how === 2 && { runAt: FUTURE, group: { id: groupId("g"), order: made, sequential: true } };
        book.submitted(id, { priority, resources: { [String(tags[tag % 3])]: 1 }, ...tie, ...later, ...held });
        list.push(id);
      };
      const put = (id: string, to: "before" | "after", other: string) => {
        const list = listOf(id);
        if (id === other || list !== listOf(other)) {
          expect(move(book, id, { to, other: jobId(other) })).toMatch(/^(invalid|conflict)/);
          return;
        }
        expect(move(book, id, { to, other: jobId(other) })).toEqual(expect.any(Number));
        list.splice(list.indexOf(id), 1);
        list.splice(list.indexOf(other) + (to === "after" ? 1 : 0), 0, id);
      };
      for (let n = 0; n < 8; n += 1) submit(n % 6, n);
      for (const one of steps) {
        if (one.kind === "submit") {
          submit(one.how, one.tag);
          continue;
        }
        const id = pick(one.picked);
        if (id === undefined) continue;
        const state = stateOf(book.row(id));
        if (one.kind === "before" || one.kind === "after") {
          put(id, one.kind, String(pick(one.other)));
        } else if (one.kind === "first" || one.kind === "last") {
          expect(move(book, id, { to: one.kind })).toEqual(expect.any(Number));
          const list = listOf(id);
          list.splice(list.indexOf(id), 1);
          if (one.kind === "first") list.unshift(id);
          else list.push(id);
        } else if (one.kind === "squeeze") {
          const [first] = listOf(id);
          if (first !== undefined && first !== id) put(id, "after", first);
        } else if (one.kind === "due") {
          if (state === "retrying" || (state === "scheduled" && [...book.fold.due].includes(book.row(id))))
            book.due(id);
        } else if (state === "queued") {
          book.granted(id);
          if (one.kind === "retry" && book.row(id).attempts.length < 3) book.failed(id, FUTURE);
          else listOf(id).splice(listOf(id).indexOf(id), 1);
        }
        expect(order(book)).toEqual([...(lists[7] ?? []), ...(lists[0] ?? [])]);
      }
      const copy = new Fold();
      for (const { position, entry } of book.entries) {
        const { facts, ...header } = entry;
        copy.apply(position, decodeEntry(encodeEntry(header, facts.map(encodeFact))));
      }
      expect(dump(copy)).toBe(dump(book.fold));
    });
  });
});
