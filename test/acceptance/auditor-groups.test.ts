/** The auditor and groups (INV-006, DEC-012): sound ledgers pass, and each kind of planted violation is found at its address. */
import { describe, expect, test } from "vitest";
import { groupId } from "../../events/names.js";
import { audit } from "../support/auditor.js";
import type { Raw } from "../support/auditor-world.js";
import { ledger } from "../support/ledger-builder.js";
import {
  begin,
  book,
  cancelled,
  completed,
  denied,
  due,
  failed,
  found,
  granted,
  limits,
  submitted,
} from "../support/raw-ledger.js";

const ended = (group: string, status: string, members: number): Raw => ({ type: "GroupEnded", group, status, members });
const cancelAll = (group: string, reason = "not wanted"): Raw => ({ type: "GroupCancelRequested", group, reason });
const cancelRequested = (job: string, grant: number, reason: string): Raw => ({
  ...{ type: "CancelRequested", job, grant, reason },
});
const member = (job: string, id: string, order = 0, sequential = id === "line"): Raw =>
  submitted(job, { group: { id, order, sequential } });
/** Held back until its turn, as a member of a line is that comes later. */
const held = (job: string, order = 0): Raw => ({ ...member(job, "line", order), runAt: "2026-01-01T00:00:00.000Z" });

const FAILED = "predecessor failed";
const many = [...begin, limits({ global: 9 })];
/** A line of three, the first of which runs. */
const line = [...many, member("j1", "line"), held("j2"), held("j3"), granted("j1")];
const crowd = [...many, member("j1", "crowd"), member("j2", "crowd"), granted("j1"), granted("j2")];

describe("the auditor of groups", () => {
  test("given a line whose second member fails, as it is decided, when it is audited, then nothing is found", () => {
    const group = (order: number) => ({ group: { id: groupId("line"), order, sequential: true } });
    const written = ledger().elected().worker();
    written.together((one) =>
      one
        .submitted("b", group(2))
        .submitted("c", { ...group(3), runAt: one.now })
        .submitted("a", { ...group(1), runAt: one.now })
        .granted("b"),
    );
    written.together((one) => one.started("b").completed("b").due("a").granted("a"));
    written.together((one) => one.failed("a").cancelled("c", FAILED).groupEnded("line"));
    // A late member of a line that has stopped is cancelled at once, and the end is recorded again.
    written.together((one) =>
      one
        .submitted("d", { ...group(4), runAt: one.now })
        .cancelled("d", FAILED)
        .groupEnded("line"),
    );
    expect(audit(written.lines).violations).toEqual([]);
    expect(written.fold.groups.all.size).toBe(1);
  });

  const sound: readonly (readonly [string, readonly string[]])[] = [
    [
      "a group that ends, goes on with a late member and ends again",
      book(
        [...many, member("j1", "crowd"), granted("j1")],
        [completed("j1", 1), ended("crowd", "completed", 1)],
        [member("j2", "crowd"), granted("j2")],
        [failed("j2", 3, null), ended("crowd", "partial", 2)],
      ),
    ],
    [
      "a group that is cancelled while a member runs",
      book(
        [...many, limits({ global: 1 }), member("j1", "crowd"), member("j2", "crowd"), granted("j1"), denied("j2")],
        [cancelAll("crowd"), cancelRequested("j1", 1, "not wanted"), cancelled("j2", "not wanted")],
        [{ type: "RunSkipped", job: "j1", grant: 1, reason: "" }, ended("crowd", "partial", 2)],
      ),
    ],
    [
      "a line whose first member is cancelled, so that the next has its turn",
      book(
        line,
        [{ type: "RunCancelled", job: "j1", grant: 1, reason: "" }, due("j2"), granted("j2")],
        [completed("j2", 2), due("j3"), granted("j3")],
        [completed("j3", 3), ended("line", "partial", 3)],
      ),
    ],
    [
      "a line whose member is tried again, and holds the others meanwhile",
      book(
        line,
        [failed("j1", 1, "2026-01-01T00:00:02.000Z")],
        [due("j1"), granted("j1", { attempt: 2 })],
        [completed("j1", 3), due("j2"), granted("j2")],
      ),
    ],
    [
      "a line stopped by a failure, whose next member somebody cancels at the same moment",
      book(line, [failed("j1", 1, null), cancelled("j2"), cancelled("j3", FAILED), ended("line", "partial", 3)]),
    ],
    [
      "members all forgotten, whose group is forgotten with them",
      book(
        [...many, { type: "RetentionChanged", finishedJobsMax: 1 }, member("j1", "crowd"), granted("j1")],
        [completed("j1", 1), ended("crowd", "completed", 1)],
        [submitted("j2"), cancelled("j2")],
        [member("j3", "crowd"), granted("j3")],
        [completed("j3", 4), ended("crowd", "completed", 1)],
      ),
    ],
  ];
  test.for(sound)("given %s, when it is audited, then nothing is found", ([, lines]) => {
    expect(audit(lines).violations).toEqual([]);
  });

  const planted: readonly (readonly [string, string, readonly string[]])[] = [
    ["an end that is not on record", "2 group", book(crowd, [completed("j1", 1), completed("j2", 1)])],
    [
      "an end that is on record too early",
      "2.1 group",
      book(crowd, [completed("j1", 1), ended("crowd", "running", 2), completed("j2", 1)]),
    ],
    [
      "an end that is on record twice",
      "3.0 group",
      book(
        crowd,
        [completed("j1", 1), completed("j2", 1), ended("crowd", "completed", 2)],
        [ended("crowd", "completed", 2)],
      ),
    ],
    [
      "an end that is not recorded again after a late member",
      "4 group",
      book(
        [...many, member("j1", "crowd"), granted("j1")],
        [completed("j1", 1), ended("crowd", "completed", 1)],
        [member("j2", "crowd"), granted("j2")],
        [completed("j2", 3)],
      ),
    ],
    [
      "a wrong status",
      "2.2 group",
      book(crowd, [completed("j1", 1), failed("j2", 1, null), ended("crowd", "completed", 2)]),
    ],
    [
      "all cancelled and said to be partial",
      "2.2 group",
      book([...many, held("j1"), held("j2")], [cancelled("j1"), cancelled("j2"), ended("line", "partial", 2)]),
    ],
    [
      "a wrong number of members",
      "2.2 group",
      book(crowd, [completed("j1", 1), completed("j2", 1), ended("crowd", "completed", 3)]),
    ],
    ["an end of a group that is not there", "1.3 group", book([...many, ended("nobody", "completed", 1)])],
    [
      "members that do not agree on being a line",
      "1.4 group",
      book([...many, member("j1", "crowd"), member("j2", "crowd", 0, true), granted("j1"), granted("j2")]),
    ],
    ["a member of a line that comes in beside another", "2.0 group", book(line, [member("j4", "line"), granted("j4")])],
    ["a member of a line whose turn it is not", "2.0 group", book(line, [due("j2"), granted("j2")])],
    [
      "a later member of a line before an earlier one",
      "2.1 group",
      book(
        [...many, member("j1", "line"), held("j2", 2), held("j3", 1), granted("j1")],
        [completed("j1", 1), due("j2"), granted("j2")],
      ),
    ],
    [
      "the later submitted of two members of one order first",
      "2.1 group",
      book(line, [completed("j1", 1), due("j3"), granted("j3")]),
    ],
    ["a line that goes on after a failure", "2.1 group", book(line, [failed("j1", 1, null), due("j2"), granted("j2")])],
    ["a line whose rest is not cancelled after a failure", "2 group", book(line, [failed("j1", 1, null)])],
    [
      "a line whose rest is cancelled for another reason",
      "2 group",
      book(line, [
        failed("j1", 1, null),
        cancelled("j2", "whatever"),
        cancelled("j3", "whatever"),
        ended("line", "partial", 3),
      ]),
    ],
    [
      "a group that is cancelled and whose members are not",
      "2 group",
      book(crowd, [cancelAll("crowd"), cancelRequested("j1", 1, "not wanted")]),
    ],
    [
      "a member that starts in a group that is cancelled",
      "2.3 group",
      book(
        [...many, member("j1", "crowd"), granted("j1")],
        [
          cancelAll("crowd"),
          cancelRequested("j1", 1, "not wanted"),
          member("j2", "crowd"),
          granted("j2"),
          cancelRequested("j2", 2, "not wanted"),
        ],
      ),
    ],
    ["a group that is cancelled and not there", "1.3 group", book([...many, cancelAll("nobody")])],
    [
      "a group that is cancelled and has ended",
      "2.3 group",
      book(crowd, [completed("j1", 1), completed("j2", 1), ended("crowd", "completed", 2), cancelAll("crowd")]),
    ],
  ];
  test.for(planted)(
    "given a ledger with %s, when it is audited, then it is found at its address",
    ([, expected, lines]) => {
      expect(found(lines)).toContain(expected);
    },
  );
});
