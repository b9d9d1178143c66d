/**
 * What is left of leases, asked of the scheduler that leads: with real workers in processes of their own and real holders of
 * reservations, that renew, and that are stopped (D8).
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { type LeaseLeft, leasesSchema } from "../../src/api/leases.js";
import { eventually } from "../embedded/folders.js";
import { startRun } from "../support/direct-run.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { Stage } from "../support/stage.js";

let server: NatsTestServer;
beforeEach(async () => {
  server = await startNatsServer();
});
afterEach(() => server.stop());

const LEASE_MS = 9_000;
/** Renewed three times a lease, it stands above two thirds; below one third its holder would have given up. */
const HALF = LEASE_MS / 2;
const THIRD = LEASE_MS / 3;

const openStage = (): Promise<Stage> =>
  Stage.open(server.url, () => ({
    limits: { resources: { ollama: 1 } },
    lease: LEASE_MS,
    types: { any: { runner: "nats", resources: { ollama: 1 } } },
  }));

const asked = async (stage: Stage) => leasesSchema.parse(await stage.request("query.leases"));

const ofHolder = (leases: readonly LeaseLeft[], holder: string) => leases.find((lease) => lease.holder === holder);

test("given a worker that renews its lease and one that is stopped, when the leader is asked, then the one's stands near its length, and the other's falls until it has expired", async () => {
  const stage = await openStage();
  // The worker inside the scheduler has no lease that could end before the scheduler does.
  expect(await asked(stage)).toMatchObject({ total: 0, leases: [] });
  const types = { any: { runner: "command", argv: ["sleep", "600"] } };
  const steady = await stage.startWorker({ types });
  const stopped = await stage.startWorker({ types });
  const both = await asked(stage);
  const { position } = z.object({ position: z.number() }).parse(await stage.request("query.slots"));
  expect(both).toMatchObject({ total: 2, position });
  expect([...both.leases].sort((a, b) => a.leftMs - b.leftMs)).toEqual(both.leases);
  for (const { id } of [steady, stopped])
    expect(ofHolder(both.leases, id)).toEqual({
      ...{ holder: id, kind: "worker", leaseMs: LEASE_MS },
      leftMs: expect.toSatisfy((left: number) => left > THIRD && left <= LEASE_MS),
    });

  stopped.signal("SIGSTOP");
  const [fell, stood]: [number[], number[]] = [[], []];
  await eventually("the lease of the stopped one has expired", async () => {
    const { leases, at } = await asked(stage);
    expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(HALF);
    stood.push(ofHolder(leases, steady.id)?.leftMs ?? -1);
    const left = ofHolder(leases, stopped.id)?.leftMs;
    if (left === undefined) return true;
    if (left < HALF) fell.push(left);
    return null;
  });
  expect(Math.min(...stood)).toBeGreaterThan(THIRD);
  expect(fell.length).toBeGreaterThan(1);
  expect(fell).toEqual([...fell].sort((a, b) => b - a));
  expect(fell.at(-1)).toBeLessThan(THIRD);
  const left = ({ watch }: Stage) => watch.ofType("WorkerLeft").map(({ fact }) => String(fact.worker));
  await stage.watch.until("that is on record", () => left(stage).length > 0);
  expect(left(stage)).toEqual([stopped.id]);
});

test("given reservations, one held and one that waits, when the leader is asked, then each has a lease of its own, and who is stopped loses it", async () => {
  const stage = await openStage();
  const { natsUrl, namespace } = { natsUrl: server.url, namespace: stage.namespace };
  const run = (lease: string) =>
    startRun(["--resource", "ollama=1", "--lease", lease, "--", "cat"], { natsUrl, namespace });
  const requested = ({ watch }: Stage) => watch.ofType("ReservationRequested").map(({ fact }) => fact.reservation);
  const holder = run("6s");
  await stage.watch.until("one holds the slot", (watch) => watch.ofType("ReservationGranted").length === 1);
  run("60s");
  await stage.watch.until("one waits", () => requested(stage).length === 2);
  const [held = "", waits = ""] = requested(stage);
  const { leases } = await asked(stage);
  expect(leases).toMatchObject([
    { holder: held, kind: "reservation", leaseMs: 6_000 },
    { holder: waits, kind: "reservation", leaseMs: 60_000 },
  ]);
  holder.signal("SIGSTOP");
  await eventually("it is gone", async () => (ofHolder((await asked(stage)).leases, held) === undefined ? true : null));
  expect((await asked(stage)).leases).toMatchObject([{ holder: waits, leaseMs: 60_000 }]);
  const expired = ({ watch }: Stage) => watch.ofType("ReservationExpired").map(({ fact }) => String(fact.reservation));
  await stage.watch.until("that is on record", () => expired(stage).length > 0);
  expect(expired(stage)).toEqual([held]);
  holder.signal("SIGKILL");
});

test("given a worker and a reservation of the same name, when only the worker renews, then the reservation expires all the same (DEC-004)", async () => {
  const stage = await openStage();
  const twin = { worker: "twin", types: ["any"], capacity: 1 };
  expect(await stage.request("worker.join", twin)).toMatchObject({ leaseMs: LEASE_MS });
  const reserved = { id: "twin", resources: { ollama: 1 }, lease: "4s" };
  expect(await stage.request("api.reserve", reserved)).toMatchObject({ reservation: { state: "granted" } });
  const { leases } = await asked(stage);
  expect(leases.map(({ holder, kind, leaseMs }) => [holder, kind, leaseMs]).sort()).toEqual([
    ["twin", "reservation", 4_000],
    ["twin", "worker", LEASE_MS],
  ]);
  await eventually("the reservation has expired", async () => {
    await stage.request("worker.renew", { worker: "twin", running: [] });
    return stage.watch.ofType("ReservationExpired").length === 1 ? true : null;
  });
  expect((await asked(stage)).leases).toMatchObject([{ holder: "twin", kind: "worker" }]);
});

test("given a question with arguments, then it is refused; and given that nobody leads, then nobody answers", async () => {
  const stage = await openStage();
  expect(await stage.request("query.leases", { holder: "w1" })).toMatchObject({ code: 400 });
  await stage.scheduler.kill();
  await expect(stage.request("query.leases")).rejects.toMatchObject({ code: "503" });
});
