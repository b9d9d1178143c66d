/** `run`: what goes in and comes out of the command is untouched, its end is ours, and whoever waits is told what for. */

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type ReservationView, reservationsView } from "../../projections/views/views.js";
import { waitingText } from "../../src/cli/commands/run-waiting.js";
import { eventually } from "../embedded/folders.js";
import { type DirectRun, startRun } from "../support/direct-run.js";
import { PROGRAM } from "../support/program.js";
import { startWorld, type World } from "./world.js";

/** Of util-linux; it runs a command on a terminal of its own. */
const TERMINAL_MAKER = "script";
const ESCAPE = "\u001b";

let world: World;
beforeAll(async () => {
  world = await startWorld("limits: {resources: {ollama: 1, cpu: 2}}\n");
});
afterEach(async () => {
  // Whatever a test does, it leaves nothing reserved.
  expect(await reservations()).toEqual([]);
});
afterAll(() => world[Symbol.asyncDispose]());

const run = (...args: string[]): DirectRun => startRun(args, { natsUrl: world.server.url });
const reservations = (): Promise<readonly ReservationView[]> => world.scheduler.dispatcher.query(reservationsView);
const granted = (): Promise<string> =>
  eventually("a reservation is granted", async () => {
    return (await reservations()).find(({ state }) => state === "granted")?.id ?? null;
  });

/** A scheduler that has just started gives everybody a fresh lease, and then takes back what nobody renews. */
const untilExpired = (): Promise<true> =>
  eventually("it leads, and nothing is reserved any more", async () =>
    world.scheduler.dispatcher.leads && (await reservations()).length === 0 ? true : null,
  );

/** The same, without waiting for the lease. */
async function giveBack(): Promise<void> {
  await eventually("it leads", () => (world.scheduler.dispatcher.leads ? true : null));
  for (const { id } of await reservations()) await world.command("release", { id });
}

/** Somebody who holds the slot of ollama until the returned function is called. */
async function hold(): Promise<{ readonly id: string; release(): Promise<void> }> {
  const holder = run("--resource", "ollama=1", "--", "cat");
  const id = await granted();
  return {
    id,
    release: async () => {
      holder.stdin.end();
      expect(await holder.ended).toBe(0);
    },
  };
}

describe("what passes through", () => {
  test("given bytes on standard input, when the command copies them, then the same bytes come out, and the exit code is its own", async () => {
    const bytes = randomBytes(2_000_000);
    const copying = run("--resource", "cpu=1", "--", "sh", "-c", "cat; echo said >&2; exit 7");
    copying.stdin.end(bytes);
    expect(await copying.ended).toBe(7);
    expect(copying.stdout().equals(bytes)).toBe(true);
    expect(copying.stderr()).toBe("said\n");
  });

  test.each([
    ["TERM", 143],
    ["KILL", 137],
    ["INT", 130],
  ])("given a command that SIG%s kills, when it has ended, then the exit code is %i", async (name, code) => {
    expect(await run("--resource", "cpu", "--", "sh", "-c", `kill -${name} $$`).ended).toBe(code);
  });

  test("given arguments that look like options, when they are behind --, then the command gets them as they are, without a shell", async () => {
    const argv = ["printf", "%s|", "--help", "-o", "json", "--", "$HOME", "a b", "", "*"];
    const printing = run("--resource", "cpu=1", "--", ...argv);
    expect(await printing.ended).toBe(0);
    expect(printing.stdout().toString()).toBe("--help|-o|json|--|$HOME|a b||*|");
  });

  test("given it runs, when it looks at its environment, then it finds its reservation and its grant, which grows", async () => {
    const told = async () => {
      const telling = run(
        "--resource",
        "cpu=1",
        "--",
        "printenv",
        "SIGNALBOX_RESERVATION",
        "SIGNALBOX_RESERVATION_GRANT",
      );
      expect(await telling.ended).toBe(0);
      return telling.stdout().toString();
    };
    const [first, second] = [await told(), await told()];
    expect(first).toMatch(/^run-[0-9a-f]{12}\n\d+\n$/);
    expect(Number(second.split("\n")[1])).toBeGreaterThan(Number(first.split("\n")[1]));
  });

  test("given a reader that has seen enough, when the command writes on, then its end is what is told, and the slot is given back", async () => {
    const line = `{ '${process.execPath}' '${PROGRAM}' run --resource cpu=1 -- yes; echo "code $?" >&2; } | head -n 2`;
    const { PATH = "", HOME = "" } = process.env;
    const piping = spawn("sh", ["-c", line], { env: { PATH, HOME, NATS_URL: world.server.url } });
    const [out, err] = await Promise.all([text(piping.stdout), text(piping.stderr)]);
    expect({ out, err }).toEqual({ out: "y\ny\n", err: "code 141\n" });
  });

  test("given it is told to end, when its command takes its time for that, then the signal is passed on and its exit code is told", async () => {
    const patient = run(
      "--resource",
      "cpu=1",
      "--",
      "sh",
      "-c",
      'trap "echo ending; exit 3" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await eventually("it is ready", () => (patient.stdout().includes("ready") ? true : null));
    patient.signal("SIGTERM");
    expect(await patient.ended).toBe(3);
    expect(patient.stdout().toString()).toBe("ready\nending\n");
  });

  test("given no terminal, when only it is interrupted, then the signal is passed on", async () => {
    const interrupted = run(
      "--resource",
      "cpu=1",
      "--",
      "sh",
      "-c",
      'trap "exit 4" INT; echo ready; while :; do sleep 0.05; done',
    );
    await eventually("it is ready", () => (interrupted.stdout().includes("ready") ? true : null));
    interrupted.signal("SIGINT");
    expect(await interrupted.ended).toBe(4);
  });
});

describe("the end of the command", () => {
  test("given no scheduler answers, when it is to be told, then the exit code is the command's, and it says when the slot is free", async () => {
    const untold = run("--resource", "cpu=1", "--lease", "2s", "--", "sh", "-c", "echo begun; cat; exit 9");
    await eventually("it runs", () => (untold.stdout().includes("begun") ? true : null));
    await world.scheduler.stop();
    untold.stdin.end();
    const code = await untold.ended;
    // Where all of that took longer than the lease, the command may have run beyond it, and that is told instead.
    if (code === 9)
      expect(untold.stderr()).toMatch(/no scheduler answers: the slots of run-\w+ are free when its lease of 2 s/);
    else expect({ code, stderr: untold.stderr() }).toEqual({ code: 1, stderr: expect.stringMatching(/lost|ended/) });
    await world.startAgain();
    await untilExpired();
  });

  test("given no scheduler answers, when a signal comes after the command's end, then it ends at once", async () => {
    const untold = run("--resource", "cpu=1", "--lease", "9s", "--", "sh", "-c", "echo begun; cat; echo over");
    await eventually("it runs", () => (untold.stdout().includes("begun") ? true : null));
    await world.scheduler.stop();
    untold.stdin.end();
    await eventually("its command is over", () => (untold.stdout().includes("over") ? true : null));
    let code: number | null | undefined;
    void untold.ended.then((told) => {
      code = told;
    });
    await eventually("it has ended", () => {
      untold.signal("SIGTERM");
      return code === undefined ? null : true;
    });
    expect(code).toBe(143);
    await world.startAgain();
    await giveBack();
  });
});

describe("what cannot be run", () => {
  test("given no such program, then the exit code is 127, and nothing was reserved for it", async () => {
    const before = (await world.run(["log", "tail"])).stdout;
    const { code, stderr } = await world.run(["run", "--resource", "ollama=1", "--", "nonesuch", "x"]);
    expect(code).toBe(127);
    expect(stderr).toContain('there is no program "nonesuch"');
    expect((await world.run(["log", "tail"])).stdout).toBe(before);
  });

  test("given a program that the system refuses to start, then the exit code says so, and the slot is given back", async () => {
    const broken = join(world.folder, "broken");
    await writeFile(broken, "#!/nonesuch/interpreter\n");
    await chmod(broken, 0o755);
    const { code, stderr } = await world.run(["run", "--resource", "ollama=1", "--", broken]);
    expect([126, 127]).toContain(code);
    expect(stderr).toContain(broken);
    expect((await world.run(["log", "tail"])).stdout).toMatch(/ReservationReleased.*\n$/);
  });

  test.each([
    [["run"], "missing required argument 'argv'"],
    [["run", "--resource", "ollama=1", "--"], "missing required argument 'argv'"],
    [["run", "--", ""], "name is empty"],
    [["run", "ls", "-l"], "-- ls -l"],
    [["run", "--resource", "gpu=1", "--", "true"], "configured pools: cpu, ollama"],
    [["run", "--resource", "ollama=2", "--", "true"], "the pool's capacity is 1"],
    [["run", "--resource", "ollama=x", "--", "true"], "tag=units"],
    [["run", "--lease", "5x", "--", "true"], "500ms, 30s"],
    [["run", "--lease", "1ms", "--", "true"], "from 500ms to 1d"],
    [["run", "-o", "json", "--", "true"], "the command's own"],
    [["run", "--log", "x.jsonl", "--", "true"], "needs a server"],
  ])("given %j, then it is wrong usage, and told why", async (args, reason) => {
    const { code, stdout, stderr } = await world.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
  });
});

describe("whoever waits", () => {
  test("given no terminal, when the slot is held, then a line says by whom, once, and another that it is granted", async () => {
    const holder = await hold();
    const waiting = run("--resource", "ollama=1", "--", "echo", "done");
    await eventually("it is told", () => (waiting.stderr().includes("\n") ? true : null));
    expect((await world.run(["slots"])).stdout).toMatch(
      new RegExp(`resource:ollama +1 +1 +0 +0 \\+ 1 direct +${holder.id} \\(direct, `),
    );
    expect((await world.run(["reservations"])).stdout).toMatch(
      new RegExp(`${holder.id} +granted .*\\n.* waiting .*position 1, resource:ollama held by ${holder.id} for`),
    );
    await holder.release();
    expect(await waiting.ended).toBe(0);
    expect(waiting.stdout().toString()).toBe("done\n");
    expect(waiting.stderr()).toMatch(
      new RegExp(`^position 1, resource:ollama held by ${holder.id}\\ngranted after \\d[\\w .]*\\n$`),
    );
  });

  test("given --quiet, when it waits and is granted, then nothing is said", async () => {
    const holder = await hold();
    const waiting = run("--quiet", "--resource", "ollama=1", "--", "true");
    await eventually("it waits", async () => ((await reservations()).length === 2 ? true : null));
    await holder.release();
    expect(await waiting.ended).toBe(0);
    expect(waiting.stderr()).toBe("");
  });

  test("given --wait-max, when it is not its turn in time, then it gives up with exit code 1 and its place is given back", async () => {
    const holder = await hold();
    const waiting = run("--wait-max", "300ms", "--resource", "ollama=1", "--", "true");
    expect(await waiting.ended).toBe(1);
    expect(waiting.stderr()).toContain("not its turn within 300 ms: the place was given back");
    expect((await reservations()).map(({ id }) => id)).toEqual([holder.id]);
    await holder.release();
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("given %s, when it waits, then its place is given back and the exit code is %i", async (name, code) => {
    const holder = await hold();
    const waiting = run("--resource", "ollama=1", "--", "true");
    await eventually("it is told", () => (waiting.stderr().includes("\n") ? true : null));
    waiting.signal(name);
    expect(await waiting.ended).toBe(code);
    expect(waiting.stderr()).toContain("the place in the line was given back");
    expect((await reservations()).map(({ id }) => id)).toEqual([holder.id]);
    await holder.release();
  });

  test("given limits without a pool for it, when it is run, then it is told that it takes no slots", async () => {
    const { code, stderr } = await world.run(["run", "--", "true"]);
    expect(code).toBe(0);
    expect(stderr).toBe("the limits have no pool for this: it takes no slots, and waits for nobody\n");
  });
});

describe("on a terminal", () => {
  /** Runs `signalbox run <rest>` on a terminal; null if this machine cannot make one. */
  function onTerminal(rest: string) {
    const { PATH = "", HOME = "" } = process.env;
    const env = { PATH, HOME, TERM: "xterm-256color", NATS_URL: world.server.url };
    const line = `stty cols 70 rows 20; exec '${process.execPath}' '${PROGRAM}' run ${rest}`;
    const maker = spawn(TERMINAL_MAKER, ["-qec", line, "/dev/null"], { env, cwd: world.folder });
    onTestFinished(() => void maker.kill("SIGKILL"));
    let shown = "";
    maker.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      shown += chunk;
    });
    const ended = new Promise<number | "missing">((resolve) => {
      maker.once("error", () => resolve("missing"));
      maker.once("close", (code) => resolve(code ?? -1));
    });
    return {
      stdin: maker.stdin,
      shown: () => shown,
      ended,
      started: once(maker, "spawn").then(
        () => true,
        () => false,
      ),
    };
  }
  const NO_TERMINAL = "this machine has no `script` (util-linux) to make a terminal with";

  test("given it waits, when time passes, then one line is redrawn in place, with how long it has been held, and is gone at last", async ({
    skip,
  }) => {
    const holder = await hold();
    const waiting = onTerminal("--resource ollama=1 -- tty");
    if (!(await waiting.started)) await holder.release();
    skip(!(await waiting.started), NO_TERMINAL);
    const drawn = () => waiting.shown().match(new RegExp(`\\r${ESCAPE}\\[2K[^\\r\\n]+`, "g")) ?? [];
    await eventually("the line was drawn with two times", () => (new Set(drawn()).size >= 2 ? true : null));
    const lines = drawn();
    const plain = (line: string) => line.replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*[A-Za-z]|\\r`, "g"), "");
    for (const line of lines)
      expect(plain(line)).toMatch(new RegExp(`^position 1, resource:ollama held by ${holder.id} for \\d[\\d.]* m?s$`));
    await holder.release();
    expect(await waiting.ended).toBe(0);
    expect(waiting.shown()).not.toMatch(/held by[^\r]*\n/);
    expect(waiting.shown()).toMatch(
      new RegExp(`\\r${ESCAPE}\\[2K[^\\r\\n]*granted after .*\\r\\n/dev/pts/\\d+\\r\\n$`),
    );
  });

  test("given Ctrl-C, when the command runs, then the command gets it once, from the terminal and not from us as well", async ({
    skip,
  }) => {
    const counter = [
      "let got = 0;",
      "process.on('SIGINT', () => console.log('got ' + ++got));",
      "process.stdin.on('data', (data) => { if (String(data).includes('stop')) process.exit(40 + got); });",
      "console.log('ready');",
    ];
    await writeFile(join(world.folder, "counter.cjs"), counter.join("\n"));
    const running = onTerminal(`--resource cpu=1 -- '${process.execPath}' counter.cjs`);
    skip(!(await running.started), NO_TERMINAL);
    await eventually("it is ready", () => (running.shown().includes("ready") ? true : null));
    // Two signals that come at once count as one: so often that does not happen.
    for (let count = 1; count <= 20; count += 1) {
      running.stdin.write("\u0003");
      await eventually(`it has got ${count}`, () => (running.shown().includes(`got ${count}`) ? true : null));
    }
    running.stdin.write("stop\n");
    expect(await running.ended).toBe(60);
  });
});

describe("the text about the waiting", () => {
  const block = { pool: "resource:cpu", capacity: 2, used: 2, needs: 1, paused: false, holders: [], ahead: [] };
  const since = "2026-01-01T00:00:00.000Z";
  const held = (...ids: string[]) => ids.map((id) => ({ id, since }));
  test.each<[string, Partial<ReservationView>]>([
    ["position 1", { place: 1, blockedBy: [] }],
    ["position 2, resource:cpu held by j1 for 12 s", { place: 2, blockedBy: [{ ...block, holders: held("j1") }] }],
    [
      "position 1, resource:cpu held by a b c and 2 more for 12 s",
      { place: 1, blockedBy: [{ ...block, holders: held("a", "b", "c", "d", "e") }] },
    ],
    ["position 3, resource:cpu kept for r1 r2", { place: 3, blockedBy: [{ ...block, used: 0, ahead: ["r1", "r2"] }] }],
    ["position 1, resource:cpu is paused", { place: 1, blockedBy: [{ ...block, paused: true, holders: held("j1") }] }],
    [
      "position 1, resource:cpu has 2 of the 3 that it needs, since the limits changed",
      { place: 1, blockedBy: [{ ...block, needs: 3 }] },
    ],
  ])("is %j", (told, view) => {
    const whole = {
      id: "r",
      state: "waiting",
      holder: "",
      leaseMs: 1,
      requestedAt: since,
      demand: {},
      grant: null,
      since: null,
    };
    expect(waitingText({ ...whole, ...view } as ReservationView, Date.parse(since) + 12_000)).toBe(told);
  });
});
