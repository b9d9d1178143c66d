/** The facts by which jobs end, against the machine that says when a job has ended. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jobId, position } from "../../events/names.js";
import { isTerminal } from "../../events/states.js";
import { edgesOf, shortestPaths } from "../../machines/graph.js";
import { stateOf } from "../../projections/jobs.js";
import { endingsIn, endsBy } from "../../src/webhooks/endings.js";
import { factOf } from "../machines/job-facts.js";
import { checkRandomly, happeningArbitrary, limitsArbitrary, World } from "../projections/random-world.js";
import { ledger } from "../support/ledger-builder.js";

const JOB = "walker";

describe("the facts by which jobs end", () => {
  test("given every edge of the job machine, when its fact happens, then it is an ending exactly where it leads to an end", () => {
    const paths = new Map(shortestPaths("job").map((path) => [path.steps.at(-1)?.to.key ?? "", path]));
    let ends = 0;
    for (const { from, event, to } of edgesOf("job")) {
      const book = ledger().elected().worker();
      for (const step of paths.get(from.key)?.steps ?? []) book.fact(factOf(step.event, JOB, book));
      const states = endsBy(factOf(event, JOB, book));
      if (isTerminal(to.state)) expect(states, `${from.state} --${event.type}--> ${to.state}`).toContain(to.state);
      else expect(states, `${from.state} --${event.type}--> ${to.state}`).toEqual([]);
      if (isTerminal(to.state)) ends += 1;
    }
    expect(ends).toBeGreaterThan(10);
  });

  test("given any past, when its entries are read one by one, then the endings are the jobs that have come to an end, in the state that they may be in", () => {
    const past = fc.record({
      limits: limitsArbitrary(),
      seats: fc.integer({ min: 1, max: 4 }),
      happenings: fc.array(happeningArbitrary(limitsArbitrary()), { maxLength: 60, size: "max" }),
    });
    let found = 0;
    checkRandomly("endings", 200, past, ({ limits, seats, happenings }) => {
      const world = new World(limits, seats);
      for (const happening of happenings) {
        world.happen(happening);
        world.ledger.decide();
      }
      const { fold, entries } = world.ledger;
      const endings = entries.flatMap(({ position: at, entry }) => endingsIn(at, entry));
      const ended = [...fold.jobs.values()].filter((row) => isTerminal(stateOf(row)));
      expect(endings.map(({ job }) => job).sort()).toEqual(ended.map(({ id }) => id).sort());
      for (const { job, mayBe, address, at, position: entry, index } of endings) {
        const row = world.ledger.row(job);
        expect(mayBe).toContain(stateOf(row));
        expect(row.addresses.slice(-2)).toEqual([entry, index]);
        expect(address).toBe(`${entry}.${index}`);
        expect(at).toBe(entries[entry - 1]?.entry.at);
      }
      found += endings.length;
    });
    expect(found).toBeGreaterThan(100);
  });

  test("given facts that name a job beside its life, when they are read, then they are no endings", () => {
    const error = { code: "unreachable", message: "nobody is there" };
    const failed = {
      type: "WebhookFailed",
      job: jobId("a"),
      webhook: "done",
      url: "http://h/",
      attempts: 4,
      error,
    } as const;
    expect(endsBy({ ...failed, address: "3.0" })).toEqual([]);
    expect(endsBy({ type: "SubmissionDuplicated", job: jobId("a"), intake: null })).toEqual([]);
    const { entries } = ledger()
      .elected()
      .worker()
      .submitted("a")
      .granted("a")
      .completed("a")
      .fact({ ...failed, address: "5.0" });
    expect(
      entries.flatMap(({ position: at, entry }) => endingsIn(position(at), entry)).map(({ address }) => address),
    ).toEqual(["5.0"]);
  });
});
