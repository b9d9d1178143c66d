/** Three nodes, three replicas: any one of them may be killed, and everything goes on (INV-008). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../src/embedded/port.js";
import { JetStreamLog } from "../../src/log/jetstream.js";
import { Publisher } from "../../src/log/publisher.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { eventually } from "../embedded/folders.js";
import { LedgerWatch } from "../support/ledger-watch.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { clashesIn, RunBook } from "../support/run-book.js";
import { Stage } from "../support/stage.js";

const NODES = 3;
const JOBS = 90;
const clusterMsMax = 60_000;
/** Of those who begin to follow just after a node died, about one in four has its first consumer placed on that node. */
const FOLLOWERS = 16;

let nodes: readonly NatsTestServer[];
beforeAll(async () => {
  const ports = await Promise.all(Array.from({ length: NODES }, () => freePort()));
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`);
  // Together, because JetStream answers only when most of them are there.
  nodes = await Promise.all(
    ports.map((port) =>
      startNatsServer({
        config: `cluster: {name: "test", listen: "127.0.0.1:${port}", routes: ${JSON.stringify(routes)}}`,
      }),
    ),
  );
}, clusterMsMax);
afterAll(() => Promise.all(nodes.map((node) => node.stop())));

test("given three replicas, when each node in turn is killed and comes back under load, then every acknowledged job ends once, in an audited ledger, and all who begin to follow it just then see that", {
  timeout: 180_000,
}, async () => {
  const url = nodes.map((node) => node.url).join(",");
  let book = new RunBook("");
  const stage = await Stage.open(url, (folder) => {
    book = new RunBook(folder);
    const work = { runner: "command", argv: book.argv, backoff: { base: "50ms" } };
    return { nats: { url, replicas: NODES }, limits: { global: 3 }, types: { work } };
  });
  await book.prepare();
  await book.openGate();
  const { ledgerStream, intakeStream } = subjectsOf(stage.namespace);
  const jsm = await stage.nc.jetstreamManager();
  for (const stream of [ledgerStream, intakeStream])
    expect((await jsm.streams.info(stream)).config.num_replicas).toBe(NODES);

  const ledger = () =>
    new JetStreamLog({ nc: stage.nc, jsm, stream: ledgerStream, publisher: new Publisher(stage.nc) });

  const acknowledged: string[] = [];
  for (const [index, node] of nodes.entries()) {
    await node.kill();
    const followers = Array.from({ length: FOLLOWERS }, () => new LedgerWatch(ledger()));
    // Repeated until it is acknowledged, as publishers do who chose an id: a second one changes nothing.
    const submitting = Array.from({ length: JOBS / NODES }, async (_, n) => {
      const id = `work-${index}-${n}`;
      const submit = () =>
        stage.submit("work", { id }).then(
          () => true,
          () => null,
        );
      await eventually(`${id} is acknowledged`, submit, clusterMsMax);
      acknowledged.push(id);
    });
    await Promise.all(submitting);
    const haveEnded = (watch: LedgerWatch) => {
      const ended = new Set(watch.ofType("RunCompleted").map(({ fact }) => String(fact.job)));
      return acknowledged.every((id) => ended.has(id));
    };
    for (const watch of [stage.watch, ...followers])
      await watch.until("all acknowledged so far have ended", haveEnded, clusterMsMax);
    for (const follower of followers) follower.close();
    await node.restart();
  }
  expect(acknowledged).toHaveLength(JOBS);
  await stage.audit();
  expect(clashesIn(await book.lines())).toEqual([]);
});
