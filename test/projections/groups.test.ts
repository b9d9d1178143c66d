/** Groups: how one stands (INV-006), one member after the other (DEC-012), and cancelling all of it. */
import { describe, expect, test } from "vitest";
import type { Fact } from "../../events/facts.js";
import { groupId, intakeSequence, jobId } from "../../events/names.js";
import { admit, type Catalogue } from "../../projections/admission.js";
import { decideCommand } from "../../projections/commands.js";
import { explain } from "../../projections/explain/explain.js";
import { groupFacts } from "../../projections/group-facts.js";
import { stateOf } from "../../projections/jobs.js";
import { groupsView, groupView } from "../../projections/views/views.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";

const catalogue: Catalogue = { types: new Map([["story", {}]]), templates: new Map() };

type Ending = "completed" | "skipped" | "failed" | "cancelled";

/** A ledger whose turns are taken as the dispatcher takes them: what came in, then what ends in groups, then whose time has come. */
class Groupwork {
  readonly book: LedgerBuilder = ledger().elected().worker().limits({});
  #sequence = 0;

  /** Decides one submission to the group `g`, in the open entry if there is one. */
  submit(id: string, group: object = {}, more: object = {}): Fact {
    this.#sequence += 1;
    const point = { sequence: intakeSequence(this.#sequence), index: null };
    const content = { value: { id, group: { id: "g", ...group }, ...more } };
    const arrival = { point, subjectType: "story", content, bytes: 1_000, storedAt: this.book.now };
    const fact = admit(arrival, catalogue, this.book.fold, this.book.now);
    this.book.fact(fact);
    return fact;
  }

  /** One turn: what comes in, and what follows from it, in one entry. Returns what followed, in short. */
  turn(comesIn: () => void = () => {}): string[] {
    const { book } = this;
    const followed: string[] = [];
    const record = (fact: Fact) => {
      book.fact(fact);
      followed.push(brief(fact));
    };
    book.together(() => {
      comesIn();
      for (const fact of groupFacts(book.fold)) record(fact);
      const { due } = book.fold;
      for (let row = due.first; row?.dueAt != null && row.dueAt <= book.now; row = due.first)
        record({ type: "JobDue", job: row.id });
    });
    return followed;
  }

  /** A turn in which members of one sequential group come in, in this order. */
  sequence(...members: readonly (readonly [id: string, order?: number])[]): string[] {
    return this.turn(() => {
      for (const [id, order] of members)
        this.submit(id, { sequential: true, ...(order === undefined ? {} : { order }) });
    });
  }

  /** Lets a member that waits run, and end so. */
  end(id: string, how: Ending): string[] {
    this.book.granted(id).started(id);
    return this.turn(() => {
      if (how === "completed") this.book.completed(id);
      else if (how === "skipped") this.book.skipped(id);
      else if (how === "failed") this.book.failed(id);
      else this.book.cancelRequested(id).failed(id);
    });
  }

  cancelGroup(reason = "not needed"): string[] {
    const decided = decideCommand(
      this.book.fold,
      { verb: "cancel-group", group: groupId("g"), reason },
      { catalogue, now: this.book.now, nextFiring: () => null, intake: null },
    );
    if ("refused" in decided) return [`${decided.refused}: ${decided.reason}`];
    return this.turn(() => {
      for (const fact of decided.facts) this.book.fact(fact);
    });
  }

  get states(): Record<string, string> {
    return Object.fromEntries([...this.book.fold.jobs.values()].map((row) => [row.id, stateOf(row)]));
  }

  get view() {
    const view = groupView(this.book.fold, "g", { limit: 100, offset: 0 });
    if (view === null) throw new Error("there is no group g");
    return view;
  }
}

function brief(fact: Fact): string {
  switch (fact.type) {
    case "JobCancelled":
    case "CancelRequested":
      return `${fact.type} ${fact.job}: ${fact.reason}`;
    case "GroupEnded":
      return `GroupEnded ${fact.status} ${fact.members}`;
    default:
      return "job" in fact ? `${fact.type} ${fact.job}` : fact.type;
  }
}

describe("how a group stands (INV-006)", () => {
  test.each<[readonly Ending[], string]>([
    [["completed"], "completed"],
    [["skipped"], "completed"],
    [["failed"], "partial"],
    [["cancelled"], "cancelled"],
    [["completed", "completed"], "completed"],
    [["completed", "skipped"], "completed"],
    [["completed", "failed"], "partial"],
    [["completed", "cancelled"], "partial"],
    [["skipped", "failed"], "partial"],
    [["skipped", "cancelled"], "partial"],
    [["failed", "failed"], "partial"],
    [["failed", "cancelled"], "partial"],
    [["cancelled", "cancelled"], "cancelled"],
    [["completed", "failed", "cancelled", "skipped"], "partial"],
  ])(
    "given members that end as %j, when the last has ended, and not before, then the group is %s",
    (endings, status) => {
      const work = new Groupwork();
      work.turn(() => {
        for (const index of endings.keys()) work.submit(`m${index}`);
      });
      for (const [index, ending] of endings.entries()) {
        expect(work.view).toMatchObject({ status: "running", ended: index, total: endings.length });
        const followed = work.end(`m${index}`, ending);
        expect(followed).toEqual(index === endings.length - 1 ? [`GroupEnded ${status} ${endings.length}`] : []);
      }
      expect(work.view).toMatchObject({ status, ended: endings.length, total: endings.length, reason: null });
    },
  );

  test("given a submission to a group that is rejected, when the others have ended, then it does not count", () => {
    const work = new Groupwork();
    work.turn(() => {
      work.submit("a");
      expect(work.submit("b", {}, { priority: 5_000 })).toMatchObject({ type: "JobRejected" });
    });
    expect(work.end("a", "completed")).toEqual(["GroupEnded completed 1"]);
    expect(work.view).toMatchObject({ total: 1, counts: { completed: 1 } });
  });

  test("given nothing but a rejected submission to it, when groups are listed, then there is none", () => {
    const work = new Groupwork();
    work.turn(() => work.submit("a", { sequential: "yes" }));
    expect(groupsView(work.book.fold)).toEqual([]);
  });

  test("given a member that waits for its next attempt, when the others have ended, then the group is running still", () => {
    const work = new Groupwork();
    work.turn(() => work.submit("a"));
    work.book.granted("a");
    expect(work.turn(() => work.book.failed("a", "2030-01-01T00:00:00.000Z"))).toEqual([]);
    expect(work.view).toMatchObject({ status: "running", counts: { retrying: 1 } });
  });

  test("given a group that has ended, when another member comes, then it runs again, and its end is recorded again", () => {
    const work = new Groupwork();
    work.turn(() => work.submit("a"));
    expect(work.end("a", "completed")).toEqual(["GroupEnded completed 1"]);
    work.turn(() => work.submit("b"));
    expect(work.view).toMatchObject({ status: "running", ended: 1, total: 2 });
    expect(work.end("b", "failed")).toEqual(["GroupEnded partial 2"]);
    expect(work.view.status).toBe("partial");
  });

  test("given members that the index has forgotten, when the group is asked about, then they count; when all are, then it is gone", () => {
    const work = new Groupwork();
    work.book.fact({ type: "RetentionChanged", finishedJobsMax: 1 });
    work.turn(() => {
      work.submit("a");
      work.submit("b");
    });
    work.end("a", "failed");
    work.end("b", "completed");
    expect(work.view).toMatchObject({ status: "partial", total: 2, counts: { failed: 1, completed: 1 } });
    expect(work.view.jobs.map(({ id }) => id)).toEqual(["b"]);
    work.turn(() => work.submit("other", { id: "h" }));
    work.end("other", "completed");
    expect(groupsView(work.book.fold).map(({ id }) => id)).toEqual(["h"]);
  });

  test.each([
    [true, false, "group.sequential: group g is sequential; its members must agree"],
    [false, true, "group.sequential: group g is not sequential; its members must agree"],
  ])(
    "given a group with sequential %s, when a member says %s, then it is rejected; one that says nothing is welcome",
    (first, second, reason) => {
      const work = new Groupwork();
      work.turn(() => {
        work.submit("a", { sequential: first });
        expect(work.submit("b", { sequential: second })).toMatchObject({ type: "JobRejected", reason });
        expect(work.submit("c")).toMatchObject({
          type: "JobSubmitted",
          spec: { group: { id: "g", sequential: first } },
        });
      });
    },
  );

  test("given an end that is not true, when it is folded, then it is corruption", () => {
    const work = new Groupwork();
    work.turn(() => work.submit("a"));
    const ended = { type: "GroupEnded", group: groupId("g"), status: "completed", members: 1 } as const;
    expect(() => work.book.fact(ended)).toThrow(/group g is running \(INV-006\)/);
  });
});

describe("members that run one after the other (DEC-012)", () => {
  test("given members, when one has completed or was skipped, then it is the next one's turn, and nobody's before", () => {
    const work = new Groupwork();
    expect(work.sequence(["a"], ["b"], ["c"])).toEqual(["JobDue a"]);
    expect(work.states).toEqual({ a: "queued", b: "scheduled", c: "scheduled" });
    expect(work.view.turn).toBe("a");
    expect(work.end("a", "completed")).toEqual(["JobDue b"]);
    expect(work.end("b", "skipped")).toEqual(["JobDue c"]);
    expect(work.end("c", "completed")).toEqual(["GroupEnded completed 3"]);
    expect(work.view.turn).toBeNull();
  });

  test("given members that come together in another order than theirs, when they are decided, then the first in order begins; equals go as they came", () => {
    const work = new Groupwork();
    expect(work.sequence(["c", 7], ["b", 3], ["a1", -1], ["a2", -1])).toEqual(["JobDue a1"]);
    expect(work.end("a1", "completed")).toEqual(["JobDue a2"]);
    expect(work.end("a2", "completed")).toEqual(["JobDue b"]);
    expect(work.end("b", "completed")).toEqual(["JobDue c"]);
    expect(work.view.jobs.map(({ id }) => id)).toEqual(["a1", "a2", "b", "c"]);
  });

  test("given a member that has begun, when one comes that is before it in order, then that one is next, and waits till then", () => {
    const work = new Groupwork();
    work.sequence(["b", 2], ["c", 3]);
    expect(work.sequence(["a", 1])).toEqual([]);
    expect(work.states).toMatchObject({ a: "scheduled", b: "queued" });
    expect(work.end("b", "completed")).toEqual(["JobDue a"]);
  });

  test("given a member with a time of its own, when it is its turn, then it waits for that time too, and the others for it", () => {
    const work = new Groupwork();
    work.turn(() => {
      work.submit("a", { sequential: true });
      work.submit("b", { sequential: true }, { delay: "1h" });
      work.submit("c", { sequential: true });
    });
    expect(work.end("a", "completed")).toEqual([]);
    expect(work.view.turn).toBe("b");
    expect(work.states).toMatchObject({ b: "scheduled", c: "scheduled" });
    work.book.later(3_600_000);
    expect(work.turn()).toEqual(["JobDue b"]);
    expect(work.end("b", "completed")).toEqual(["JobDue c"]);
  });

  test("given the first member waits for a time, when one comes that is before it, then that one goes first", () => {
    const work = new Groupwork();
    work.turn(() => work.submit("b", { sequential: true, order: 2 }, { delay: "1h" }));
    expect(work.sequence(["a", 1])).toEqual(["JobDue a"]);
    work.book.later(3_600_000);
    expect(work.turn()).toEqual([]);
    expect(work.end("a", "completed")).toEqual(["JobDue b"]);
  });

  test("given a time that passes while it is another's turn, when it is one's turn, then one is due at once", () => {
    const work = new Groupwork();
    work.turn(() => {
      work.submit("a", { sequential: true });
      work.submit("b", { sequential: true }, { delay: "1m" });
    });
    work.book.later(600_000);
    expect(work.turn()).toEqual([]);
    expect(work.end("a", "completed")).toEqual(["JobDue b"]);
  });

  test("given a member that finally fails, when that is recorded, then the others are cancelled in the same entry, for exactly that reason, and the group ends partial", () => {
    const work = new Groupwork();
    work.sequence(["a"], ["b"], ["c"]);
    work.end("a", "completed");
    expect(work.end("b", "failed")).toEqual(["JobCancelled c: predecessor failed", "GroupEnded partial 3"]);
    expect(work.book.entries.at(-1)?.entry.facts.map(({ type }) => type)).toEqual([
      "RunFailed",
      "JobCancelled",
      "GroupEnded",
    ]);
    expect(work.book.row("c").reason).toBe("predecessor failed");
    expect(work.view).toMatchObject({ status: "partial", reason: "predecessor failed", turn: null });
  });

  test("given the first of them fails, when the others are cancelled, then the group is partial too", () => {
    const work = new Groupwork();
    work.sequence(["a"], ["b"]);
    expect(work.end("a", "failed")).toEqual(["JobCancelled b: predecessor failed", "GroupEnded partial 2"]);
  });

  test("given a member that fails with attempts left, when it waits for the next, then nobody else has a turn and nobody is cancelled", () => {
    const work = new Groupwork();
    work.sequence(["a"], ["b"]);
    work.book.granted("a");
    expect(work.turn(() => work.book.failed("a", "2026-01-01T01:00:00.000Z"))).toEqual([]);
    work.book.later(3_600_000);
    expect(work.turn()).toEqual(["JobDue a"]);
    expect(work.end("a", "completed")).toEqual(["JobDue b"]);
  });

  test("given a member whose worker is lost for good, when that is recorded, then the others are cancelled as after a failure", () => {
    const work = new Groupwork();
    // Lost for good only with its last attempt.
    work.turn(() => {
      work.submit("a", { sequential: true }, { maxAttempts: 1 });
      work.submit("b", { sequential: true });
    });
    work.book.granted("a");
    expect(work.turn(() => work.book.lost("a"))).toEqual([
      "JobCancelled b: predecessor failed",
      "GroupEnded partial 2",
    ]);
  });

  test("given a member that is cancelled, running or waiting, when it has ended, then the others go on", () => {
    const work = new Groupwork();
    work.sequence(["a"], ["b"], ["c"], ["d"]);
    expect(work.turn(() => work.book.cancelled("c"))).toEqual([]);
    expect(work.end("a", "cancelled")).toEqual(["JobDue b"]);
    expect(work.end("b", "completed")).toEqual(["JobDue d"]);
    expect(work.end("d", "completed")).toEqual(["GroupEnded partial 4"]);
  });

  test("given a member whose turn it is waits for its time, when it is cancelled, then the next is due at once", () => {
    const work = new Groupwork();
    work.turn(() => {
      work.submit("a", { sequential: true }, { delay: "1h" });
      work.submit("b", { sequential: true });
    });
    expect(work.turn(() => work.book.cancelled("a"))).toEqual(["JobDue b"]);
  });

  test("given a group that has stopped, when another member comes, then it is cancelled for the same reason, and the end recorded again", () => {
    const work = new Groupwork();
    work.sequence(["a"], ["b"]);
    work.end("a", "failed");
    expect(work.sequence(["late"])).toEqual(["JobCancelled late: predecessor failed", "GroupEnded partial 3"]);
  });

  test("given a sequential group that has completed, when another member comes, then it is its turn at once", () => {
    const work = new Groupwork();
    work.sequence(["a"]);
    expect(work.end("a", "completed")).toEqual(["GroupEnded completed 1"]);
    expect(work.sequence(["b"])).toEqual(["JobDue b"]);
    expect(work.end("b", "completed")).toEqual(["GroupEnded completed 2"]);
  });

  test("given a member that is not its group's turn, when it is explained, then it names the one that is", () => {
    const work = new Groupwork();
    work.sequence(["a"], ["b"]);
    expect(explain(work.book.fold, jobId("b"))?.text).toMatch(/\ba\b/);
  });

  test("given a member that is not its group's turn, when it is said to be due, then that is corruption", () => {
    const work = new Groupwork();
    work.sequence(["a"], ["b"]);
    expect(() => work.book.due("b")).toThrow(/not the turn of b in its group \(DEC-012\)/);
    const submission = new Groupwork();
    submission.sequence(["a"]);
    const group = { id: groupId("g"), order: 0, sequential: true };
    expect(() => submission.book.submitted("b", { group })).toThrow(/b is queued before its turn in g/);
  });

  test("given a parallel group, when a member fails, then the others run on", () => {
    const work = new Groupwork();
    work.turn(() => {
      for (const id of ["a", "b", "c"]) work.submit(id);
    });
    expect(work.end("a", "failed")).toEqual([]);
    expect(work.end("b", "completed")).toEqual([]);
    expect(work.end("c", "completed")).toEqual(["GroupEnded partial 3"]);
  });
});

describe("cancelling a group", () => {
  test("given members that wait, run and have ended, when it is cancelled, then waiting ones end at once, running ones are asked, ended ones stay", () => {
    const work = new Groupwork();
    work.turn(() => {
      for (const id of ["done", "runs", "granted", "waits", "retries"]) work.submit(id);
      work.submit("later", {}, { delay: "1h" });
    });
    work.end("done", "completed");
    work.book.granted("runs").started("runs").granted("granted").granted("retries");
    work.book.failed("retries", "2030-01-01T00:00:00.000Z");
    expect(work.cancelGroup().sort()).toEqual([
      "CancelRequested granted: not needed",
      "CancelRequested runs: not needed",
      "JobCancelled later: not needed",
      "JobCancelled retries: not needed",
      "JobCancelled waits: not needed",
    ]);
    expect(work.cancelGroup("again")).toEqual([]);
    expect(work.view).toMatchObject({
      status: "running",
      reason: "not needed",
      counts: { cancelling: 2, completed: 1 },
    });
    expect(work.turn(() => work.book.failed("runs"))).toEqual([]);
    // One that completes all the same has completed.
    expect(work.turn(() => work.book.completed("granted"))).toEqual(["GroupEnded partial 6"]);
    expect(work.states).toMatchObject({ runs: "cancelled", granted: "completed" });
    expect(work.cancelGroup()).toEqual(["conflict: group g is partial already"]);
  });

  test("given a sequential group, when it is cancelled, then nobody has a turn any more, and it ends cancelled", () => {
    const work = new Groupwork();
    work.sequence(["a"], ["b"], ["c"]);
    work.book.granted("a").started("a");
    expect(work.cancelGroup().sort()).toEqual([
      "CancelRequested a: not needed",
      "JobCancelled b: not needed",
      "JobCancelled c: not needed",
    ]);
    expect(work.turn(() => work.book.failed("a"))).toEqual(["GroupEnded cancelled 3"]);
  });

  test("given a group that was cancelled, when another member comes, then it is cancelled too", () => {
    const work = new Groupwork();
    work.turn(() => work.submit("a"));
    expect(work.cancelGroup()).toEqual(["JobCancelled a: not needed", "GroupEnded cancelled 1"]);
    expect(work.turn(() => work.submit("b"))).toEqual(["JobCancelled b: not needed", "GroupEnded cancelled 2"]);
  });

  test("given no such group, when it is cancelled, then it is not found", () => {
    expect(new Groupwork().cancelGroup()).toEqual(["not-found: there is no group g"]);
  });
});
