/** Deciding again: on any ledger that this program has decided, it decides the same, fact by fact; and where it does not, it says so. */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Entry } from "../../events/entry.js";
import type { Fact } from "../../events/facts.js";
import { position } from "../../events/names.js";
import { readExportedLog } from "../../src/client/exported-log.js";
import { Redecider, type Redecision } from "../../src/dispatcher/redecide.js";
import { entryOf } from "../../src/log/entry.js";
import { checkRandomly } from "../projections/random-world.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { TurnBook } from "../support/turn-book.js";

function redecide(entries: readonly Entry[]): Redecision[] {
  const redecider = new Redecider();
  return entries.map((entry, index) => redecider.apply(position(index + 1), entry));
}

const isGrant = ({ type }: Fact): boolean => type.startsWith("Start") || type === "ReservationGranted";

describe("deciding again", () => {
  test("given the golden ledger, when it is decided again, then every decision is the recorded one", async () => {
    const path = fileURLToPath(new URL("../golden/format-1.jsonl", import.meta.url));
    const { ledger, header } = await readExportedLog(path);
    const messages = await Promise.all(Array.from({ length: header.last }, (_, index) => ledger.read(index + 1)));
    const again = redecide(messages.map((message) => message ?? expect.fail("an entry is missing")).map(entryOf));
    for (const { recorded, decided, refused } of again)
      expect({ decided, refused }).toEqual({ decided: recorded, refused: null });
    const kinds = new Set(again.flatMap(({ decided }) => decided.map(({ type }) => type)));
    expect([...kinds].sort()).toEqual([
      ...[
        "CancelRequested",
        "GroupEnded",
        "JobCancelled",
        "JobDue",
        "LeaseExpired",
        "ReservationGranted",
        "RunCancelled",
      ],
      ...["RunCompleted", "RunFailed", "RunSkipped", "RunStarted", "RunTimedOut", "StartDenied", "StartGranted"],
    ]);
  });

  test("given any day, when its ledger is decided again, then it differs only where a scheduler drained and started nobody", {
    timeout: 120_000,
  }, () => {
    let decisions = 0;
    checkRandomly("days decided again", 100, dayArbitrary(), (day) => {
      const { entries } = dayOf(day);
      for (const { recorded, decided, refused, position: at } of redecide(entries)) {
        const drained = !recorded.some(isGrant) && day.orders.some(({ order }) => order.kind === "drain");
        expect(drained ? decided.filter((fact) => !isGrant(fact)) : decided, String(at)).toEqual(recorded);
        expect(refused).toBeNull();
        decisions += decided.length;
      }
    });
    process.stdout.write(`${decisions} decisions taken again\n`);
  });

  const bookOf = () => {
    const book = new TurnBook({ types: { story: {} }, retryMs: 5_000 }).lead();
    book.submit("story", { id: "one", maxAttempts: 2 }).submit("story", { id: "two" }).decide();
    return book;
  };
  const broken = (retryable: boolean) =>
    ({ outcome: "failed", error: { code: "x", message: "x" }, retryable, exitCode: 1, retryAfterMs: null }) as const;
  const tamper = (entry: Entry | undefined, change: (fact: Fact) => readonly Fact[]): Entry => {
    if (entry === undefined) throw new Error("there is no such entry");
    return { ...entry, facts: entry.facts.flatMap(change) };
  };
  const typesOf = (facts: readonly Fact[] | undefined) =>
    facts?.map((fact) => `${fact.type} ${"job" in fact ? fact.job : ""}`);

  test("given a grant that was left out, then it is decided, and the denial that goes with it", () => {
    const { entries } = bookOf();
    const last = tamper(entries.at(-1), (fact) => (isGrant(fact) ? [] : [fact]));
    const again = redecide([...entries.slice(0, -1), last]).at(-1);
    expect(typesOf(again?.recorded)).toEqual([]);
    expect(typesOf(again?.decided)).toEqual(["StartGranted one", "StartDenied two"]);
  });

  test("given a failure that was made final, then whether the runner said so or attempts remain decides", () => {
    const book = bookOf();
    book.started("one").end("one", broken(true)).decide();
    const { entries } = book;
    const end = entries.at(-1);
    expect(redecide(entries).at(-1)?.decided).toEqual(end?.facts);
    const lost = tamper(end, (fact) =>
      fact.type === "RunFailed"
        ? [{ type: "LeaseExpired", job: fact.job, grant: fact.grant, error: fact.error, retryAt: null }]
        : isGrant(fact)
          ? []
          : [fact],
    );
    // A lost worker says nothing of the kind, so the machine refuses to end the job for good.
    expect(() => redecide([...entries.slice(0, -1), lost])).toThrow(/job machine refuses/);
    const final = tamper(end, (fact) => (fact.type === "RunFailed" ? [{ ...fact, retryAt: null }] : [fact]));
    expect(
      redecide([...entries.slice(0, -1), final])
        .at(-1)
        ?.decided.slice(0, 2),
    ).toEqual(final.facts.slice(0, 2));
  });

  test("given a job whose time had come and that was passed over, then it is due", () => {
    const book = bookOf();
    book.submit("story", { id: "later", delay: "5s" }).decide();
    book.later(5_000).submit("story", { id: "three" }).decide();
    const { entries } = book;
    const last = tamper(entries.at(-1), (fact) => (fact.type === "JobDue" || isGrant(fact) ? [] : [fact]));
    expect(typesOf(redecide([...entries.slice(0, -1), last]).at(-1)?.decided)?.[0]).toBe("JobDue later");
  });
});
