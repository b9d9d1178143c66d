/** A simulated server with clients, driven by itself whenever something is to happen: for tests that know no virtual time. */
import { onTestFinished } from "vitest";
import type { Log } from "../../src/log/log.js";
import { Chance } from "./chance.js";
import { SimConnection } from "./connection.js";
import { Link } from "./link.js";
import { Loop } from "./loop.js";
import { Program } from "./program.js";
import { SimLog } from "./sim-log.js";
import { SimServer } from "./sim-server.js";
import { Tally } from "./tally.js";

export interface SimClient {
  readonly ledger: Log;
  readonly intake: Log;
  readonly link: Link;
  readonly connection: SimConnection;
  readonly program: Program;
}

export class SimLogStage {
  readonly loop = new Loop();
  readonly server: SimServer;
  readonly tally = new Tally();
  readonly #seed: number;
  #clients = 0;

  /** `pace`: so many times as fast as real time; as fast as it goes, if none is given. */
  constructor(seed: number, pace = Number.POSITIVE_INFINITY) {
    this.#seed = seed;
    const chance = new Chance(seed, "server");
    this.server = new SimServer({ loop: this.loop, chance, epochMs: Date.now() });
    driveByItself(this.loop, pace);
  }

  client(): SimClient {
    this.#clients += 1;
    const { loop, server, tally } = this;
    const chance = new Chance(this.#seed, `client ${this.#clients}`);
    const link = new Link(loop, chance, { minUs: 50, maxUs: 2_000 });
    const program = new Program(loop);
    const connection = new SimConnection({ loop, chance, program, link, server, tally });
    const logOf = (stream: SimServer["ledger"]) => new SimLog({ connection, program, server, stream });
    return { ledger: logOf(server.ledger), intake: logOf(server.intake), link, connection, program };
  }
}

const STEPS_MAX = 200;

/** Steps in bursts, and leaves the real event loop its turns between them; until the test has finished. */
function driveByItself(loop: Loop, pace: number): void {
  const began = performance.now();
  let isDriving = false;
  let hasFinished = false;
  onTestFinished(() => {
    hasFinished = true;
  });
  const mayCome = () => loop.nextAt <= (performance.now() - began) * pace * 1_000;
  const drive = async () => {
    for (let steps = 0; steps < STEPS_MAX && mayCome() && (await loop.step()); ) steps += 1;
    // Whatever was called from outside has promised something, too.
    await loop.settle();
    if (!hasFinished) setImmediate(() => void drive());
  };
  loop.onScheduled = () => {
    if (isDriving) return;
    isDriving = true;
    setImmediate(() => void drive());
  };
}
