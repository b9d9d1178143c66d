/** The commands that change something, against a real scheduler. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandAnswer, job as jobShape } from "./contract-shapes.js";
import { startWorld, type World } from "./world.js";

let world: World;
beforeAll(async () => {
  world = await startWorld("limits: {global: 1, resources: {gpu: 1}}\n");
  await world.submit("waits", { id: "holder", params: { gate: "g" } });
});
afterAll(() => world[Symbol.asyncDispose]());

const jobOf = async (id: string) => jobShape.parse(JSON.parse((await world.run(["job", id, "-o", "json"])).stdout));

describe("cancel and amend", () => {
  test("given a waiting job, when it is cancelled, then it has ended with the reason", async () => {
    await world.submit("hello", { id: "unwanted" });
    const { code, stdout, stderr } = await world.run(["cancel", "unwanted", "--reason", "not now"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^cancelled unwanted, recorded at \d+\.\d+\n$/);
    expect(await jobOf("unwanted")).toMatchObject({ state: "cancelled", reason: "not now" });
    const again = await world.run(["cancel", "unwanted"]);
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toContain("unwanted is cancelled already");
  });

  test("given a waiting job, when it is amended, then it has the new priority and params", async () => {
    await world.submit("hello", { id: "draft", params: { name: "old" } });
    const { code, stdout } = await world.run(["amend", "draft", "--priority", "-7", "--params", "-", "-o", "json"], {
      input: '{"name":"new"}',
    });
    expect(code).toBe(0);
    expect(commandAnswer.parse(JSON.parse(stdout)).position).not.toBeNull();
    expect(await jobOf("draft")).toMatchObject({ priority: -7, params: { name: "new" }, state: "queued" });
  });

  test("given a running job, when it is amended, then that is refused with the reason", async () => {
    const { code, stderr } = await world.run(["amend", "holder", "--priority", "1"]);
    expect(code).toBe(1);
    expect(stderr).toContain("holder was granted a start and is fixed");
  });

  test("given nothing to amend, then the exit code is 2", async () => {
    const { code, stderr } = await world.run(["amend", "holder"]);
    expect(code).toBe(2);
    expect(stderr).toContain("give --params or --priority");
  });

  test.each([[["cancel", "nobody"]], [["amend", "nobody", "--priority", "1"]], [["pause", "nowhere"]]])(
    "given something that is not there, when %j, then the exit code is 3",
    async (args) => {
      expect(await world.run(args)).toMatchObject({ code: 3, stdout: "" });
    },
  );
});

describe("limits, pause and resume", () => {
  test("given limits, when some are set, then those have changed and the others stay", async () => {
    const { code, stdout } = await world.run(["limits", "set", "resources.gpu=3", "maxOvertakes=2"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^limits changed, recorded at \d+\.\d+\n$/);
    const shown = await world.run(["limits", "get"]);
    expect(shown.stdout).toMatch(/^global\s+1$/m);
    expect(shown.stdout).toMatch(/^resources\.gpu\s+3$/m);
    expect(shown.stdout).toMatch(/^maxOvertakes\s+2$/m);
    expect((await world.run(["limits", "set", "resources.gpu=3"])).stdout).toBe("the limits are so already\n");
  });

  test("given a cap, when it is set to none, then it is gone", async () => {
    await world.run(["limits", "set", "types.hello=2"]);
    await world.run(["limits", "set", "types.hello=none"]);
    const { stdout } = await world.run(["limits", "-o", "json"]);
    expect(JSON.parse(stdout).limits.types ?? {}).toEqual({});
  });

  test("given limits that are none, when they are set, then all mistakes are told and the exit code is 2", async () => {
    const { code, stderr } = await world.run(["limits", "set", "global=0", "colour=red"]);
    expect(code).toBe(2);
    expect(stderr).toContain("limits set global: must be a whole number");
    expect(stderr).toContain("limits set colour: unknown limit");
  });

  test("given a cap on a type that is not there, when it is set, then the scheduler's reason is told and the exit code is 1", async () => {
    const { code, stderr } = await world.run(["limits", "set", "types.helo=1"]);
    expect(code).toBe(1);
    expect(stderr).toContain("hello");
  });

  test("given a pool, when it is paused and resumed, then slots show it, and doing it twice is no mistake", async () => {
    expect((await world.run(["pause", "gpu"])).stdout).toMatch(/^paused gpu, recorded at/);
    expect((await world.run(["pause", "gpu"])).stdout).toBe("gpu is paused already\n");
    expect((await world.run(["slots"])).stdout).toMatch(/^resource:gpu \(paused\)/m);
    const { stdout } = await world.run(["resume", "resource:gpu", "-o", "json"]);
    expect(commandAnswer.parse(JSON.parse(stdout)).position).not.toBeNull();
    expect((await world.run(["slots"])).stdout).not.toContain("paused");
  });
});
