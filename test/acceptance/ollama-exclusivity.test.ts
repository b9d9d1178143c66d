/**
 * CON-002, checked at the server's side: with `ollama: N` the Ollama server never sees more than N of our requests at once,
 * whatever is submitted and cancelled meanwhile.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { FakeOllama } from "../support/fake-ollama.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { Stage } from "../support/stage.js";

const JOBS = 200;

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

test.for([1, 2])(
  "given ollama: %i, when 200 jobs are submitted and some are cancelled, queued and running, then Ollama never sees more at once",
  async (limit) => {
    await using ollama = new FakeOllama({ msPerToken: 1 });
    const host = await ollama.start();
    const stage = await Stage.open(server.url, () => ({
      limits: { resources: { ollama: limit } },
      types: { story: { runner: "ollama", model: "llama3.2", host, resources: { ollama: 1 } } },
    }));
    // The first ones stay in their answers, so that there is a running one to cancel.
    ollama.hold(2);
    const submitted = Array.from({ length: JOBS }, (_, index) =>
      stage.submit("story", { id: `story-${index}`, priority: index % 5, params: { prompt: `tell ${index}` } }),
    );
    await Promise.all(submitted);
    await ollama.until(({ now }) => now === limit);

    const running = stage.watch.ofType("StartGranted").map(({ fact }) => fact.job);
    expect(running).toHaveLength(limit);
    const queued = Array.from({ length: 40 }, (_, index) => `story-${index * 5 + 1}`).filter(
      (id) => !running.includes(id as never),
    );
    // Both ways of asking: the service, and a message that nobody waits for the answer of.
    await Promise.all([
      ...queued.map((id, index) =>
        index % 2 === 0
          ? stage.request("api.cancel", { id })
          : stage.publish("command.cancel", { id, reason: "not wanted" }),
      ),
      ...running.map((id) => stage.request("api.cancel", { id })),
    ]);
    await ollama.until(({ aborted }) => aborted >= limit);
    // Running ones go on being cancelled, in the middle of their answers.
    for (let round = 0; round < 10; round += 1) {
      const total = ollama.total;
      await ollama.until((fake) => fake.total > total || fake.now === limit);
      const live = [...stage.watch.ofType("RunStarted")].at(-1)?.fact.job;
      if (live !== undefined) await stage.request("api.cancel", { id: live });
    }
    ollama.release();
    await stage.untilEnded(JOBS);

    expect(ollama.peak).toBe(limit);
    expect(ollama.now).toBe(0);
    const { jobs, peaks } = await stage.audit();
    expect(peaks.get("resource:ollama")).toBe(limit);
    const states = [...jobs.values()].map(({ state }) => state);
    const cancelled = states.filter((state) => state === "cancelled").length;
    expect(cancelled).toBeGreaterThanOrEqual(queued.length + running.length);
    expect(states.filter((state) => state === "completed")).toHaveLength(JOBS - cancelled);
    for (const id of [...queued, ...running]) expect(jobs.get(id)?.state).toBe("cancelled");
    // Whoever was cancelled while waiting was never sent there.
    expect(ollama.total).toBe([...jobs.values()].filter(({ attempts }) => attempts > 0).length);
  },
);
