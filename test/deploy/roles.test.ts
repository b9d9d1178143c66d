/** What each role of docs/deploy/roles.conf can do on a real server, and that it can do nothing else. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { JetStreamLog } from "../../src/log/jetstream.js";
import type { StoredMessage } from "../../src/log/log.js";
import { Publisher } from "../../src/log/publisher.js";
import { connect, type JetStreamManager, type NatsConnection, type Subscription } from "../../src/nats/door.js";
import { keyValue } from "../../src/nats/key-value.js";
import { ObjectBucket } from "../../src/nats/object-bucket.js";
import { objectStore, readObject } from "../../src/nats/object-store.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { describeOnEveryServer } from "../support/server-matrix.js";
import { type Login, ROLES, type Role, type RolesServer, startRolesServer } from "./roles-server.js";

const subjects = subjectsOf("signalbox");
const { ledgerStream, intakeStream, resultsBucket, stateBucket, checkpointsBucket } = subjects;
const entry = new TextEncoder().encode('{"entry":1}');
const requestMs = 2_000;

/** What nobody but the roles named may publish, and what nobody but they may listen to. */
const guardedPublishes: readonly (readonly [subject: string, allowed: readonly Role[]])[] = [
  ["signalbox.ledger", ["dispatcher"]],
  ["signalbox.leader", ["dispatcher"]],
  ["signalbox.event.j1.RunCompleted", ["dispatcher"]],
  ["signalbox.progress.j1", ["dispatcher", "worker"]],
  ["signalbox.submit", ["publisher", "operator"]],
  ["signalbox.submit.story", ["publisher", "operator"]],
  ["signalbox.command.cancel", ["operator"]],
  ["signalbox.api.cancel", ["operator"]],
  ["signalbox.api.reserve", ["operator"]],
  ["signalbox.api.renew", ["operator"]],
  ["signalbox.api.release", ["operator"]],
  ["signalbox.query.slots", ["viewer", "operator"]],
  ["signalbox.query.leases", ["viewer", "operator"]],
  ...["join", "renew", "report", "leave"].map((verb) => [`signalbox.worker.${verb}`, ["worker"]] as const),
  ...["start", "abort"].map((verb) => [`signalbox.worker.w1.${verb}`, ["dispatcher"]] as const),
  [`$O.${resultsBucket}.M.x`, ["dispatcher", "worker"]],
  [`$KV.${stateBucket}.webhooks`, ["dispatcher"]],
  [`$JS.API.STREAM.MSG.GET.KV_${stateBucket}`, ["dispatcher"]],
  [`$O.${checkpointsBucket}.M.x`, ["dispatcher"]],
  [`$JS.API.STREAM.MSG.GET.OBJ_${checkpointsBucket}`, ["dispatcher", "viewer", "operator"]],
  [`$JS.API.STREAM.PURGE.OBJ_${checkpointsBucket}`, ["dispatcher"]],
  [`$JS.API.STREAM.MSG.GET.${ledgerStream}`, ["dispatcher", "viewer", "operator"]],
  [`$JS.API.STREAM.MSG.GET.${intakeStream}`, ["dispatcher"]],
  [`$JS.API.CONSUMER.CREATE.${intakeStream}.x`, ["dispatcher"]],
  [`$JS.API.STREAM.PURGE.${intakeStream}`, ["dispatcher"]],
  ...[ledgerStream, intakeStream, `OBJ_${resultsBucket}`, `KV_${stateBucket}`, `OBJ_${checkpointsBucket}`].flatMap(
    (stream) =>
      ["DELETE", "UPDATE", "MSG.DELETE", "SNAPSHOT", "RESTORE"].map(
        (verb) => [`$JS.API.STREAM.${verb}.${stream}`, []] as const,
      ),
  ),
  [`$JS.API.STREAM.PURGE.${ledgerStream}`, []],
  [`$JS.API.STREAM.PURGE.OBJ_${resultsBucket}`, []],
  [`$JS.API.STREAM.PURGE.KV_${stateBucket}`, []],
  ["$JS.API.STREAM.CREATE.OTHER", []],
  ["$SYS.REQ.SERVER.PING", []],
  ["anything.else", []],
];
const guardedSubscriptions: readonly (readonly [subject: string, allowed: readonly Role[]])[] = [
  [">", []],
  ["signalbox.>", []],
  ["signalbox.ledger", []],
  ["signalbox.submit.>", []],
  ["signalbox.command.>", []],
  ["signalbox.api.>", ["dispatcher"]],
  ["signalbox.query.>", ["dispatcher"]],
  ["signalbox.leader", ["dispatcher"]],
  ["signalbox.worker.*", ["dispatcher"]],
  // The server takes `>` for a word, which the dispatcher's `*` allows.
  ["signalbox.worker.>", ["dispatcher"]],
  ["signalbox.worker.*.>", []],
  ["signalbox.worker.*.start", ["worker"]],
  ["signalbox.worker.*.abort", ["worker"]],
  ["signalbox.event.>", ["viewer", "operator"]],
  ["signalbox.progress.>", ["viewer", "operator"]],
  ["$JS.>", []],
  ["$SYS.>", []],
];

await describeOnEveryServer("the roles of docs/deploy/roles.conf", (version) => {
  let roles: RolesServer;
  let dispatcher: Login;
  let jsm: JetStreamManager;
  let publisher: Publisher;
  let ledger: JetStreamLog;
  let intake: JetStreamLog;
  beforeAll(async () => {
    roles = await startRolesServer(version);
    dispatcher = await roles.login("dispatcher");
    jsm = await openStreams(dispatcher.nc, subjects);
    publisher = new Publisher(dispatcher.nc);
    ledger = new JetStreamLog({ nc: dispatcher.nc, jsm, stream: ledgerStream, publisher });
    intake = new JetStreamLog({ nc: dispatcher.nc, jsm, stream: intakeStream, publisher });
  });
  afterAll(async () => await roles[Symbol.asyncDispose]());

  const appendEntry = async (): Promise<number> => {
    const expectedLast = (await ledger.state()).last;
    const appended = await ledger.append({ subject: subjects.ledger, data: entry, expectedLast });
    expect(appended).toEqual({ outcome: "stored", sequence: expectedLast + 1 });
    return expectedLast + 1;
  };

  test.each(ROLES)(
    "given another password than the %s's, when connecting, then the server does not let in",
    async (user) => {
      for (const pass of ["", "wrong"])
        await expect(connect({ servers: roles.server.url, user, pass })).rejects.toThrow("Authorization Violation");
    },
  );

  test.each(ROLES)(
    "given the %s, when it publishes or subscribes to what is not its own, then it is refused",
    async (role) => {
      const { nc, refusals } = await roles.login(role);
      const before = await ledger.state();
      const publishes = guardedPublishes.flatMap(([subject, allowed]) => (allowed.includes(role) ? [] : [subject]));
      const subscriptions = guardedSubscriptions.flatMap(([subject, allowed]) =>
        allowed.includes(role) ? [] : [subject],
      );
      for (const subject of publishes) nc.publish(subject, "{}");
      for (const subject of subscriptions) nc.subscribe(subject, { callback: () => {} });
      await nc.flush();
      const expected = [
        ...publishes.map((each) => `publish ${each}`),
        ...subscriptions.map((each) => `subscription ${each}`),
      ];
      await expect.poll(() => refusals).toEqual(expected);
      expect(await ledger.state()).toEqual(before);
    },
  );

  test("given the dispatcher, then it writes, reads, follows and trims as the scheduler does, and nothing is refused", async () => {
    const position = await appendEntry();
    expect(await ledger.append({ subject: subjects.ledger, data: entry, expectedLast: position - 1 })).toMatchObject({
      outcome: "refused",
    });
    expect((await ledger.read(position))?.subject).toBe(subjects.ledger);
    expect((await followed(ledger, position - 1)).map(({ sequence }) => sequence)).toContain(position);

    const { nc } = await roles.login("publisher");
    const { seq } = await nc.jetstream().publish("signalbox.submit.story", "{}");
    expect((await followed(intake, seq - 1))[0]?.subject).toBe("signalbox.submit.story");
    await intake.trim(seq);
    expect((await intake.state()).first).toBe(seq + 1);

    const bytes = new Uint8Array(300_000).fill(7);
    await objectStore(dispatcher.nc, resultsBucket)("a-digest", bytes);
    expect(await readObject(dispatcher.nc, resultsBucket, "a-digest")).toEqual(bytes);

    const state = keyValue(dispatcher.nc, stateBucket);
    expect(await state.get("webhooks")).toBeNull();
    for (const text of ["one", "another"]) {
      await state.put("webhooks", text);
      expect(await state.get("webhooks")).toBe(text);
      expect(await keyValue(dispatcher.nc, stateBucket).get("webhooks")).toBe(text);
    }

    const checkpoints = new ObjectBucket(dispatcher.nc, checkpointsBucket);
    for (const fill of [8, 9]) {
      await checkpoints.put("checkpoint-0", bytes.fill(fill), { at: "1" });
      expect(await readCheckpoint(checkpoints, "checkpoint-0")).toBe(digestOf(bytes));
    }
    await dispatcher.nc.jetstream().publish(`$O.${checkpointsBucket}.C.left`, "by a writer that was killed");
    expect(await checkpoints.sweep(["checkpoint-0"])).toBe(1);

    await answer(dispatcher.nc, subjects.leader, "me");
    expect((await dispatcher.nc.request(subjects.leader, "", { timeout: requestMs })).string()).toBe("me");
    expect(dispatcher.refusals).toEqual([]);
  });

  test("given the publisher, then a request and a plain publish both reach the intake, headers and all", async () => {
    const { nc, refusals } = await roles.login("publisher");
    const before = (await intake.state()).last;
    const many = await nc.jetstream().publish("signalbox.submit", "[]", { msgID: "once" });
    const again = await nc.jetstream().publish("signalbox.submit", "[]", { msgID: "once" });
    expect([many.stream, many.seq, again.duplicate]).toEqual([intakeStream, before + 1, true]);
    nc.publish("signalbox.submit.story", '{"id":"plain"}');
    await nc.flush();
    await expect.poll(async () => (await intake.state()).last).toBe(before + 2);
    expect(refusals).toEqual([]);
  });

  test.each(["viewer", "operator"] as const)(
    "given the %s, then it asks, watches, and reads the whole ledger and checkpoints of it",
    async (role) => {
      const { nc, refusals } = await roles.login(role);
      const asked = await answer(dispatcher.nc, "signalbox.query.slots", '{"pools":[]}');
      expect((await nc.request("signalbox.query.slots", "", { timeout: requestMs })).string()).toBe('{"pools":[]}');
      asked.unsubscribe();

      const service = await dispatcher.nc.services.add({ name: "signalbox", version: "1.0.0" });
      await dispatcher.nc.flush();
      const found = await nc.request("$SRV.PING.signalbox", "", { timeout: requestMs });
      expect(found.json()).toMatchObject({ name: "signalbox" });
      await service.stop();

      const seen: string[] = [];
      nc.subscribe("signalbox.event.>", { callback: (_error, message) => void seen.push(message.subject) });
      nc.subscribe("signalbox.progress.>", { callback: (_error, message) => void seen.push(message.subject) });
      await nc.flush();
      const { nc: worker } = await roles.login("worker");
      dispatcher.nc.publish("signalbox.event.j1.RunStarted", "{}");
      worker.publish("signalbox.progress.j1", "{}");
      await expect.poll(() => [...seen].sort()).toEqual(["signalbox.event.j1.RunStarted", "signalbox.progress.j1"]);

      const last = await appendEntry();
      const reader = new JetStreamLog({
        nc,
        jsm: await nc.jetstreamManager(),
        stream: ledgerStream,
        publisher: new Publisher(nc),
      });
      expect((await reader.state()).last).toBe(last);
      expect((await reader.read(last))?.data).toEqual(entry);
      const all = await followed(reader, 0, last);
      expect(all.map(({ sequence }) => sequence)).toEqual(Array.from({ length: last }, (_, index) => index + 1));

      const bytes = Buffer.alloc(300_000, role);
      await new ObjectBucket(dispatcher.nc, checkpointsBucket).put("checkpoint-1", bytes, {});
      const checkpoints = new ObjectBucket(nc, checkpointsBucket);
      expect(await readCheckpoint(checkpoints, "checkpoint-1")).toBe(digestOf(bytes));
      expect(refusals).toEqual([]);
    },
  );

  test("given the operator, then its submissions, commands and requests arrive", async () => {
    const { nc, refusals } = await roles.login("operator");
    const { seq } = await nc.jetstream().publish("signalbox.submit.story", "{}");
    expect((await nc.jetstream().publish("signalbox.command.cancel", '{"job":"j1"}')).seq).toBe(seq + 1);
    const asked = await answer(dispatcher.nc, "signalbox.api.pause", "done");
    expect((await nc.request("signalbox.api.pause", "{}", { timeout: requestMs })).string()).toBe("done");
    asked.unsubscribe();
    expect(refusals).toEqual([]);
  });

  test("given the worker, then it joins, is given orders that it answers, and stores a result that the dispatcher can read", async () => {
    const { nc, refusals } = await roles.login("worker");
    const asked = await answer(dispatcher.nc, "signalbox.worker.*", "a lease");
    expect((await nc.request("signalbox.worker.join", "{}", { timeout: requestMs })).string()).toBe("a lease");
    asked.unsubscribe();
    for (const verb of ["start", "abort"]) {
      const ordered = await answer(nc, `signalbox.worker.w1.${verb}`, "obeyed");
      const obeyed = await dispatcher.nc.request(`signalbox.worker.w1.${verb}`, "{}", { timeout: requestMs });
      expect(obeyed.string()).toBe("obeyed");
      ordered.unsubscribe();
    }
    await objectStore(dispatcher.nc, resultsBucket)("made-by-the-dispatcher", entry);
    const bytes = new Uint8Array(300_000).fill(9);
    await objectStore(nc, resultsBucket)("from-the-worker", bytes);
    expect(await readObject(dispatcher.nc, resultsBucket, "from-the-worker")).toEqual(bytes);
    expect(refusals).toEqual([]);
    expect(dispatcher.refusals).toEqual([]);
  });

  test("given the worker, when it looks for a checkpoint, then it is refused, and does not wait for an answer", async () => {
    const { nc, refusals } = await roles.login("worker");
    await expect(new ObjectBucket(nc, checkpointsBucket).find("checkpoint-0")).rejects.toMatchObject({
      code: "PERMISSIONS_VIOLATION",
    });
    expect(refusals).toHaveLength(1);
  });

  test("given reply subjects that aim at the ledger or the streams, then the server's answers do not get there", async () => {
    const { nc: submitter } = await roles.login("publisher");
    const { nc: viewer } = await roles.login("viewer");
    const position = await appendEntry();
    const before = { ledger: await ledger.state(), intake: await intake.state() };
    const targets = [
      "signalbox.ledger",
      `$JS.API.STREAM.PURGE.${intakeStream}`,
      `$JS.API.STREAM.DELETE.${intakeStream}`,
    ];
    for (const reply of targets) {
      submitter.publish("signalbox.submit.story", "{}", { reply });
      viewer.publish(`$JS.API.STREAM.INFO.${ledgerStream}`, "", { reply });
      viewer.publish(`$JS.API.STREAM.MSG.GET.${ledgerStream}`, JSON.stringify({ seq: position }), { reply });
    }
    viewer.publish(`$JS.API.STREAM.MSG.GET.${ledgerStream}`, JSON.stringify({ seq: position }), {
      reply: "signalbox.submit.x",
    });
    // What was sent before these was handled before these.
    await submitter.jetstream().publish("signalbox.submit.story", "{}");
    await (await viewer.jetstreamManager()).streams.info(ledgerStream);
    expect(await ledger.state()).toEqual(before.ledger);
    expect(await intake.state()).toEqual({ ...before.intake, last: before.intake.last + targets.length + 1 });
  });

  test("given a publisher that listens to every inbox, then it hears nothing that is meant for another role", async () => {
    const { nc: eavesdropper } = await roles.login("publisher");
    const heard: string[] = [];
    eavesdropper.subscribe("_INBOX.>", { callback: (_error, message) => void heard.push(message.string()) });
    await eavesdropper.flush();
    const { nc: viewer } = await roles.login("viewer");
    const position = await appendEntry();
    await (await viewer.jetstreamManager()).streams.getMessage(ledgerStream, { seq: position });
    await followed(ledger, position - 1);
    const { seq } = await eavesdropper.jetstream().publish("signalbox.submit.story", "{}");
    await expect.poll(() => heard.length).toBe(1);
    expect(JSON.parse(heard[0] ?? "")).toMatchObject({ stream: intakeStream, seq });
  });
});

/** To compare 300,000 bytes one by one takes the test runner seconds. */
const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

async function readCheckpoint(bucket: ObjectBucket, name: string): Promise<string | null> {
  const stored = await bucket.find(name);
  return stored === null ? null : digestOf(await bucket.read(stored));
}

/** Answers every request, from when this resolves. */
async function answer(nc: NatsConnection, subject: string, text: string): Promise<Subscription> {
  const asked = nc.subscribe(subject, { callback: (_error, message) => void message.respond(text) });
  await nc.flush();
  return asked;
}

/** The log after `after`, up to `last`, or what comes first. */
async function followed(log: JetStreamLog, after: number, last = after + 1): Promise<readonly StoredMessage[]> {
  const found: StoredMessage[] = [];
  const stop = new AbortController();
  for await (const batch of log.follow(after, stop.signal)) {
    found.push(...batch);
    if ((found.at(-1)?.sequence ?? 0) >= last) stop.abort();
  }
  return found;
}
