/** The simulated log against the real one: the same scripts by two clients of one server, and the same outcomes, step by step. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { JetStreamLog } from "../../src/log/jetstream.js";
import { Publisher } from "../../src/log/publisher.js";
import { openConnection } from "../../src/nats/connection.js";
import { Events, type NatsConnection } from "../../src/nats/door.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { TcpGate } from "../support/tcp-gate.js";
import { type Client, FAULT_SCRIPTS, playRandomly, type TwoClients } from "./log-scripts.js";
import { SimLogStage } from "./sim-log-stage.js";

const SEEDS = Array.from({ length: 8 }, (_, index) => index + 1);
/** Virtual time runs so many times as fast as real time: what takes seconds is waited for, and is not over before the next step. */
const PACE = 10;
let namespaces = 0;

/** The first client behind a gate, the second directly. */
async function realClients(server: NatsTestServer): Promise<TwoClients> {
  const gate = await TcpGate.open(server.port);
  onTestFinished(() => gate[Symbol.asyncDispose]());
  namespaces += 1;
  const subjects = subjectsOf(`validation-${namespaces}`);
  const connect = async (port: number): Promise<{ readonly nc: NatsConnection; readonly client: Client }> => {
    const nc = await openConnection({ servers: [`nats://127.0.0.1:${port}`] }, "validation");
    onTestFinished(() => nc.close());
    const jsm = await openStreams(nc, subjects);
    const publisher = new Publisher(nc);
    const logOf = (stream: string) => new JetStreamLog({ nc, jsm, stream, publisher });
    return { nc, client: { ledger: logOf(subjects.ledgerStream), intake: logOf(subjects.intakeStream) } };
  };
  const [one, two] = [await connect(gate.port), await connect(server.port)];
  const reconnected = async ({ nc }: { readonly nc: NatsConnection }): Promise<void> => {
    for await (const { type } of nc.status()) if (type === Events.Reconnect) return;
  };
  return {
    clients: [one.client, two.client],
    ledgerSubject: subjects.ledger,
    intakeSubject: `${subjects.submit}.story`,
    dropAnswers: () => gate.dropAnswers(),
    cutAfter: async (sent) => {
      await gate.untilSent(sent);
      gate.cut();
    },
    freeze: () => server.pause(),
    thaw: () => server.resume(),
    restart: async () => {
      const back = Promise.all([reconnected(one), reconnected(two)]);
      await server.kill();
      await server.restart();
      await back;
    },
  };
}

async function simulatedClients(seed: number): Promise<TwoClients> {
  const stage = new SimLogStage(seed, PACE);
  const [one, two] = [stage.client(), stage.client()];
  const { server } = stage;
  const holdAll = (act: "hold" | "release") => {
    server.isHanging = act === "hold";
    for (const { link } of [one, two]) {
      link[act]("out");
      link[act]("in");
    }
  };
  const bothUp = async () => {
    while (!one.connection.isUp || !two.connection.isUp) await new Promise((resolve) => setImmediate(resolve));
  };
  await bothUp();
  let dropsAnswers = false;
  return {
    clients: [one, two],
    ledgerSubject: "test.ledger",
    intakeSubject: "test.submit.story",
    dropAnswers: () => {
      dropsAnswers = true;
      one.link.hold("in");
    },
    cutAfter: async () => {
      one.connection.cut("all");
      if (dropsAnswers) one.link.release("in");
      dropsAnswers = false;
    },
    freeze: async () => holdAll("hold"),
    thaw: () => holdAll("release"),
    restart: async () => {
      for (const { connection } of [one, two]) connection.cut("none");
      server.kill();
      if (server.isHanging) holdAll("release");
      server.isUp = true;
      await bothUp();
    },
  };
}

describe("the simulated log against the real one", () => {
  let server: NatsTestServer;
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterAll(() => server.stop());

  test.for(SEEDS)(
    "given the script of seed %i, when both play it, then every step has the same outcome",
    async (seed) => {
      const real = await playRandomly(seed, await realClients(server));
      const simulated = await playRandomly(seed, await simulatedClients(seed));
      expect(simulated).toEqual(real);
      expect(new Set(real.map((step) => step.split(": ")[1]?.split(" ")[0])).size).toBeGreaterThan(3);
    },
  );

  test.for(Object.keys(FAULT_SCRIPTS))("given that %s, when both play it, then the same comes of it", async (name) => {
    const script = FAULT_SCRIPTS[name];
    if (script === undefined) throw new Error(`there is no script ${name}`);
    const real = await script(await realClients(server));
    expect(await script(await simulatedClients(1))).toEqual(real);
  });
});
