/** What the arguments of a question mean, whoever answers it: of the service, and of whoever folds by itself. */
import { describe, expect, test } from "vitest";
import type { JobListItem } from "../../projections/views/views.js";
import { PAGE_JOBS_MAX } from "../../src/api/page.js";
import { answerQuery, type QueryName } from "../../src/api/queries.js";
import { MemoryLog } from "../../src/log/memory.js";
import { ledger } from "../support/ledger-builder.js";

const JOBS = 3 * PAGE_JOBS_MAX - 100;
const book = ledger().elected().worker("w1");
book.limits({ types: { ollama: 9 }, resources: { ollama: 1, gpu: 1 } });
book.together(() => {
  for (let n = 0; n < JOBS; n += 1)
    book.submitted(`w${n}`, { priority: (n * 7) % 1_000, resources: n % 2 === 0 ? { gpu: 1 } : {} });
});

const ask = (name: QueryName, args: object) =>
  answerQuery({
    ...{ name, args, now: null },
    ledger: new MemoryLog({ identity: "none", now: () => "2026-01-01T00:00:00.000Z", appendOnly: true }),
    status: { role: "reader", state: "reading", dispatcher: "none" },
    query: async (question) => question(book.fold),
  });

async function jobs(args: object): Promise<readonly JobListItem[]> {
  const answer = await ask("jobs", args);
  if (!("value" in answer)) throw new Error(answer.reason);
  // What the query `jobs` answers.
  return answer.value as readonly JobListItem[];
}

describe("jobs, page by page", () => {
  test("given a field to sort by, when all pages are read, then they are one sorted list, each job once", async () => {
    const read: JobListItem[] = [];
    let pages = 0;
    for (;;) {
      const page = await jobs({ sort: "priority:desc", pool: "gpu", offset: read.length });
      if (page.length === 0) break;
      expect(page.length).toBeLessThanOrEqual(PAGE_JOBS_MAX);
      read.push(...page);
      pages += 1;
    }
    expect(pages).toBeGreaterThan(1);
    expect(new Set(read.map(({ id }) => id)).size).toBe(JOBS / 2);
    const priorities = read.map(({ priority }) => priority);
    expect(priorities).toEqual(priorities.toSorted((a, b) => b - a));
  });
});

describe("arguments that mean nothing", () => {
  test.each([
    ["jobs", { sort: "colour" }, "invalid", /sort.*must be id, type, state/],
    ["jobs", { sort: "id:down" }, "invalid", /sort/],
    ["jobs", { since: "yesterday" }, "invalid", /since.*must be a time such as/],
    ["jobs", { colour: "red" }, "invalid", /colour/],
    ["jobs", { pool: "none" }, "not-found", /there is no pool none; pools are type:ollama, /],
    ["queue", { pool: "none" }, "not-found", /there is no pool none/],
    ["queue", { pool: "ollama" }, "invalid", /ollama is ambiguous: type:ollama or resource:ollama/],
  ] as const)(
    "given %s with %j, then it is refused as %s, and the reason is told",
    async (name, args, code, reason) => {
      const answer = await ask(name, args);
      expect(answer).toMatchObject({ refused: code });
      expect("reason" in answer ? answer.reason : "").toMatch(reason);
    },
  );

  test("given a time with an offset, then it is the same moment as in UTC", async () => {
    const [first] = await jobs({ limit: 1 });
    const at = Date.parse(first?.createdAt ?? "");
    const inBerlin = new Date(at + 3_600_000).toISOString().replace("Z", "+01:00");
    expect((await jobs({ since: inBerlin, limit: 1 })).length).toBe(1);
    expect(await jobs({ since: new Date(at + 1).toISOString() })).toEqual([]);
  });
});
