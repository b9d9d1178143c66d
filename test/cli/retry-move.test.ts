/** Retrying and moving jobs on the command line, against a real scheduler. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { commandAnswer, job as jobShape, listedJob } from "./contract-shapes.js";
import { startWorld, type World } from "./world.js";

let world: World;
beforeAll(async () => {
  world = await startWorld("limits: {global: 1}\n");
});
afterAll(() => world[Symbol.asyncDispose]());

const jobOf = async (id: string) => jobShape.parse(JSON.parse((await world.run(["job", id, "-o", "json"])).stdout));

describe("retry", () => {
  test("given a job that failed, when it is retried, then the new id is printed, and the new job names the old one everywhere", async () => {
    await world.submitToEnd("fails", { id: "bad", params: { a: 1 }, labels: { of: "retry" } });
    const { code, stdout, stderr } = await world.run(["retry", "bad"]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "bad-retry-1\n", stderr: "" });
    expect(await jobOf("bad-retry-1")).toMatchObject({ retryOf: "bad", params: { a: 1 }, type: "fails" });
    expect((await world.run(["job", "bad-retry-1"])).stdout).toMatch(/^retry of\s+bad$/m);
    const listed = await world.run(["jobs", "--label", "of=retry"]);
    expect(listed.stdout).toMatch(/NEEDS\s+RETRY OF\s+ABOUT/);
    const again = await world.run(["retry", "bad", "--as", "third", "-o", "json"]);
    expect(commandAnswer.parse(JSON.parse(again.stdout))).toMatchObject({ id: "third" });
  });

  test("given a job that runs, one that is not there, and ids that cannot be, when they are retried, then each is refused", async () => {
    await world.submit("waits", { id: "busy", params: { gate: "busy" } });
    const busy = await world.run(["retry", "busy"]);
    expect(busy).toMatchObject({ code: 1, stdout: "" });
    expect(busy.stderr).toMatch(/busy is (queued|granted|running); only a job that has ended can be retried/);
    expect(await world.run(["retry", "nobody"])).toMatchObject({ code: 3, stdout: "" });
    expect(await world.run(["retry", "no.such"])).toMatchObject({ code: 2, stdout: "" });
    const taken = await world.run(["retry", "bad", "--as", "busy"]);
    expect(taken).toMatchObject({ code: 1, stdout: "" });
    expect(taken.stderr).toContain("there is a job busy already");
    const reserved = await world.run(["retry", "bad", "--as", "j7"]);
    expect(reserved).toMatchObject({ code: 2, stdout: "" });
    expect(reserved.stderr).toContain("looks like a default id");
    world.open("busy");
  });
});

describe("move", () => {
  test("given jobs that wait, when one is moved, then the queue has the new order; moved there again, nothing is recorded", async () => {
    await world.submit("waits", { id: "holder", params: { gate: "holder" } });
    for (const id of ["a", "b", "c"]) await world.submit("hello", { id });
    const order = async () => {
      const { stdout } = await world.run(["jobs", "--state", "queued", "--type", "hello", "-o", "json"]);
      return z
        .array(listedJob)
        .parse(JSON.parse(stdout))
        .map(({ id }) => id);
    };
    expect((await world.run(["move", "c", "--first"])).stdout).toMatch(/^moved c, recorded at \d+\.\d+\n$/);
    expect(await order()).toEqual(["c", "a", "b"]);
    expect((await world.run(["move", "c", "--first"])).stdout).toBe("c is there already\n");
    await world.run(["move", "c", "--after", "a"]);
    expect(await order()).toEqual(["a", "c", "b"]);
    await world.run(["move", "b", "--before", "c"]);
    expect(await order()).toEqual(["a", "b", "c"]);
    await world.run(["move", "a", "--last"]);
    expect(await order()).toEqual(["b", "c", "a"]);
    const refused = await world.run(["move", "a", "--before", "holder"]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("only a waiting job has a place in the order");
    world.open("holder");
  });

  test.each<[readonly string[], number, string]>([
    [["move", "nobody", "--first"], 3, "there is no job nobody"],
    [["move", "a"], 2, "say where to: one of --first, --last, --before <id>, --after <id>"],
    [["move", "a", "--first", "--last"], 2, "say where to"],
    [["move", "a", "--before", "b", "--after", "c"], 2, "say where to"],
    [["move", "a", "--before", "b.c"], 2, "An id is up to 128 letters"],
  ])("given %j, then the exit code is %i and it is said what is wrong", async (args, exit, told) => {
    const { code, stdout, stderr } = await world.run(args);
    expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
    expect(stderr).toContain(told);
  });
});
