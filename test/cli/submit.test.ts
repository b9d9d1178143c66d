/** `submit` against a real scheduler: what is stored, what is waited for, and what is refused before it is sent. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { job as jobShape } from "./contract-shapes.js";
import { startWorld, type World } from "./world.js";

let world: World;
beforeAll(async () => {
  world = await startWorld(
    "limits: {global: 4, resources: {gpu: 2}}\ntemplates: {nightly: {type: hello, params: {name: night}}}\n",
  );
});
afterAll(() => world[Symbol.asyncDispose]());

const jobOf = async (id: string) => jobShape.parse(JSON.parse((await world.run(["job", id, "-o", "json"])).stdout));

describe("submit", () => {
  test("given a running scheduler, when a job is submitted, then its id is printed and the job is known under it", async () => {
    const { code, stdout, stderr } = await world.run(["submit", "hello"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^j\d+\n$/);
    await world.run(["submit", "hello", "--wait"]);
    expect((await jobOf(stdout.trim())).type).toBe("hello");
  });

  test("given all options, when a job is submitted, then it has them", async () => {
    const options = ["--id", "all", "--params", '{"name":"you"}', "--priority", "-5", "--resource", "gpu=2"];
    const more = [
      "--resource",
      "cpu=0",
      "--label",
      "book=9",
      "--label",
      "a=b=c",
      "--timeout",
      "30s",
      "--max-attempts",
      "7",
    ];
    const { code, stdout } = await world.run(["submit", "hello", ...options, ...more, "--wait", "-o", "json"]);
    expect(code).toBe(0);
    expect(jobShape.parse(JSON.parse(stdout))).toMatchObject({
      id: "all",
      state: "completed",
      params: { name: "you" },
      priority: -5,
      demand: { global: 1, "resource:gpu": 2 },
      labels: { book: "9", a: "b=c" },
      maxAttempts: 7,
      result: { greeting: "hello you" },
    });
  });

  test("given params in a file or on standard input, when a job is submitted, then it has them", async () => {
    await writeFile(join(world.folder, "params.json"), '{"name": "file"}\n');
    const [file, input] = await Promise.all([
      world.run(["submit", "hello", "--params", "@params.json", "--wait", "-o", "json"]),
      world.run(["submit", "hello", "--params", "-", "--wait", "-o", "json"], { input: '{"name": "input"}' }),
    ]);
    expect(jobShape.parse(JSON.parse(file.stdout)).result).toEqual({ greeting: "hello file" });
    expect(jobShape.parse(JSON.parse(input.stdout)).result).toEqual({ greeting: "hello input" });
  });

  test("given a delay, when a job is submitted with it, then it is scheduled and does not run", async () => {
    const [{ stdout }, later] = await Promise.all([
      world.run(["submit", "hello", "--delay", "1h", "-o", "json"]),
      world.run(["submit", "hello", "--id", "later", "--run-at", "2999-01-01T00:00:00Z"]),
    ]);
    expect(later).toMatchObject({ code: 0, stdout: "later\n" });
    const { id }: { id: string } = JSON.parse(stdout);
    await world.run(["submit", "hello", "--wait"]);
    expect([(await jobOf(id)).state, (await jobOf("later")).state]).toEqual(["scheduled", "scheduled"]);
  });

  test("given a template that only the scheduler knows, when a job is submitted by it, then the job has its type and params", async () => {
    const { code, stdout } = await world.run(["submit", "--template", "nightly", "--wait", "-o", "json"]);
    expect(code).toBe(0);
    const job = jobShape.parse(JSON.parse(stdout));
    expect(job).toMatchObject({ type: "hello", params: { name: "night" }, state: "completed" });
    expect(job.id).toMatch(/^j\d+-0$/);
  });

  test("given a template of the configuration, when a job is submitted by it, then its subject names the template's type", async () => {
    await writeFile(
      join(world.folder, "known.yaml"),
      "types: {hello: {runner: nats}}\ntemplates: {nightly: {type: hello}}\n",
    );
    const { stdout } = await world.run(["submit", "--template", "nightly", "--config", "known.yaml"]);
    expect(stdout).toMatch(/^j\d+\n$/);
  });
});

describe("submit --wait", () => {
  test("given a job that completes, when it is waited for, then the result is on standard output and the exit code is 0", async () => {
    const { code, stdout, stderr } = await world.run(["submit", "hello", "--id", "waited", "--wait"]);
    expect(code).toBe(0);
    expect(stdout).toBe('waited\n{\n  "greeting": "hello world"\n}\n');
    expect(stderr).toContain("waited completed after");
  });

  test.each([
    ["fails", "failed after", "it is broken"],
    ["nonesuch", "was rejected after", "configured types: fails, hello"],
    ["skips", "was skipped after", "nothing to do"],
  ])(
    "given a job of type %s, when it is waited for, then the exit code is 1 and the reason is told",
    async (type, how, why) => {
      const { code, stdout, stderr } = await world.run(["submit", type, "--wait"]);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^j\d+\n$/);
      expect(stderr).toContain(how);
      expect(stderr).toContain(why);
      expect(stderr).not.toMatch(/^\s+at /m);
    },
  );

  test("given a job that runs on, when the wait ends by a signal, then the exit code says so and the job goes on", async () => {
    const waiting = world.start([
      "submit",
      "waits",
      "--id",
      "patient",
      "--params",
      '{"gate":"p"}',
      "--wait",
      "--follow",
    ]);
    await waiting.saw("stderr", "RunStarted");
    waiting.child.kill("SIGINT");
    const { code, stderr } = await waiting.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("patient goes on");
    expect((await jobOf("patient")).state).toBe("running");
    world.open("p");
  });

  test("given an id that exists, when it is submitted again and waited for, then the earlier job's end is told, and that it is one", async () => {
    await world.run(["submit", "hello", "--id", "twice", "--params", '{"name":"first"}', "--wait"]);
    const again = await world.run(["submit", "hello", "--id", "twice", "--params", '{"name":"second"}', "--follow"]);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("hello first");
    expect(again.stderr).toContain("there is a job twice already");
  });

  test("given a job that talks, when it is followed, then its tokens are on standard error and its text on standard output", async () => {
    const { code, stdout, stderr } = await world.run(["submit", "talks", "--id", "tale", "--follow"]);
    expect(code).toBe(0);
    expect(stdout).toBe("tale\nOnce upon a time\n");
    expect(stderr).toContain("Once upon a time");
    expect(stderr).toContain("RunCompleted");
  });
});

describe("submit refuses", () => {
  const big = JSON.stringify({ text: "x".repeat(600_000) });
  test.each([
    ["no type and no template", ["submit"], "name a job type"],
    ["a type that is no name", ["submit", "a.b"], "cannot be a job type"],
    ["broken JSON", ["submit", "hello", "--params", "{"], "--params: what was given is not JSON"],
    ["params that are no object", ["submit", "hello", "--params", "[1]"], "must be a JSON object"],
    ["empty params", ["submit", "hello", "--params", ""], "--params is empty"],
    ["a file that is not there", ["submit", "hello", "--params", "@nope.json"], "nope.json cannot be read"],
    ["an id that looks given", ["submit", "hello", "--id", "j42"], "looks like a default id"],
    ["a duration that is none", ["submit", "hello", "--delay", "soon"], "not a duration"],
    ["two beginnings", ["submit", "hello", "--delay", "1s", "--run-at", "2999-01-01T00:00:00Z"], "not both"],
    ["a priority out of range", ["submit", "hello", "--priority", "1001"], "from -1000 to 1000"],
    ["a resource without a number", ["submit", "hello", "--resource", "gpu=two"], "tag=units"],
    ["a label without a value", ["submit", "hello", "--label", "book"], "key=value"],
  ])("given %s, then nothing is sent, the exit code is 2 and the reason is told", async (_what, args, reason) => {
    const { last } = await intakeEnd();
    const { code, stdout, stderr } = await world.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
    expect((await intakeEnd()).last).toBe(last);
  });

  test("given more params than are taken, then nothing is sent, and the limit is told", async () => {
    const { code, stderr } = await world.run(["submit", "hello", "--params", "-"], { input: big });
    expect(code).toBe(2);
    expect(stderr).toContain("at most 524288 are taken");
  });
});

/** The intake's last sequence, by a submission's own id: the next default id tells it. */
async function intakeEnd(): Promise<{ last: number }> {
  const { connect } = await import("../../src/nats/door.js");
  const nc = await connect({ servers: world.server.url });
  const { state } = await (await nc.jetstreamManager()).streams.info("SIGNALBOX_INTAKE");
  await nc.close();
  return { last: state.last_seq };
}
