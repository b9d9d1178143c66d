/** `kill -9` of the embedded NATS server under a running scheduler: it comes back on its port with its store, and nothing is lost. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openConnection } from "../../src/nats/connection.js";
import { PROGRAM } from "../support/program.js";

const JOBS = 60;
const ENDED_MS_MAX = 40_000;

async function startUp(folder: string) {
  const child = spawn(process.execPath, [PROGRAM, "up", "-o", "json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  for await (const line of createInterface({ input: child.stdout })) {
    const ready: { event: string; nats: string } = JSON.parse(line);
    if (ready.event === "ready") return { child, url: ready.nats };
  }
  throw new Error("the scheduler ended before it was ready");
}

test("given jobs that wait and run, when the embedded server is killed, then all end, none twice", {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-embedded-crash-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(
    join(folder, "signalbox.yaml"),
    "limits: {global: 3}\ntypes: {nap: {runner: command, argv: [sleep, '0.1']}}\n",
  );
  const { child, url } = await startUp(folder);
  const nc = await openConnection({ servers: [url] }, "embedded crash test");
  onTestFinished(() => nc.close());
  const states = async (): Promise<Record<string, number>> => {
    const answer = await nc.request("signalbox.query.health", "", { timeout: 2_000 });
    return answer.json<{ jobs: Record<string, number> }>().jobs;
  };
  const completed = async (count: number) => {
    const deadline = performance.now() + ENDED_MS_MAX;
    for (;;) {
      // Nobody answers while the server is away.
      const now = await states().catch((): Record<string, number> => ({}));
      if ((now["completed"] ?? 0) >= count) return now;
      if (performance.now() > deadline)
        throw new Error(`within ${ENDED_MS_MAX} ms it was not so: ${JSON.stringify(now)}`);
      await delay(50);
    }
  };

  const js = nc.jetstream();
  for (let i = 0; i < JOBS; i += 1) await js.publish("signalbox.submit.nap");
  await completed(5);
  const { pid } = JSON.parse(await readFile(join(folder, ".signalbox/server.json"), "utf8"));
  process.kill(pid, "SIGKILL");

  expect(await completed(JOBS)).toMatchObject({ completed: JOBS, failed: 0, retrying: 0, queued: 0, running: 0 });
  const revived = JSON.parse(await readFile(join(folder, ".signalbox/server.json"), "utf8"));
  expect(revived.pid).not.toBe(pid);
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
});
