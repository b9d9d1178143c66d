/** Who answers for the leader, on a real server: the leader on record, and nobody else in its place. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { answerAsLeader, askLeader } from "../../src/api/leadership.js";
import { openConnection } from "../../src/nats/connection.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const subjects = subjectsOf("leadership");
async function connect() {
  const nc = await openConnection({ servers: [server.url] }, "test");
  onTestFinished(() => nc.close());
  return nc;
}

describe("asking whether the leader on record still leads", () => {
  test("given nobody answers at all, when it is asked, then nobody leads", async () => {
    expect(await askLeader(await connect(), subjects, "d1")).toBe("nobody");
  });

  test("given the leader answers, when it is asked, then it leads", async () => {
    const leader = await connect();
    answerAsLeader(leader, subjects, "d1");
    await leader.flush();
    expect(await askLeader(await connect(), subjects, "d1")).toBe("leads");
  });

  test("given one that was deposed and does not know it, when the leader after it is asked, then the old one does not answer for it", async () => {
    const [deposed, leader, standby] = [await connect(), await connect(), await connect()];
    answerAsLeader(deposed, subjects, "d1");
    await deposed.flush();
    expect(await askLeader(standby, subjects, "d2")).toBe("silent");
    const stop = answerAsLeader(leader, subjects, "d2");
    await leader.flush();
    expect(await askLeader(standby, subjects, "d2")).toBe("leads");
    stop();
    await leader.flush();
    expect(await askLeader(standby, subjects, "d2")).toBe("silent");
  });
});
