/** `log verify`: exit code 0 for a ledger that is right, 4 for one that is wrong, with the first address. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobId, position } from "../../events/names.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { bytesOf, exportText } from "../support/export-file.js";
import { type LedgerBuilder, ledger, type StoredEntry } from "../support/ledger-builder.js";
import { startProgram, startWorld, type World } from "./world.js";

let world: World;
let nc: NatsConnection;
beforeAll(async () => {
  world = await startWorld();
  nc = await connect({ servers: world.server.url });
  const lines = ["hello", "fails", "skips", "nonesuch", "hello"].map((type) => JSON.stringify({ type }));
  await writeFile(join(world.folder, "jobs.jsonl"), lines.join("\n"));
  expect((await world.run(["submit", "--from", "jobs.jsonl", "--wait"])).code).toBe(1);
});
afterAll(async () => {
  await nc.close();
  await world[Symbol.asyncDispose]();
});

/** One slot: a has run, b runs, c waits. */
const good = (): LedgerBuilder =>
  ledger()
    .elected()
    .worker("w1", 5)
    .limits({ global: 1 })
    .together((book) => book.submitted("a").submitted("b").submitted("c"))
    .decided()
    .completed("a")
    .decided();

const verifyFile = async (name: string, text: string, ...more: string[]) => {
  await writeFile(join(world.folder, name), text);
  return startProgram(["log", "verify", "--log", name, ...more], { cwd: world.folder }).ended;
};

describe("log verify of a ledger that is right", () => {
  test("given the scheduler's own, then the exit code is 0 and a line says what was looked at", async () => {
    const { code, stdout, stderr } = await world.run(["log", "verify"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^all is right: \d+ entries with \d+ facts, 4 jobs, 4 grants, 1 reign, up to \d{4}-.*Z\n$/);
  });

  test("given its export, then the same is said of it, without a server", async () => {
    await world.run(["log", "export", "own.jsonl"]);
    const [own, live] = await Promise.all([
      startProgram(["log", "verify", "--log", "own.jsonl", "-o", "json"], { cwd: world.folder }).ended,
      world.run(["log", "verify", "-o", "json"]),
    ]);
    expect(own).toEqual(live);
    expect(JSON.parse(own.stdout)).toMatchObject({ ok: true, jobs: 4, grants: 4, epochs: 1 });
  });

  test("given --at, then only the beginning is looked at", async () => {
    const torn = exportText(good().entries).replace('"RunCompleted"', '"RunCompletes"');
    expect((await verifyFile("torn.jsonl", torn)).code).toBe(4);
    const before = await verifyFile("torn.jsonl", torn, "--at", "5", "-o", "json");
    expect(before).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(before.stdout)).toMatchObject({ ok: true, entries: 5 });
    expect((await verifyFile("torn.jsonl", torn, "--at", "99")).code).toBe(3);
  });
});

/** The entries with one more, in which this happens. */
function followed(book: LedgerBuilder, facts: StoredEntry["entry"]["facts"]): readonly StoredEntry[] {
  return [...book.entries, { position: position(book.entries.length + 1), entry: { ...book.nextHeader, facts } }];
}

describe("log verify of a ledger that is wrong", () => {
  const text = exportText(good().entries);
  const lines = text.trimEnd().split("\n");
  const [granted] = good().entries.flatMap(({ entry }) => entry.facts.filter(({ type }) => type === "StartGranted"));
  if (granted?.type !== "StartGranted") throw new Error("nothing was granted");

  test.each<[string, string, string, string]>([
    ["an entry that names another before it", text.replace('"prev":"e3"', '"prev":"e2"'), "4", "its chain names e2"],
    ["a fact that nobody knows", text.replace('"RunCompleted"', '"RunCompletes"'), "6", "not an entry: facts.0.type"],
    [
      "a word of another grant",
      text.replace('"job":"a","grant":5', '"job":"a","grant":4'),
      "6.0",
      "grant 4 is not live, 5 is",
    ],
    [
      "a second start in a full pool",
      exportText(followed(good(), [{ ...granted, job: jobId("c") }])),
      "8.0",
      "global would be over capacity",
    ],
    [
      "a start before somebody ahead",
      exportText(followed(good().completed("b").submitted("d"), [{ ...granted, job: jobId("d") }])),
      "10.0",
      "the grant rule does not start d here (INV-004)",
    ],
    ["a line that is missing", [...lines.slice(0, 3), ...lines.slice(4)].join("\n"), "3", "position 3 was expected"],
    ["lines that are cut off", lines.slice(0, -2).join("\n"), "6", "it is cut off"],
    [
      "a message that is no JSON",
      text.replace(/\{"position":4,.*/, '{"position":4,"storedAt":"","bytes":"bm90IEpTT04="}'),
      "4",
      "not JSON",
    ],
  ])("given %s, then the exit code is 4 and the address is told", async (what, content, address, problem) => {
    const file = `${what.replaceAll(" ", "-")}.jsonl`;
    const table = await verifyFile(file, content);
    expect({ code: table.code, stdout: table.stdout }).toEqual({ code: 4, stdout: "" });
    expect(table.stderr).toContain(problem);
    expect(table.stderr).toContain(`log tail --from ${address.split(".")[0]}`);
    const json = await verifyFile(file, content, "-o", "json");
    expect(json.code).toBe(4);
    expect(JSON.parse(json.stdout)).toEqual({ ok: false, address, problem: expect.stringContaining(problem) });
  });

  test("given a stream from which an entry was deleted, then its position is told", async () => {
    const subjects = subjectsOf("holed");
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({ name: subjects.ledgerStream, subjects: [subjects.ledger] });
    for (const { entry } of good().entries) await nc.jetstream().publish(subjects.ledger, bytesOf(entry));
    expect((await world.run(["log", "verify", "--namespace", "holed"])).code).toBe(0);
    await jsm.streams.deleteMessage(subjects.ledgerStream, 3);
    const { code, stdout, stderr } = await world.run(["log", "verify", "--namespace", "holed", "-o", "json"]);
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, address: "3" });
    expect(stderr).toContain("message 3 is missing from the middle of the stream");
  });
});

describe("log verify refuses", () => {
  test.each([
    ["a file that is no export", ["--log", "jobs.jsonl"], 2, "is not the header of an exported log"],
    ["a file that is not there", ["--log", "nope.jsonl"], 2, "nope.jsonl"],
    ["a server beside a file", ["--log", "jobs.jsonl", "--nats", "nats://127.0.0.1:1"], 2, "leave out --nats"],
    ["a namespace without a ledger", ["--namespace", "nothing"], 1, "no ledger of namespace nothing"],
  ])("%s", async (_what, args, code, reason) => {
    const ran = await world.run(["log", "verify", ...args]);
    expect(ran).toMatchObject({ code, stdout: "" });
    expect(ran.stderr).toContain(reason);
  });
});
