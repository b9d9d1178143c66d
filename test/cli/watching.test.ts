/** --watch: on a terminal the answer is redrawn in place, elsewhere it is a line of JSON for each change; Ctrl-C ends both. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROGRAM } from "../support/program.js";
import { PseudoTerminal } from "../support/pseudo-terminal.js";
import { startWorld, type World } from "./world.js";

let world: World;
beforeAll(async () => {
  world = await startWorld("limits: {global: 1}\n");
});
afterAll(() => world[Symbol.asyncDispose]());

const onTerminal = (line: string, size = { columns: 100, rows: 12 }): PseudoTerminal =>
  new PseudoTerminal({
    command: `'${process.execPath}' '${PROGRAM}' ${line}`,
    folder: world.folder,
    size,
    env: { NATS_URL: world.server.url },
  });

describe("on a terminal", () => {
  test("given a job, when it starts and ends, then the jobs are redrawn in place, and Ctrl-C leaves everything as it was", async () => {
    await using terminal = onTerminal("jobs --watch --type waits");
    await terminal.shows("no jobs");
    await terminal.shows("Ctrl-C ends");
    await world.submit("waits", { id: "seen", params: { gate: "seen" } });
    await terminal.shows(/^JOB .*\nseen +waits +running/m);
    expect(terminal.isAlternate).toBe(true);
    world.open("seen");
    await terminal.shows(/^JOB .*\nseen +waits +completed/m);
    terminal.press("\u0003");
    expect(await terminal.ended).toBe(0);
    expect(terminal.isAlternate).toBe(false);
    expect(terminal.raw.lastIndexOf("\u001b[?25h")).toBeGreaterThan(terminal.raw.lastIndexOf("\u001b[?25l"));
  });

  test("given more than fits, when it is shown, then the rest is counted, and shown when the terminal grows", async () => {
    await using terminal = onTerminal("health --watch", { columns: 100, rows: 6 });
    await terminal.shows("… 3 more lines");
    await terminal.resize({ columns: 100, rows: 12 });
    await terminal.shows(/^answers +the leader[\s\S]*^jobs /m);
    terminal.press("q");
    expect(await terminal.ended).toBe(0);
  });

  test("given something that is not announced, when it changes, then it is seen all the same", async () => {
    await using terminal = onTerminal("limits --watch");
    await terminal.shows(/^global +1$/m);
    await world.run(["limits", "set", "maxOvertakes=7"]);
    await terminal.shows(/^maxOvertakes +7$/m);
    terminal.press("q");
    expect(await terminal.ended).toBe(0);
  });

  test("given a pool that is not there, then it is an error where the command was typed, and no screen", async () => {
    await using terminal = onTerminal("queue --watch --pool nonesuch");
    await terminal.shows("there is no pool nonesuch");
    expect(await terminal.ended).toBe(3);
    expect(terminal.raw).not.toContain("\u001b[?1049h");
  });
});

describe("without a terminal", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "given a change, then each answer is a line of JSON, one that stays the same is not repeated, and %s ends it",
    async (signal) => {
      const id = `line-${signal}`;
      const running = world.start(["jobs", "--watch", "--type", "waits", "--state", "running,queued"]);
      await running.saw("stdout", "[]\n");
      await world.submit("waits", { id, params: { gate: id } });
      await running.saw("stdout", `"id":"${id}"`);
      world.open(id);
      await running.saw("stdout", "]\n[]\n");
      running.child.kill(signal);
      const { code, stdout, stderr } = await running.ended;
      expect({ code, stderr }).toEqual({ code: signal === "SIGINT" ? 130 : 143, stderr: "" });
      const lines = stdout.trimEnd().split("\n");
      for (const line of lines) expect(Array.isArray(JSON.parse(line))).toBe(true);
      expect(lines.filter((line, index) => line === lines[index - 1])).toEqual([]);
      expect(lines.at(0)).toBe("[]");
      expect(lines.at(-1)).toBe("[]");
    },
  );

  test("given a scheduler that stops, then the ledger is read instead, and the watch goes on with the next one", async () => {
    const running = world.start(["health", "--watch", "-o", "jsonl"]);
    await running.saw("stdout", '"role":"leader"');
    await world.scheduler.stop();
    await running.saw("stdout", '"role":"reader"');
    await world.startAgain();
    await running.saw("stdout", '"epoch":2');
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("read from the ledger");
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
