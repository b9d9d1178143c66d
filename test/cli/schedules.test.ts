/** Schedules on the command line, against a real scheduler. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { commandAnswer, job as jobShape, schedule as scheduleShape } from "./contract-shapes.js";
import { startWorld, type World } from "./world.js";

let world: World;
beforeAll(async () => {
  world = await startWorld(
    [
      "limits: {global: 3}",
      "templates:",
      "  nightly: {type: hello, params: {name: night}, labels: {by: clock}}",
      "schedules:",
      '  digest: {template: nightly, cron: "0 6 * * *", timezone: Europe/Berlin}',
      "",
    ].join("\n"),
  );
});
afterAll(() => world[Symbol.asyncDispose]());

const schedules = async () =>
  z.array(scheduleShape).parse(JSON.parse((await world.run(["schedule", "ls", "-o", "json"])).stdout));
const scheduleOf = async (name: string) => (await schedules()).find((one) => one.name === name);
const set = (name: string, ...more: readonly string[]) =>
  world.run(["schedule", "set", name, "--template", "nightly", ...more]);

describe("schedules", () => {
  test("given one in the configuration, when schedules are listed, then with its next time as such and from now", async () => {
    expect(await scheduleOf("digest")).toMatchObject({
      template: "nightly",
      cron: "0 6 * * *",
      timezone: "Europe/Berlin",
      missed: "skip",
      enabled: true,
      source: "configuration",
      fired: 0,
      lastAt: null,
    });
    const { stdout } = await world.run(["schedule", "ls"]);
    expect(stdout).toMatch(/^SCHEDULE\s+NEXT\s+TEMPLATE\s+CRON\s+ZONE\s+LAST\s+FIRED\s+MISSED\s+IF MISSED\s+SOURCE$/m);
    expect(stdout).toMatch(
      /^digest\s+\d{4}-\d\d-\d\dT0[45]:00:00\.000Z \(in [^)]+\)\s+nightly\s+0 6 \* \* \*\s+Europe\/Berlin\s+–\s+0\s+0\s+skip\s+configuration$/m,
    );
  });

  test("given a schedule that is set, when it is set again to the same, then nothing is recorded; set to something else it is changed", async () => {
    const first = await set("weekly", "--cron", "30 7 * * MON", "--timezone", "America/New_York");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(
      /^set weekly, recorded at \d+\.\d+; next firing \S+T1[12]:30:00\.000Z \(in [^)]+\)\n$/,
    );
    const again = await set("weekly", "--cron", "30 7 * * MON", "--timezone", "America/New_York");
    expect(again.stdout).toBe("weekly is so already\n");
    const changed = await set("weekly", "--cron", "0 8 * * *", "--missed", "catch-up-one", "--disabled", "-o", "json");
    expect(commandAnswer.parse(JSON.parse(changed.stdout)).position).not.toBeNull();
    // Set as a whole: what is not said is the default.
    expect(await scheduleOf("weekly")).toMatchObject({
      cron: "0 8 * * *",
      timezone: "UTC",
      missed: "catch-up-one",
      enabled: false,
      source: "command",
      nextAt: null,
    });
    expect((await world.run(["schedule", "ls"])).stdout).toMatch(/^weekly\s+disabled\s/m);
  });

  test("given a schedule, when it is disabled, enabled, triggered and removed, then each is told once, and jobs stay", async () => {
    await set("often", "--cron", "0 0 1 1 *");
    expect((await world.run(["schedule", "disable", "often"])).stdout).toMatch(/^disabled often, recorded at/);
    expect((await world.run(["schedule", "disable", "often"])).stdout).toBe("often is disabled already\n");
    const triggered = await world.run(["schedule", "trigger", "often"]);
    expect(triggered).toMatchObject({ code: 0, stderr: "" });
    const id = triggered.stdout.trim();
    expect(id).toMatch(/^often-by-hand-\d{8}T\d{6}Z-\d{3}$/);
    expect((await world.run(["schedule", "enable", "often"])).stdout).toMatch(/^enabled often, recorded at/);
    expect((await world.run(["schedule", "enable", "often"])).stdout).toBe("often is enabled already\n");
    expect(await scheduleOf("often")).toMatchObject({ fired: 1, lastJob: id, enabled: true });
    expect((await world.run(["schedule", "rm", "often"])).stdout).toMatch(/^removed often, recorded at/);
    expect(await scheduleOf("often")).toBeUndefined();
    const job = jobShape.parse(JSON.parse((await world.run(["job", id, "-o", "json"])).stdout));
    expect(job).toMatchObject({ type: "hello", params: { name: "night" }, labels: { by: "clock" } });
  });
});

describe("what is wrong with a schedule", () => {
  test("given options that are wrong, when it is set, then all of them are told before anything is sent, and the exit code is 2", async () => {
    const { stdout: before } = await world.run(["health", "-o", "json"]);
    const { code, stdout, stderr } = await world.run(
      ["schedule", "set", "bad", "--template", "not.good", "--cron", "61 * * * *", "--timezone", "Mars/Base"],
      // No server is asked: there is none here.
      { env: { NATS_URL: "nats://127.0.0.1:1" } },
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("--template is not a valid name");
    expect(stderr).toContain('--cron "61" is not valid as minute: allowed are * and 0 to 59');
    expect(stderr).toContain("--timezone is not a known time zone");
    const { stdout: after } = await world.run(["health", "-o", "json"]);
    expect(JSON.parse(after).position).toBe(JSON.parse(before).position);
  });

  test.each<[readonly string[], number, string]>([
    [["schedule", "set", "s", "--cron", "0 6 * * *"], 2, "required option '--template <name>' not specified"],
    [["schedule", "set", "s", "--template", "nightly"], 2, "required option '--cron <expression>' not specified"],
    [["schedule", "set", "s", "--template", "nightly", "--cron", "0 6 * *"], 2, "must have five fields"],
    [["schedule", "set", "s", "--template", "nightly", "--cron", "5/15 * * * *"], 2, '"5/15" is not valid as minute'],
    [["schedule", "set", "s", "--template", "nightly", "--cron", "0 0 31 6 *"], 2, "never comes true"],
    [
      ["schedule", "set", "s", "--template", "nightly", "--cron", "* * * * *", "--missed", "some"],
      2,
      "Allowed choices are",
    ],
    [["schedule", "set", "a.b", "--template", "nightly", "--cron", "* * * * *"], 2, "A name is up to 64 letters"],
    [["schedule", "set", "s", "--template", "nigthly", "--cron", "* * * * *"], 1, "configured templates: nightly"],
    [["schedule", "trigger", "nobody"], 3, "there is no schedule nobody"],
    [["schedule", "enable", "constructor"], 3, "there is no schedule constructor"],
    [["schedule", "rm", "nobody"], 3, "there is no schedule nobody"],
    [["schedule", "start", "digest"], 2, "unknown command 'start'"],
  ])("given %j, then the exit code is %i and it is said what is wrong", async (args, exit, told) => {
    const { code, stdout, stderr } = await world.run(args);
    expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
    expect(stderr).toContain(told);
  });
});
