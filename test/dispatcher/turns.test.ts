/** Turns that decide more than one entry holds: what is left over is done by the next, and nobody starts in between who must not. */
import { describe, expect, test } from "vitest";
import { audit, describeViolation } from "../support/auditor.js";
import { TurnBook } from "../support/turn-book.js";

const MESSAGE_BYTES_MAX = 1024 * 1024;
const completed = { outcome: "completed", result: { inline: null }, exitCode: 0 } as const;
/** As many as one message takes, with ids as long as they may be: so that fewer fill an entry. */
const batch = (number: number, more: object = {}) =>
  Array.from({ length: 1_000 }, (_, index) => ({
    ...{ type: "story", id: `${number}-${index}-`.padEnd(128, "x"), ...more },
  }));

function counted(book: TurnBook, type: string): number {
  return book.facts.filter((fact) => fact.type === type).length;
}

function expectFits({ lines }: TurnBook): void {
  for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThan(MESSAGE_BYTES_MAX);
}

describe("more than one entry holds", () => {
  test("given a group of thousands, when it is cancelled as a slot becomes free, then none of its members starts", () => {
    const book = new TurnBook({ types: { story: {} } }).lead();
    for (let i = 0; i < 3; i += 1) book.submit(null, batch(i, { group: { id: "crowd" } }));
    book.submit("story", { id: "other" }).decide();
    book.command("cancel", { group: "crowd", reason: "x".repeat(400) }).end("0-0-".padEnd(128, "x"), completed);
    const turns = book.decide();
    expect(turns).toBeGreaterThan(1);
    expect([counted(book, "JobCancelled"), counted(book, "StartGranted"), counted(book, "GroupEnded")]).toEqual([
      2_999, 2, 1,
    ]);
    expect(audit(book.lines, book.intake).violations.map(describeViolation)).toEqual([]);
    expectFits(book);
  });

  test("given thousands of runs whose scheduler died, when another leads, then all are lost and are tried again (DEC-008)", () => {
    const limits = { type: "LimitsChanged", limits: { global: 10_000 }, source: "configuration" } as const;
    const settings = (fold: TurnBook["fold"]) => (fold.settings.limitsKnown ? [] : [limits]);
    const book = new TurnBook({ types: { story: {} }, seats: 10_000, settings, retryMs: 1_000 }).lead();
    for (let i = 0; i < 4; i += 1) book.submit(null, batch(i));
    book.decide();
    expect(counted(book, "StartGranted")).toBe(4_000);
    book.lead().decide();
    expect([counted(book, "LeaseExpired"), counted(book, "WorkerLeft"), counted(book, "WorkerJoined")]).toEqual([
      4_000, 1, 2,
    ]);
    book.later(1_000).decide();
    expect(counted(book, "StartGranted")).toBe(8_000);
    expectFits(book);
  });
});
