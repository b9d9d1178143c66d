/** Three nodes, three replicas: any one of them may be killed, and everything goes on (INV-008). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../src/embedded/port.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { eventually } from "../embedded/folders.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { clashesIn, RunBook } from "../support/run-book.js";
import { Stage } from "../support/stage.js";

const NODES = 3;
const JOBS = 90;
const clusterMsMax = 60_000;

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

test("given three replicas, when each node in turn is killed and comes back under load, then every acknowledged job ends once, in an audited ledger", {
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

  const acknowledged: string[] = [];
  for (const [index, node] of nodes.entries()) {
    await node.kill();
    // Repeated until it is acknowledged, as publishers do who chose an id: a second one changes nothing.
    const submitting = Array.from({ length: JOBS / NODES }, async (_, n) => {
      const id = `work-${index}-${n}`;
      await eventually(`${id} is acknowledged`, () =>
        stage.submit("work", { id }).then(
          () => true,
          () => null,
        ),
      );
      acknowledged.push(id);
    });
    await Promise.all(submitting);
    const soFar = [...acknowledged];
    await stage.watch.until(
      "all acknowledged so far have ended",
      (watch) => {
        const ended = new Set(watch.ofType("RunCompleted").map(({ fact }) => String(fact.job)));
        return soFar.every((id) => ended.has(id));
      },
      clusterMsMax,
    );
    await node.restart();
  }
  expect(acknowledged).toHaveLength(JOBS);
  await stage.audit();
  expect(clashesIn(await book.lines())).toEqual([]);
});
