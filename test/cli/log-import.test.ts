/** `log import`: another namespace has the same ledger and gives the same answers; and a scheduler goes on with it only when asked to. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { loadConfiguration } from "../../src/config/index.js";
import { createLogger } from "../../src/logger.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { type Scheduler, startScheduler } from "../../src/scheduler.js";
import { LedgerWatch } from "../support/ledger-watch.js";
import { job as jobShape } from "./contract-shapes.js";
import { startWorld, type World } from "./world.js";

let world: World;
let nc: NatsConnection;
beforeAll(async () => {
  world = await startWorld("limits: {global: 2, types: {waits: 1}}\nlease: 1s\n");
  nc = await connect({ servers: world.server.url });
  // Of every kind one: ended well and badly, refused, scheduled, running, and waiting in their order.
  await world.submitToEnd("hello", { id: "done" });
  await world.submitToEnd("fails", { id: "broken" });
  await world.submitToEnd("nonesuch", { id: "refused" });
  await world.submit("hello", { id: "later", delay: "1h" });
  const runs = world.start(["submit", "waits", "--id", "runs", "--params", '{"gate":"never"}', "--follow"]);
  await runs.saw("stderr", "RunStarted");
  runs.child.kill("SIGINT");
  for (const id of ["second", "third"]) await world.submit("waits", { id, params: { gate: "open" } });
  await world.submit("waits", { id: "first", priority: 5, params: { gate: "open" } });
  world.open("open");
  expect((await world.run(["log", "export", "backup.jsonl"])).code).toBe(0);
});
afterAll(async () => {
  await nc.close();
  await world[Symbol.asyncDispose]();
});

let namespaces = 0;
const freshNamespace = (): string => `copy-${++namespaces}`;
const importInto = (namespace: string, ...more: string[]) =>
  world.run(["log", "import", "backup.jsonl", "--namespace", namespace, ...more]);
const exportLines = async (name = "backup.jsonl") =>
  (await readFile(join(world.folder, name), "utf8")).trimEnd().split("\n");
const streamOf = async (name: string) => (await (await nc.jetstreamManager()).streams.info(name)).state;

const TYPES = ["hello", "waits", "fails"];

/** A scheduler of this test on a namespace. */
async function schedulerOn(namespace: string): Promise<Scheduler> {
  const path = join(world.folder, "scheduler.yaml");
  const loaded = loadConfiguration({
    path,
    namespace,
    env: {},
    cwd: world.folder,
    typesInCode: ["hello", "waits", "fails"],
  });
  if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.problems));
  const scheduler = await startScheduler({
    connection: { servers: [world.server.url] },
    configuration: loaded.configuration,
    functions: new Map(TYPES.map((type) => [type, () => type])),
    log: createLogger("silent"),
  });
  onTestFinished(async () => {
    await scheduler.stop();
  });
  return scheduler;
}

describe("log import", () => {
  test("given an export, when it is imported into another namespace, then every question is answered as by the original", {
    timeout: 90_000,
  }, async () => {
    const namespace = freshNamespace();
    const { code, stdout, stderr } = await importInto(namespace);
    const entries = (await exportLines()).length - 1;
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    const { stateHash } = JSON.parse((await exportLines())[0] ?? "");
    expect(stderr).toBe(
      `imported ${entries} entries of namespace signalbox into ${namespace}\nstate hash ${stateHash}\n`,
    );
    const questions = [["slots"], ["jobs"], ["queue"], ["explain", "second"]];
    for (const id of ["done", "broken", "refused", "later", "runs", "first"]) questions.push(["job", id]);
    for (const question of questions) {
      const [original, copy] = await Promise.all([
        world.run([...question, "-o", "json"]),
        world.run([...question, "-o", "json", "--namespace", namespace]),
      ]);
      expect(original.code, question.join(" ")).toBe(0);
      expect(copy.stdout, question.join(" ")).toBe(original.stdout);
    }
    expect(JSON.parse((await world.run(["job", "runs", "-o", "json", "--namespace", namespace])).stdout).state).toBe(
      "running",
    );
  });

  test("given an imported ledger, when it is exported and verified, then it has the same positions and bytes", async () => {
    const namespace = freshNamespace();
    const imported = await importInto(namespace, "-o", "json");
    const [header = "", ...lines] = await exportLines();
    expect(JSON.parse(imported.stdout)).toEqual({
      file: "backup.jsonl",
      namespace,
      entries: lines.length,
      from: JSON.parse(header).stream,
      continues: false,
      stateHash: JSON.parse(header).stateHash,
    });
    await world.run(["log", "export", "copy.jsonl", "--namespace", namespace]);
    const withoutTime = (line: string) => line.replace(/"storedAt":"[^"]*"/, "");
    expect((await exportLines("copy.jsonl")).slice(1).map(withoutTime)).toEqual(lines.map(withoutTime));
    expect(await world.run(["log", "verify", "--namespace", namespace])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^all is right: \d+ entries/),
    });
  });

  test("given an imported ledger, when a scheduler is started on it, then it refuses, says how it could go on, and changes nothing", async () => {
    const namespace = freshNamespace();
    await importInto(namespace);
    const { ledgerStream } = subjectsOf(namespace);
    const before = await streamOf(ledgerStream);
    const { code, stderr } = await world.run(["up", "--namespace", namespace, "--log-level", "error"]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "the ledger was imported to be asked only (`log import --continue` lets a scheduler go on with one)",
    );
    expect((await streamOf(ledgerStream)).last_seq).toBe(before.last_seq);
    // Nobody is told that a job was taken which nobody will ever run.
    const other = freshNamespace();
    await importInto(other);
    const submitted = await world.run(["submit", "hello", "--namespace", other]);
    expect(submitted).toMatchObject({ code: 1, stderr: expect.stringContaining("nothing takes jobs of namespace") });
  });
});

describe("log import --continue", () => {
  test("given it, when a scheduler is started, then waiting jobs run in their order, lost runs are tried again, and new ids are new", async () => {
    const namespace = freshNamespace();
    const { code, stderr } = await importInto(namespace, "--continue");
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("a scheduler goes on with them"),
    });
    const watch = await LedgerWatch.open(nc, namespace);
    onTestFinished(() => watch.close());
    const before = (await exportLines()).length - 1;
    await watch.until("all is imported", () => watch.lines.length > before);
    const [replaced] = watch.ofType("IntakeReplaced");
    expect(replaced).toMatchObject({
      address: `${before + 1}.0`,
      fact: { reason: expect.stringMatching(/^imported from SIGNALBOX_LEDGER@.* of namespace signalbox/) },
    });
    await schedulerOn(namespace);
    const completed = () => watch.ofType("RunCompleted").filter(({ position }) => position > before);
    await watch.until("what waited has run", () => completed().length >= 3);
    expect(completed().map(({ fact }) => fact.job)).toEqual(["first", "second", "third"]);
    expect(watch.ofType("LeaseExpired")).toMatchObject([{ fact: { job: "runs", retryAt: expect.any(String) } }]);
    const submitted = await world.run(["submit", "hello", "--namespace", namespace]);
    const id = submitted.stdout.trim();
    expect(Number(id.slice(1))).toBeGreaterThan(1_000_000);
    await watch.until("the new job has run", () => completed().some(({ fact }) => fact.job === id));
    expect(watch.ofType("SubmissionDuplicated")).toEqual([]);
    expect(await world.run(["log", "verify", "--namespace", namespace])).toMatchObject({ code: 0 });
    const job = jobShape.parse(
      JSON.parse((await world.run(["job", "done", "-o", "json", "--namespace", namespace])).stdout),
    );
    expect(job).toMatchObject({ state: "completed", result: { greeting: "hello world" } });
  });

  test("given an intake that holds submissions, then it is refused, and neither stream is changed", async () => {
    const namespace = freshNamespace();
    const subjects = subjectsOf(namespace);
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({ name: subjects.intakeStream, subjects: [subjects.submit, subjects.submitAny] });
    await nc.jetstream().publish(`${subjects.submit}.hello`, "{}");
    const { code, stderr } = await importInto(namespace, "--continue");
    expect(code).toBe(1);
    expect(stderr).toContain("holds 1 messages that no scheduler has decided");
    expect(await streamOf(subjects.intakeStream)).toMatchObject({ messages: 1, last_seq: 1 });
    await expect(streamOf(subjects.ledgerStream)).rejects.toThrow("stream not found");
  });
});

describe("log import refuses", () => {
  const imports = (file: string, namespace: string) => world.run(["log", "import", file, "--namespace", namespace]);

  test("a namespace that has a ledger, and says what to do", async () => {
    const { code, stdout, stderr } = await imports("backup.jsonl", "signalbox");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /namespace signalbox has a ledger already, with \d+ entries\nImport into another --namespace/,
    );
    const namespace = freshNamespace();
    expect((await importInto(namespace)).code).toBe(0);
    expect((await importInto(namespace)).code).toBe(1);
  });

  test("a file in which something cannot be, and writes nothing of it", async () => {
    const text = (await exportLines()).join("\n");
    const lines = text.split("\n");
    const files = {
      "tampered.jsonl": text.replace('"RunCompleted","job":"done"', '"RunCompleted","job":"dnoe"'),
      "cut.jsonl": lines.slice(0, -1).join("\n"),
      "gap.jsonl": lines.filter((_line, index) => index !== 3).join("\n"),
      "none.jsonl": '{"hello":"world"}\n',
      "header.jsonl": `${JSON.stringify({ ...JSON.parse(lines[0] ?? ""), last: 0 })}\n`,
    };
    const told = [
      /the ledger is corrupt at \d+\.\d+: RunCompleted/,
      /it is cut off/,
      /gap\.jsonl:4: position 3 was expected/,
      /is not the header of an exported log/,
      /holds no entry: there is nothing to import/,
    ];
    const namespace = freshNamespace();
    for (const [index, [name, content]] of Object.entries(files).entries()) {
      await writeFile(join(world.folder, name), content);
      const { code, stdout, stderr } = await imports(name, namespace);
      expect([1, 2], name).toContain(code);
      expect(stdout).toBe("");
      expect(stderr).toMatch(told[index] ?? /never/);
    }
    await expect(streamOf(subjectsOf(namespace).ledgerStream)).rejects.toThrow("stream not found");
  });

  test("a file that is not there, and options that are for questions", async () => {
    expect(await imports("nope.jsonl", freshNamespace())).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("nope.jsonl"),
    });
    const { code, stderr } = await importInto(freshNamespace(), "--at", "3");
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("--at is for questions") });
  });
});
