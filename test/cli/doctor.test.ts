/** `signalbox doctor`: each finding provoked for real, and nothing changed by looking. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { checkNode } from "../../src/doctor/machine.js";
import { freePort } from "../../src/embedded/port.js";
import { connect, RetentionPolicy, StorageType } from "../../src/nats/door.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { passwordOf, type Role, startRolesServer } from "../deploy/roles-server.js";
import { FakeOllama } from "../support/fake-ollama.js";
import { providedServers, startNatsServer } from "../support/nats-server.js";
import { startProgram, startWorld } from "./world.js";

const documentSchema = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      check: z.string(),
      level: z.enum(["ok", "warning", "problem"]),
      text: z.string(),
      hint: z.string().optional(),
    }),
  ),
});

let folder = "";
let noOllama = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-doctor-"));
  noOllama = `127.0.0.1:${await freePort()}`;
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const configure = (yaml: string) => writeFile(join(folder, "signalbox.yaml"), yaml);

/** What it found, as `level check: text (hint)`, and its exit code. */
async function doctor(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const given = { OLLAMA_HOST: noOllama, ...env };
  const { code, stdout } = await startProgram(["doctor", "-o", "json", ...args], { cwd: folder, env: given }).ended;
  const { ok, checks } = documentSchema.parse(JSON.parse(stdout));
  expect(ok).toBe(checks.every(({ level }) => level !== "problem"));
  expect(code).toBe(ok ? 0 : 1);
  const found = checks.map(
    ({ check, level, text, hint }) => `${level} ${check}: ${text}${hint === undefined ? "" : ` (${hint})`}`,
  );
  return { code, found, text: found.join("\n") };
}

describe("signalbox doctor", () => {
  test("given an empty folder, when it looks, then nothing is wrong and what is not there yet is said", async () => {
    const { code, text } = await doctor();
    expect(code).toBe(0);
    expect(text).toMatch(/^ok node: Node\.js \d+/m);
    expect(text).toMatch(/^ok configuration: no file, the defaults hold; namespace signalbox$/m);
    expect(text).toMatch(/^warning types: no job types are configured/m);
    expect(text).toMatch(/^(ok|warning) nats-server: /m);
    expect(text).toMatch(/^ok ollama: none at http:.*, and no type needs one$/m);
    expect(text).toMatch(/^warning connection: no embedded server is running on .*\.signalbox/m);
  });

  test("given webhooks, when it looks, then each is shown without what is secret, or with the variable that is missing; up refuses it", async () => {
    const yaml = [
      "webhooks:",
      "  done: {url: http://u:hidden@127.0.0.1:9000/done?key=hidden}",
      `  signed: {url: http://127.0.0.1:9000/, secret: "\${env:WEBHOOK_KEY}"}`,
    ];
    await configure(`${yaml.join("\n")}\n`);
    const missing = await doctor([], { WEBHOOK_KEY: "" });
    expect(missing.code).toBe(1);
    expect(missing.text).toMatch(/^ok webhooks: done: http:\/\/127\.0\.0\.1:9000\/done, not signed$/m);
    expect(missing.text).toMatch(
      /^problem webhooks: signalbox\.yaml:3 webhooks\.signed\.secret .*"WEBHOOK_KEY", which is not set/m,
    );
    expect(missing.text).not.toContain("hidden");
    const up = await startProgram(["up"], { cwd: folder, env: { WEBHOOK_KEY: "" } }).ended;
    expect(up.code).toBe(2);
    expect(up.stderr).toMatch(/signalbox\.yaml:3 webhooks\.signed\.secret .*"WEBHOOK_KEY"/);
    const found = await doctor([], { WEBHOOK_KEY: "the-key" });
    expect(found.text).toMatch(/^ok webhooks: signed: http:\/\/127\.0\.0\.1:9000\/, signed$/m);
    expect(found.text).not.toContain("the-key");
  });

  test("given a person who reads, when it looks, then each check is a line with a mark and a hint below", async () => {
    await configure("types: {thumbs: {runner: command, argv: [no-such-program]}}\n");
    const { code, stdout, stderr } = await startProgram(["doctor"], { cwd: folder, env: { OLLAMA_HOST: noOllama } })
      .ended;
    expect(stdout).toMatch(/^✓ node +Node\.js/m);
    expect(stdout).toMatch(/^✗ command +types\.thumbs: no-such-program is not found\n +Install it/m);
    expect(stdout).toMatch(/^! connection +no embedded server/m);
    expect(stderr).toContain("one check failed");
    expect(code).toBe(1);
  });

  test("given mistakes in the configuration, when it looks, then each is a problem with its line and column", async () => {
    await configure("limits: {global: 0}\ntypes:\n  story: {runner: olama}\n");
    const { text } = await doctor();
    expect(text).toMatch(/^problem configuration: signalbox\.yaml:1:18 limits\.global: /m);
    expect(text).toMatch(/^problem configuration: signalbox\.yaml:3:\d+ types\.story\.runner: /m);
  });

  test("given programs and variables that are missing, when it looks, then it names them and the lines", async () => {
    await configure(
      "types:\n  there: {runner: command, argv: [node, -v]}\n  gone: {runner: command, argv: [no-such-program]}\n" +
        `  api: {runner: http, url: "https://example.com", headers: {Authorization: "Bearer \${env:API_KEY}"}}\n`,
    );
    const { text } = await doctor();
    expect(text).toMatch(/^ok command: types\.there: node is \/.*node$/m);
    expect(text).toMatch(/^problem command: types\.gone: no-such-program is not found \(Install it/m);
    expect(text).toMatch(/^problem types: signalbox\.yaml:4 types\.api: headers\.Authorization refers to .*API_KEY/m);
    expect((await doctor([], { API_KEY: "secret-1" })).text).not.toContain("secret-1");
  });

  test("given types that need Ollama, when it looks, then it says whether the server and each model are there", async () => {
    await configure("types:\n  story: {runner: ollama, model: llama3.2}\n  poem: {runner: ollama, model: 'tiny:1b'}\n");
    expect((await doctor()).text).toMatch(
      /^problem ollama: no Ollama answers at http:.* \(ECONNREFUSED\), .*llama3\.2, tiny:1b/m,
    );
    await using ollama = new FakeOllama({ models: ["llama3.2:latest"] });
    await ollama.start();
    const { text } = await doctor([], { OLLAMA_HOST: ollama.url });
    expect(text).toMatch(/^problem ollama: Ollama \S+ at .* does not have the model tiny:1b .*ollama pull tiny:1b/m);
    expect(text).not.toContain("does not have the model llama3.2");
    expect(ollama.total).toBe(0);
  });

  test("given a server that is not there, when it looks, then the connection is a problem", async () => {
    const { text } = await doctor(["--nats", `nats://127.0.0.1:${await freePort()}`]);
    expect(text).toMatch(/^problem connection: cannot connect to NATS at nats:/m);
  });

  test("given a server whose account has no JetStream, when it looks, then that is a problem with the remedy", async () => {
    await using server = await startNatsServer({
      config: "accounts { BARE { users: [{user: bare, password: bare}] } }\nno_auth_user: bare",
    });
    const { text } = await doctor(["--nats", server.url]);
    expect(text).toMatch(/^problem jetstream: the server has no JetStream, or these credentials may not use it/m);
  });

  test("given a scheduler that leads, when it looks, then all is well, and neither stream has one message more", async () => {
    await using world = await startWorld();
    const nc = await connect({ servers: world.server.url });
    const jsm = await nc.jetstreamManager();
    await expect.poll(() => world.scheduler.dispatcher.leads).toBe(true);
    const lasts = async () => {
      const { intakeStream, ledgerStream } = world.scheduler.subjects;
      return [
        (await jsm.streams.info(intakeStream)).state.last_seq,
        (await jsm.streams.info(ledgerStream)).state.last_seq,
      ];
    };
    // What the scheduler itself still has to say of its start is said.
    await world.run(["health"]);
    const before = await lasts();
    const { code, text } = await doctor(["--nats", world.server.url]);
    expect(code).toBe(0);
    expect(text).toMatch(
      /^ok permissions: may submit, command, ask, read the ledger, lead .*: enough for a scheduler$/m,
    );
    expect(text).toMatch(/^ok jetstream: enabled$/m);
    expect(text).toMatch(/^ok streams: SIGNALBOX_LEDGER is append-only/m);
    expect(text).toMatch(/^ok clock: the server's clock is \d+ ms/m);
    expect(text).toMatch(/^warning durability: the server's sync_interval cannot be read/m);
    expect(text).toMatch(/^warning durability: the ledger has one replica/m);
    expect(text).toContain(`ok scheduler: ${world.scheduler.dispatcher.id} leads since `);
    expect(await lasts()).toEqual(before);
    await nc.close();
  });

  test("given a server without streams, when it looks, then it says that up makes them, and makes none", async () => {
    await using server = await startNatsServer();
    const { code, text } = await doctor(["--nats", server.url]);
    expect(code).toBe(0);
    expect(text).toMatch(/^warning streams: not made yet/m);
    expect(text).toMatch(/^warning scheduler: none answers in namespace signalbox/m);
    const nc = await connect({ servers: server.url });
    expect(await (await nc.jetstreamManager()).streams.names().next()).toEqual([]);
    await nc.close();
  });

  test("given streams that could lose jobs, when it looks, then each fault is a problem", async () => {
    await using server = await startNatsServer();
    const nc = await connect({ servers: server.url });
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({ name: "SIGNALBOX_LEDGER", subjects: ["signalbox.ledger"], storage: StorageType.Memory });
    await jsm.streams.add({
      name: "SIGNALBOX_INTAKE",
      subjects: ["signalbox.submit.>"],
      max_age: 1e9 * 60,
      retention: RetentionPolicy.Workqueue,
    });
    await nc.close();
    const { text } = await doctor(["--nats", server.url]);
    expect(text).toMatch(/^problem streams: SIGNALBOX_LEDGER is kept in memory/m);
    expect(text).toMatch(/^problem streams: SIGNALBOX_LEDGER allows deletes/m);
    expect(text).toMatch(/^problem streams: SIGNALBOX_INTAKE deletes messages when they are consumed/m);
    expect(text).toMatch(/^problem streams: SIGNALBOX_INTAKE drops messages by age/m);
  });

  test("given the roles of docs/deploy/roles.conf, when each looks, then it is told what it may do and what it is enough for", async () => {
    await using roles = await startRolesServer("current");
    const { nc } = await roles.login("dispatcher");
    await openStreams(nc, subjectsOf("signalbox"));
    const asRole = (role: Role) => doctor(["--nats", roles.server.url.replace("//", `//${role}:${passwordOf(role)}@`)]);
    const lines = await Promise.all((["publisher", "viewer", "operator", "dispatcher"] as const).map(asRole));
    const [publisher, viewer, operator, dispatcher] = lines.map(({ text }) => text);
    expect(publisher).toMatch(/^ok permissions: may submit: enough for a publisher, not for `signalbox up`$/m);
    expect(viewer).toMatch(/^ok permissions: may ask, read the ledger: enough for a viewer/m);
    expect(operator).toMatch(/^ok permissions: may submit, command, ask, read the ledger: enough for an operator/m);
    expect(dispatcher).toMatch(/^ok permissions: may .*lead \(write the ledger\): enough for a scheduler/m);
    expect(lines.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  });

  test("given credentials for nothing, when they look, then that is a problem", async () => {
    await using server = await startNatsServer({
      config: `accounts { A { jetstream: enabled, users: [{user: a, password: a, permissions: {publish: {deny: ">"}}}] } }\nno_auth_user: a`,
    });
    const { text } = await doctor(["--nats", server.url]);
    expect(text).toMatch(/^problem permissions: these credentials may do nothing in this namespace/m);
  });

  test("given a server of 2022, when it looks, then it warns of what that server cannot promise", async ({ skip }) => {
    const provided = (await providedServers()).get("2.9");
    skip(provided === undefined || "reason" in provided, "there is no nats-server 2.9 here");
    await using server = await startNatsServer({ version: "2.9" });
    const { text } = await doctor(["--nats", server.url]);
    expect(text).toMatch(/^warning durability: nats-server 2\.9\.\d+ is older than 2\.10\.23/m);
    expect(text).toMatch(/^ok permissions: .*enough for a scheduler$/m);
  });

  test("given a binary that does not run, when it looks, then the variable that names it is a problem", async () => {
    const { text } = await doctor([], { SIGNALBOX_NATS_SERVER: join(folder, "none") });
    expect(text).toMatch(/^problem nats-server: SIGNALBOX_NATS_SERVER names .*none, which does not run/m);
  });

  test("given a version of Node.js, when it is checked, then one that is too old is a problem", () => {
    expect(checkNode("v18.20.0")).toMatchObject({ level: "problem", text: "Node.js 18.20.0 is older than 20.19.0" });
    expect(checkNode("v22.1.0")).toMatchObject({ level: "ok" });
  });
});
