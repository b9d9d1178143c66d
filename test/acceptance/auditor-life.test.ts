/** The auditor and the life of a job: it knows the same life as the job machine, though it shares no code with it. */
import { describe, expect, test } from "vitest";
import { encodeEntry, encodeFact } from "../../events/codec.js";
import { canonicalJson } from "../../events/json.js";
import { edgesOf, type Path, representativeEvents, shortestPaths, type Vertex } from "../../machines/graph.js";
import type { JobEvent } from "../../machines/job.js";
import { factOf } from "../machines/job-facts.js";
import { audit } from "../support/auditor.js";
import type { Raw } from "../support/auditor-world.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import {
  begin,
  book,
  cancelled,
  completed,
  denied,
  due,
  elected,
  failed,
  found,
  granted,
  joined,
  limits,
  started,
  submitted,
} from "../support/raw-ledger.js";

const JOB = "walker";
const edges = edgesOf("job");
const shortest = shortestPaths("job");
const endOf = ({ from, steps }: Path<JobEvent>): Vertex => steps[steps.length - 1]?.to ?? from;
const vertices = shortest.map(endOf);
/** The rules about one job's life; who may start when is nothing that its machine knows. */
const ofLife = new Set(["life", "terminal", "live-grant", "attempts", "fixed"]);
const remote = (worker: string): Raw => ({ ...joined(worker), remote: true });
const left = (worker: string, reason = "stopped"): Raw => ({ type: "WorkerLeft", worker, reason });
const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000Z`;
const scheduled = (job: string, second: number): Raw => ({ ...submitted(job), runAt: at(second) });

describe("the life of a job, as the auditor knows it", () => {
  test("given every transition of the job machine, when its fact is audited, then nothing is found about the job's life", () => {
    let taken = 0;
    for (const { from, event } of edges) {
      const walked = walkTo(from);
      // The machine sees no more than the state; that a job is fixed by its first grant is the fold's to know (INV-001).
      if (event.type === "JobAmended" && from.snapshot.context.attempt > 0) continue;
      expect(complaints(walked.fact(factOf(event, JOB, walked)).lines)).toEqual([]);
      taken += 1;
    }
    expect(taken).toBeGreaterThan(50);
  });

  test("given every state, when a fact stands there that the machine refuses, then the auditor finds it", () => {
    const accepted = new Set(edges.map(({ from, event }) => `${from.key} ${canonicalJson(event)}`));
    const events = representativeEvents("job");
    const missed: string[] = [];
    let planted = 0;
    for (const vertex of vertices) {
      const walked = walkTo(vertex);
      for (const event of events) {
        if (accepted.has(`${vertex.key} ${canonicalJson(event)}`)) continue;
        planted += 1;
        if (complaints(withOneMore(walked, event)).length === 0)
          missed.push(`${canonicalJson(event)} in ${vertex.state}`);
      }
    }
    expect(missed).toEqual([]);
    expect(planted).toBeGreaterThan(500);
  });

  const cancel = (grant: number): Raw => ({ type: "RunCancelled", job: "j1", grant, reason: "not worth it" });
  const running = book(begin, [submitted("j1"), granted("j1")], [started("j1", 2)]);
  const next = (...entries: readonly (readonly Raw[])[]) => [
    ...running,
    ...book(...running.map(() => []), ...entries)
      .slice(running.length)
      .map((line) => JSON.stringify({ ...JSON.parse(line), epoch: 1 })),
  ];

  test("given a runner that ends its job, when it is audited, then nothing is found; by an old grant or twice it is", () => {
    expect(found(next([cancel(2)]))).toEqual([]);
    expect(found(next([cancel(1)]))).toEqual(["4.0 live-grant"]);
    expect(found(next([cancel(2)], [cancel(2)]))).toEqual(["5.0 terminal"]);
  });

  test("given an attempt that has begun, when it begins again while it is cancelled, then that is found (INV-002)", () => {
    const asked: Raw = { type: "CancelRequested", job: "j1", grant: 2, reason: "" };
    expect(found(next([asked, completed("j1", 2)]))).toEqual([]);
    expect(found(next([asked, started("j1", 2), completed("j1", 2)]))).toEqual(["4.1 attempts"]);
    const late = book(begin, [submitted("j1"), granted("j1")], [asked, started("j1", 2), completed("j1", 2)]);
    expect(found(late)).toEqual([]);
  });

  test("given a job that is moved while it waits for its next attempt, when it is audited, then nothing is found", () => {
    const moved: Raw = { type: "JobMoved", job: "j1", position: 9 };
    const back = [due("j1"), granted("j1", { attempt: 2 })];
    expect(found(next([failed("j1", 2, at(5))], [moved], back))).toEqual([]);
    expect(found(next([moved]))).toEqual(["4.0 life"]);
  });

  test("given a lost attempt that was not the last, when the job is given up, then that is found (DEC-008)", () => {
    const lost = (retryAt: string | null): Raw => ({ type: "LeaseExpired", job: "j1", grant: 2, retryAt });
    expect(found(next([lost(at(9))]))).toEqual([]);
    expect(found(next([lost(null)]))).toEqual(["4.0 attempts"]);
  });

  test("given a job that repeats another, when that has not ended or was never there, then it is found (DEC-007)", () => {
    const again = (of: string): Raw => ({ ...submitted("j2"), retryOf: of });
    const end = completed("j1", 2);
    expect(found(next([end, again("j1"), granted("j2")]))).toEqual([]);
    expect(found(next([again("j1"), denied("j2")]))).toEqual(["4.0 life"]);
    expect(found(next([end, again("j9"), granted("j2")]))).toEqual(["4.1 life"]);
  });

  test("given a duplicate, when its job is there, then nothing is found; of a job that is not, a submission was lost", () => {
    const duplicated = (job: string): Raw => ({ type: "SubmissionDuplicated", job, intake: null });
    expect(found(next([duplicated("j1")], [completed("j1", 2), duplicated("j1")]))).toEqual([]);
    expect(found(next([duplicated("j2")]))).toEqual(["4.0 life"]);
  });

  test("given finished jobs that are forgotten, when an id comes again, then it may; of one that is kept it may not", () => {
    const keepOne: Raw = { type: "RetentionChanged", finishedJobsMax: 1 };
    const [one, two] = [
      [submitted("j1"), cancelled("j1")],
      [submitted("j2"), cancelled("j2")],
    ] as const;
    expect(found(book([...begin, keepOne], one, two, one))).toEqual([]);
    expect(found(book([...begin, keepOne], one, two, two))).toEqual(["4.0 life", "4.1 terminal"]);
    const duplicate: Raw = { type: "SubmissionDuplicated", job: "j1", intake: null };
    expect(found(book([...begin, keepOne], one, two, [duplicate]))).toEqual(["4.0 life"]);
  });
});

describe("times, as the auditor knows them", () => {
  test("given a job whose time comes, when it is due in that entry, then nothing is found; when it is left, that is found", () => {
    const wait = (...second: readonly Raw[]) => book(begin, [scheduled("j1", 2)], second);
    expect(found(wait(due("j1"), granted("j1")))).toEqual([]);
    expect(found(wait(submitted("j2"), granted("j2")))).toEqual(["3 late"]);
    expect(found(wait(due("j1"), granted("j1")).slice(0, 2))).toEqual([]);
  });
});

describe("workers of their own, as the auditor knows them", () => {
  test("given a remote worker that left, when it joins again, then it may; while a run of it lives, it may not", () => {
    const run = [submitted("j1"), granted("j1", { worker: "r" })];
    expect(found(book([elected(), remote("r")], [left("r")], [remote("r")]))).toEqual([]);
    expect(found(book([elected(), remote("r")], run, [left("r"), remote("r")]))).toEqual(["3.1 seats"]);
    expect(found(book([elected(), remote("r")], run, [left("r"), completed("j1", 2), remote("r")]))).toEqual([]);
    expect(found(book([elected(), remote("r")], [remote("r")]))).toEqual(["2.0 seats"]);
  });

  test("given a worker inside a scheduler, when its id comes again, then that is found", () => {
    expect(found(book(begin, [left("w")], [joined("w")]))).toEqual(["3.0 seats"]);
  });

  test("given a remote worker that shuts down, when jobs are left waiting, then that is no drain, and is found (CON-003)", () => {
    const both = [elected(), joined("w"), remote("r")];
    const waiting = [submitted("j1"), denied("j1")];
    expect(found(book(both, [left("r", "shutdown"), ...waiting], [limits({})]))).toEqual(["2 idle", "3 idle"]);
    expect(found(book(both, [left("w", "shutdown"), ...waiting], [limits({})]))).toEqual([]);
  });
});

function beginning(): LedgerBuilder {
  return ledger()
    .elected()
    .worker("w1", 1)
    .limits({ global: 1, types: { story: 1 } });
}

/** A ledger in which the job has come there by a shortest path. */
function walkTo({ key }: Vertex): LedgerBuilder {
  const path = shortest.find((one) => endOf(one).key === key);
  const walked = beginning();
  for (const { event } of path?.steps ?? []) walked.fact(factOf(event, JOB, walked));
  return walked;
}

/** The ledger, and behind it an entry with a fact that it has not taken. */
const withOneMore = (walked: LedgerBuilder, event: JobEvent): readonly string[] => [
  ...walked.lines,
  encodeEntry(walked.nextHeader, [encodeFact(factOf(event, JOB, walked))]),
];

const complaints = (lines: readonly string[]): readonly string[] =>
  audit(lines)
    .violations.filter(({ rule }) => ofLife.has(rule))
    .map(({ rule, address, text }) => `${address} ${rule}: ${text}`);
