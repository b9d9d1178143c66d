/** The library: a scheduler inside a program, on real servers; and the example of the documentation, run as it stands. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NotRetryable, ReservationLost, SignalboxOptionsError, startSignalbox } from "../src/index.js";
import { connect } from "../src/nats/door.js";
import { untilNoneWith } from "./cli/processes.js";
import { startNatsServer } from "./support/nats-server.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const EXAMPLE_MS_MAX = 20_000;
const EXAMPLES_MS_MAX = 60_000;

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-library-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** The blocks of a language in a Markdown text, in their order. */
const blocksOf = (text: string, language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, block = ""]) => block);

/** What a program without types may pass: in this one, the compiler would say it. */
const WRONG_OPTIONS: readonly (readonly [string, object, RegExp])[] = [
  [
    "a misspelt key",
    { types: { a: { run: () => 1, timeot: "1s" } } },
    /types\.a\.timeot: unknown key; did you mean timeout/,
  ],
  ["a limit that is none", { limits: { global: 0 } }, /limits\.global: must be a positive whole number/],
  ["a limit of an unknown type", { limits: { types: { b: 1 } } }, /limits\.types\.b: unknown type/],
  [
    "a tag without a pool",
    { types: { a: { run: () => 1, resources: { gpu: 1 } } }, limits: { resources: { cpu: 1 } } },
    /gpu: names no pool/,
  ],
  ["an address that is none", { nats: "http://x" }, /must be an address such as nats:/],
  ["a file that is not there", { config: "nowhere.yaml" }, /nowhere\.yaml/],
];

describe("the library", () => {
  test(
    "given the examples of docs/library.md, when each is run as it stands, then it prints what the page says, ends by itself and leaves no process",
    async () => {
      const text = await readFile(join(root, "docs/library.md"), "utf8");
      const [examples, outputs] = [blocksOf(text, "ts"), blocksOf(text, "text")];
      expect(examples.length).toBeGreaterThan(1);
      expect(outputs).toHaveLength(examples.length);
      // Below the package, so that "signalbox" is this package; its store is elsewhere.
      const place = await mkdtemp(join(root, "dist", "library-example-"));
      try {
        for (const [index, example] of examples.entries()) {
          const cwd = join(folder, String(index));
          await mkdir(cwd);
          await writeFile(join(place, "example.mjs"), example);
          const { PATH = "", HOME = "" } = process.env;
          const options = { cwd, timeout: EXAMPLE_MS_MAX, env: { PATH, HOME, TMPDIR: folder } };
          const ran = await promisify(execFile)(process.execPath, [join(place, "example.mjs")], options);
          expect(ran).toEqual({ stdout: outputs[index], stderr: "" });
          await untilNoneWith(folder);
        }
      } finally {
        await rm(place, { recursive: true, force: true });
      }
    },
    EXAMPLES_MS_MAX,
  );

  test("given functions as types, when jobs are submitted, then each ends as its function says", async () => {
    await using server = await startNatsServer();
    await using box = await startSignalbox({
      nats: server.url,
      limits: { global: 3 },
      types: {
        sum: (params) => ({ sum: Number(params["a"]) + Number(params["b"]) }),
        skips: () => ({ outcome: "skipped", reason: "nothing new" }),
        breaks: () => {
          throw new NotRetryable("it cannot work");
        },
        flaky: {
          backoff: { base: 1 },
          maxAttempts: 2,
          run: (_params, run) => {
            if (run.attempt === 1) throw new Error("not yet");
            return run.attempt;
          },
        },
      },
    });
    const sum = await box.submit("sum", { a: 2, b: 3 }, { id: "two-and-three", labels: { book: "9" } });
    const [skips, breaks, flaky] = [await box.submit("skips"), await box.submit("breaks"), await box.submit("flaky")];
    expect(await sum.ended).toMatchObject({
      id: "two-and-three",
      state: "completed",
      result: { sum: 5 },
      labels: { book: "9" },
    });
    expect(await skips.ended).toMatchObject({ state: "skipped", reason: "nothing new" });
    expect(await breaks.ended).toMatchObject({ state: "failed", attempt: 1 });
    expect(await flaky.ended).toMatchObject({ state: "completed", result: 2, attempt: 2, maxAttempts: 2 });
  });

  test("given an id that has ended, when it is submitted again, then nothing runs again and its end is told again", async () => {
    await using server = await startNatsServer();
    let runs = 0;
    await using box = await startSignalbox({ nats: server.url, types: { counts: () => ++runs } });
    expect(await (await box.submit("counts", {}, { id: "once" })).ended).toMatchObject({ result: 1 });
    expect(await (await box.submit("counts", {}, { id: "once" })).ended).toMatchObject({ result: 1 });
    expect(runs).toBe(1);
  });

  test("given many jobs and a limit, when they run, then no more than the limit at once, and every one ends", async () => {
    await using server = await startNatsServer();
    let now = 0;
    let most = 0;
    await using box = await startSignalbox({
      nats: server.url,
      limits: { resources: { cpu: 3 } },
      types: {
        works: {
          resources: { cpu: 1 },
          run: async () => {
            now += 1;
            most = Math.max(most, now);
            await new Promise((resolve) => setImmediate(resolve));
            now -= 1;
          },
        },
      },
    });
    const handles = await Promise.all(Array.from({ length: 200 }, (_, n) => box.submit("works", { n })));
    const ended = await Promise.all(handles.map(({ ended }) => ended));
    expect(ended.every(({ state }) => state === "completed")).toBe(true);
    expect(most).toBe(3);
  });

  test("given a running job, when the box is closed, then it ends within the grace and its handle is told", async () => {
    await using server = await startNatsServer();
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const box = await startSignalbox({
      nats: server.url,
      types: {
        waits: async () => {
          begin();
          await finished;
          return "in time";
        },
      },
    });
    const [first, second] = [await box.submit("waits"), await box.submit("waits")];
    await begun;
    const closed = box.close();
    finish();
    await closed;
    expect(await first.ended).toMatchObject({ state: "completed", result: "in time" });
    await expect(second.ended).rejects.toMatchObject({ code: "signalbox-closed" });
    await expect(box.submit("waits")).rejects.toThrow();
  });

  test("given a job that waits, when it is asked about and cancelled, then query and command are those of the contract", async () => {
    await using server = await startNatsServer();
    await using box = await startSignalbox({
      nats: server.url,
      types: {
        waits: (_params, run) => new Promise((resolve) => run.signal.addEventListener("abort", resolve)),
      },
      grace: 0,
    });
    const running = await box.submit("waits", {}, { id: "first" });
    const waiting = await box.submit("waits", {}, { id: "second" });
    await expect.poll(async () => (await box.query("jobs")).length).toBe(2);
    expect(await box.query("explain", { id: "second" })).toMatchObject({ verdict: "waiting" });
    await box.command("cancel", { id: "second", reason: "not needed" });
    expect(await waiting.ended).toMatchObject({ state: "cancelled", reason: "not needed" });
    await box.command("cancel", { id: "first" });
    expect(["cancelled", "completed"]).toContain((await running.ended).state);
  });

  test("given queued jobs, when the program reserves, then it goes before them, and they go on when it releases", async () => {
    await using server = await startNatsServer();
    const order: string[] = [];
    await using box = await startSignalbox({
      nats: server.url,
      types: { notes: { run: (params) => void order.push(String(params["name"])) } },
    });
    const slot = await box.reserve({ resources: {} });
    expect(slot).toMatchObject({ demand: { global: 1 }, leaseMs: 30_000 });
    const jobs = [await box.submit("notes", { name: "first" }), await box.submit("notes", { name: "second" })];
    const next = box.reserve({ resources: {}, lease: "5s" });
    await expect.poll(async () => (await box.query("reservations")).length).toBe(2);
    order.push("program");
    expect(await slot.release()).toBe("released");
    {
      await using held = await next;
      expect(held.leaseMs).toBe(5_000);
      expect(held.grant).toBeGreaterThan(slot.grant);
      order.push("program again");
    }
    await Promise.all(jobs.map(({ ended }) => ended));
    expect(order).toEqual(["program", "program again", "first", "second"]);
    expect(await slot.release()).toBe("released");
  });

  test("given a slot is held and another awaited, when the box is closed, then the one is released and the other told", async () => {
    await using server = await startNatsServer();
    const box = await startSignalbox({ nats: server.url, types: {} });
    const slot = await box.reserve({ resources: {} });
    const waiting = box.reserve({ resources: {} });
    await expect.poll(async () => (await box.query("reservations")).length).toBe(2);
    const closed = box.close();
    await expect(waiting).rejects.toMatchObject({ code: "signalbox-closed" });
    await closed;
    expect(await slot.release()).toBe("released");
    expect(slot.lost.aborted).toBe(false);
    await expect(box.reserve({ resources: {} })).rejects.toMatchObject({ code: "signalbox-closed" });
    await using again = await startSignalbox({ nats: server.url, types: {} });
    expect(await again.query("reservations")).toEqual([]);
  });

  test("given a slot, when somebody takes it away, or a lease or demand is wrong, then the program is told", async () => {
    await using server = await startNatsServer();
    await using box = await startSignalbox({ nats: server.url, types: {}, limits: { resources: { cpu: 1 } } });
    const slot = await box.reserve({ resources: { cpu: 1 } });
    await box.command("release", { id: slot.id });
    await expect.poll(() => slot.lost.reason).toBeInstanceOf(ReservationLost);
    expect(await slot.release()).toBe("gone");
    await expect(box.reserve({ resources: { gpu: 1 } })).rejects.toMatchObject({ code: "invalid" });
    await expect(box.reserve({ resources: {}, lease: "5x" })).rejects.toMatchObject({ code: "signalbox-options" });
  });

  test("given a plain publish by another client, when the box runs, then its functions take that job too", async () => {
    await using server = await startNatsServer();
    await using box = await startSignalbox({
      nats: { url: server.url },
      namespace: "other",
      types: { hello: () => "hi" },
    });
    const nc = await connect({ servers: box.url });
    await nc.jetstream().publish("other.submit.hello");
    await nc.close();
    await expect.poll(async () => (await box.query("job", { id: "j1" }).catch(() => null))?.state).toBe("completed");
  });

  test.each(WRONG_OPTIONS)(
    "given %s, when it is started, then all that is wrong is told at once and nothing is started",
    async (_what, options, text) => {
      const started = startSignalbox(Object.assign({ types: {} }, options));
      await expect(started).rejects.toBeInstanceOf(SignalboxOptionsError);
      await expect(started).rejects.toThrow(text);
    },
  );

  test("given a signalbox.yaml, when it is named, then its settings hold, and what the program says goes on top", async () => {
    await using server = await startNatsServer();
    const config = join(folder, "signalbox.yaml");
    await writeFile(
      config,
      "namespace: filed\nlimits: {types: {hello: 2, ours: 1}}\ntypes: {hello: {runner: command, argv: [no]}}\n",
    );
    await using box = await startSignalbox({
      config,
      nats: server.url,
      types: { hello: { run: () => "by code", priority: 4 }, ours: () => "ours" },
    });
    expect(box.namespace).toBe("filed");
    expect(await (await box.submit("hello")).ended).toMatchObject({ result: "by code", priority: 4 });
    expect(await box.query("limits")).toMatchObject({ limits: { types: { hello: 2, ours: 1 } } });
  });
});
