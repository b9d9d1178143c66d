/** Groups on the command line, against a real scheduler: submitting into one, looking at it, waiting for it, cancelling it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { group as groupShape, job as jobShape, listedGroup } from "./contract-shapes.js";
import { startWorld, type World } from "./world.js";

let world: World;
beforeAll(async () => {
  world = await startWorld("limits: {global: 3}\n");
});
afterAll(() => world[Symbol.asyncDispose]());

const submit = async (type: string, id: string, ...more: readonly string[]) => {
  const { code, stderr } = await world.run(["submit", type, "--id", id, ...more]);
  expect(code, stderr).toBe(0);
};
const groupOf = async (id: string) =>
  groupShape.parse(JSON.parse((await world.run(["group", id, "-o", "json"])).stdout));
const waiting = (gate: string) => ["--params", JSON.stringify({ gate })];

describe("a group", () => {
  test("given members that run, wait and have ended, when it is shown, then with its standing, its counts and its members", async () => {
    await submit("waits", "s1", "--group", "tale", "--sequential", ...waiting("tale"));
    await submit("hello", "s3", "--group", "tale", "--order", "3");
    await submit("hello", "s2", "--group", "tale", "--order", "2");
    const shown = await groupOf("tale");
    expect(shown).toMatchObject({
      status: "running",
      sequential: true,
      total: 3,
      ended: 0,
      counts: { running: 1, scheduled: 2 },
      turn: "s1",
      reason: null,
    });
    expect(shown.jobs.map(({ id, group }) => [id, group?.order])).toEqual([
      ["s1", 0],
      ["s2", 2],
      ["s3", 3],
    ]);
    const { stdout } = await world.run(["group", "tale"]);
    expect(stdout).toMatch(/^members\s+0 of 3 ended: 2 scheduled, 1 running$/m);
    expect(stdout).toMatch(/^run\s+one after the other, in their order$/m);
    expect(stdout).toMatch(/^s2\s+2\s+hello\s+scheduled/m);
    world.open("tale");
    const { code, stdout: waited } = await world.run(["group", "tale", "--wait", "-o", "json"]);
    expect(code).toBe(0);
    const ended = groupShape.parse(JSON.parse(waited));
    expect(ended).toMatchObject({ status: "completed", ended: 3, turn: null });
    // They ran one after the other, in their order, not as they came.
    const [, second, third] = ended.jobs.map(({ attempts }) => attempts[0]);
    expect(String(second?.finishedAt) <= String(third?.grantedAt)).toBe(true);
    expect(Number(second?.grant)).toBeLessThan(Number(third?.grant));
  });

  test("given a member that fails, when the group is waited for, then the exit code is 1 and the reason is told", async () => {
    await submit("waits", "f0", "--group", "broken", "--sequential", ...waiting("broken"));
    await submit("fails", "f1", "--group", "broken", "--order", "1");
    await submit("hello", "f2", "--group", "broken", "--order", "2");
    const waits = world.start(["group", "broken", "--wait"]);
    world.open("broken");
    const { code, stdout, stderr } = await waits.ended;
    expect(code).toBe(1);
    expect(stdout).toMatch(/^status\s+partial$/m);
    expect(stderr).toContain("group broken is partial (1 completed, 1 failed, 1 cancelled): predecessor failed");
    const job = jobShape.parse(JSON.parse((await world.run(["job", "f2", "-o", "json"])).stdout));
    expect(job).toMatchObject({ state: "cancelled", reason: "predecessor failed" });
  });

  test("given a group with members that run and that wait, when it is cancelled, then all of them are, and once only", async () => {
    await submit("waits", "c1", "--group", "unwanted", ...waiting("never"));
    await submit("hello", "c2", "--group", "unwanted", "--delay", "1h");
    const { code, stdout } = await world.run(["cancel", "--group", "unwanted", "--reason", "too long"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^cancelled group unwanted, recorded at \d+\.\d+\n$/);
    const { code: waited, stderr } = await world.run(["group", "unwanted", "--wait"]);
    expect({ waited, stderr: stderr.trim() }).toEqual({
      waited: 1,
      stderr: "error: group unwanted is cancelled (2 cancelled): too long",
    });
    const again = await world.run(["cancel", "--group", "unwanted"]);
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toContain("group unwanted is cancelled already");
  });

  test("given groups, when they are listed, then each with how it stands, as table and as JSON Lines", async () => {
    await submit("hello", "l1", "--group", "listed");
    await world.run(["group", "listed", "--wait"]);
    const { stdout } = await world.run(["groups"]);
    expect(stdout).toMatch(/^GROUP\s+STATUS\s+ENDED\s+MEMBERS/);
    expect(stdout).toMatch(/^listed\s+completed\s+1\/1\s+1 completed/m);
    const lines = (await world.run(["groups", "-o", "jsonl"])).stdout.trim().split("\n");
    const listed = lines.map((line) => listedGroup.parse(JSON.parse(line)));
    expect(listed.find(({ id }) => id === "listed")).toMatchObject({ total: 1, ended: 1 });
    expect((await world.run(["groups", "--limit", "1", "-o", "json"])).stdout).not.toContain('"listed"');
  });

  test("given a job of a group, when it is shown and listed, then the group is named; without one, there is no such column", async () => {
    await submit("hello", "n1", "--group", "named", "--sequential", "--order", "-4", "--label", "of=named", "--wait");
    expect((await world.run(["job", "n1"])).stdout).toMatch(/^group\s+named, order -4$/m);
    const { stdout } = await world.run(["jobs", "--label", "of=named"]);
    expect(stdout).toMatch(/NEEDS\s+GROUP\s+ABOUT/);
    await submit("hello", "n2", "--label", "of=none", "--wait");
    expect((await world.run(["jobs", "--label", "of=none"])).stdout).not.toContain("GROUP");
  });

  test("given more members than one answer holds, when the group is shown, then all of them", async () => {
    const nc = await connect({ servers: world.server.url });
    const many = Array.from({ length: 700 }, () => ({ type: "hello", delay: "1h", group: { id: "crowd" } }));
    await nc.jetstream().publish("signalbox.submit", JSON.stringify(many));
    await nc.close();
    const shown = await groupOf("crowd");
    expect([shown.total, new Set(shown.jobs.map(({ id }) => id)).size]).toEqual([700, 700]);
    const { stdout } = await world.run(["group", "crowd", "--limit", "3", "-o", "json"]);
    expect(groupShape.parse(JSON.parse(stdout)).jobs).toHaveLength(3);
    expect((await world.run(["cancel", "--group", "crowd"])).code).toBe(0);
    expect((await world.run(["group", "crowd", "--wait", "--limit", "1"])).stderr).toContain("700 cancelled");
  });
});

describe("what is wrong", () => {
  test.each<[readonly string[], number, string]>([
    [["group", "nobody"], 3, "there is no group nobody"],
    [["group", "nobody", "--wait"], 3, "there is no group nobody"],
    [["cancel", "--group", "nobody"], 3, "there is no group nobody"],
    [["cancel"], 2, "give the id of a job, or a group with --group, and not both"],
    [["cancel", "a", "--group", "b"], 2, "give the id of a job, or a group with --group, and not both"],
    [["group", "no.such"], 2, "An id is up to 128 letters"],
    [["submit", "hello", "--group", "a b"], 2, "group.id: must match"],
    [["submit", "hello", "--order", "3"], 2, "name it with --group"],
    [["submit", "hello", "--sequential"], 2, "name it with --group"],
    [["submit", "hello", "--group", "g", "--order", "first"], 2, "Give a whole number"],
  ])("given %j, then the exit code is %i and it is said what is wrong", async (args, exit, told) => {
    const { code, stdout, stderr } = await world.run(args);
    expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
    expect(stderr).toContain(told);
  });

  test("given a group is waited for, when the one who waits is interrupted, then the exit code says so and the group goes on", async () => {
    await submit("waits", "i1", "--group", "going", ...waiting("going"));
    const nc = await connect({ servers: world.server.url });
    // It asks how the group stands once it waits, and everybody on the server can hear that.
    const asked = once(nc, "signalbox.query.group");
    await nc.flush();
    const waits = world.start(["group", "going", "--wait"]);
    await asked;
    waits.child.kill("SIGINT");
    const { code, stderr } = await waits.ended;
    await nc.close();
    expect({ code, stderr: stderr.trim() }).toEqual({
      code: 130,
      stderr: "error: no longer waiting; group going goes on: see `signalbox group going`",
    });
    expect((await groupOf("going")).status).toBe("running");
    world.open("going");
  });
});

/** Resolves with the first message on a subject. Subscribed when this has been flushed, before anything is started. */
async function once(nc: NatsConnection, subject: string): Promise<void> {
  for await (const _ of nc.subscribe(subject, { max: 1 })) return;
}
