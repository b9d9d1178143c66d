/** Reserving from outside when something gets lost on the way: answers, announcements, the scheduler; each counts once all the same. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Fact } from "../../events/facts.js";
import { openSession, ReservationLost, reserveSlots, type Session } from "../../src/client/index.js";
import { loadConfiguration } from "../../src/config/index.js";
import { startWorld, type World } from "../cli/world.js";
import { eventually } from "../embedded/folders.js";
import { LedgerWatch } from "../support/ledger-watch.js";
import { TcpGate } from "../support/tcp-gate.js";

let world: World;
let watch: LedgerWatch;
let session: Session;
beforeEach(async () => {
  world = await startWorld("limits: {resources: {ollama: 1}}\nlease: 5s\n");
  session = await openAt(world.server.url);
  watch = await LedgerWatch.open(session.nc, "signalbox");
});
afterEach(async () => {
  watch.close();
  await session.close();
  await world[Symbol.asyncDispose]();
});

async function openAt(nats: string): Promise<Session> {
  const loaded = loadConfiguration({ env: {}, cwd: world.folder });
  if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.problems));
  return openSession({ loaded, nats, env: {}, cwd: world.folder, onNotice: () => {} });
}

async function openThroughGate(): Promise<{ readonly gate: TcpGate; readonly through: Session }> {
  const gate = await TcpGate.open(world.server.port);
  const through = await openAt(`nats://127.0.0.1:${gate.port}`);
  onTestFinished(async () => {
    await through.close();
    await gate[Symbol.asyncDispose]();
  });
  return { gate, through };
}

const OLLAMA = { resources: { ollama: 1 }, holder: "a test" };
/** What is on record about reservations. */
const told = (): readonly string[] =>
  watch.facts.flatMap(({ fact }: { fact: Fact }) =>
    "reservation" in fact ? [`${fact.type.slice("Reservation".length)} ${fact.reservation}`] : [],
  );
const untilTold = (count: number): Promise<void> =>
  watch.until(`${count} facts about reservations`, () => told().length >= count);

describe("an answer that is lost", () => {
  test("given the answer to the request, when it is repeated, then there is one reservation, and it is granted once", async () => {
    const { gate, through } = await openThroughGate();
    gate.dropAnswers();
    const reserving = reserveSlots(through, { ...OLLAMA, id: "mine" });
    await gate.untilSent("signalbox.api.reserve");
    await untilTold(2);
    gate.cut();
    const slots = await reserving;
    expect(await slots.release()).toBe("released");
    await untilTold(3);
    expect(told()).toEqual(["Requested mine", "Granted mine", "Released mine"]);
  });

  test("given the answer to the release, when it is repeated, then it counts as released, and is on record once", async () => {
    const { gate, through } = await openThroughGate();
    const slots = await reserveSlots(through, { ...OLLAMA, id: "mine" });
    gate.dropAnswers();
    const releasing = slots.release();
    await gate.untilSent("signalbox.api.release");
    await untilTold(3);
    gate.cut();
    expect(await releasing).toBe("released");
    expect(told()).toEqual(["Requested mine", "Granted mine", "Released mine"]);
  });

  test("given the answers to renewals, when they come again before two thirds of the lease, then nothing is lost", async () => {
    const { gate, through } = await openThroughGate();
    const slots = await reserveSlots(through, { ...OLLAMA, id: "mine", lease: 3_000 });
    gate.dropAnswers();
    await gate.untilSent("signalbox.api.renew");
    gate.cut();
    await gate.untilSentAgain("signalbox.api.renew");
    expect(slots.lost.aborted).toBe(false);
    expect(await slots.release()).toBe("released");
  });
});

describe("announcements that are lost", () => {
  const deaf = (): Session => ({ ...session, subjects: { ...session.subjects, event: () => "nobody.says.this" } });

  test("given none comes, when the slots are granted or taken away, then the renewals tell", async () => {
    const first = await reserveSlots(session, { ...OLLAMA, id: "first" });
    const reserving = reserveSlots(deaf(), { ...OLLAMA, id: "second", lease: 1_500 });
    await untilTold(3);
    await first.release();
    const second = await reserving;
    await session.command("release", { id: "second" });
    await eventually("it is lost", () => (second.lost.aborted ? true : null));
    expect(second.lost.reason).toBeInstanceOf(ReservationLost);
    expect(second.lost.reason).toMatchObject({ code: "reservation-lost", message: expect.stringMatching(/no more/) });
    expect(await second.release()).toBe("gone");
  });
});

describe("a scheduler that is away", () => {
  test("given it stops while one holds and one waits, when it starts again, then both keep what they have", async () => {
    const first = await reserveSlots(session, { ...OLLAMA, id: "first" });
    const silences: string[] = [];
    const reserving = reserveSlots(
      session,
      { ...OLLAMA, id: "second" },
      { onSilence: ({ code }) => silences.push(code) },
    );
    await untilTold(3);
    await world.scheduler.stop();
    await eventually("it is missed", () => (silences.length > 0 ? true : null));
    await world.startAgain();
    expect(await first.release()).toBe("released");
    const second = await reserving;
    expect(second.grant).toBeGreaterThan(first.grant);
    expect(second.demand).toEqual({ "resource:ollama": 1 });
    expect(await second.release()).toBe("released");
    await untilTold(6);
    expect(told()).toEqual([
      ...["Requested first", "Granted first", "Requested second"],
      ...["Released first", "Granted second", "Released second"],
    ]);
  });

  test("given there is none, when it is asked for, then it is tried for as long as a change of leader takes, and not longer", async () => {
    await world.scheduler.stop();
    const began = performance.now();
    await expect(reserveSlots(session, OLLAMA)).rejects.toMatchObject({ code: "no-scheduler" });
    expect(performance.now() - began).toBeGreaterThan(9_000);
    await world.startAgain();
  });

  test("given it is away for longer than the lease when it is to be told, then the release says that nobody was", async () => {
    const slots = await reserveSlots(session, { ...OLLAMA, lease: 1_000 });
    await world.scheduler.stop();
    expect(["unanswered", "gone"]).toContain(await slots.release());
    await world.startAgain();
    await watch.until("it expires by itself", () => watch.ofType("ReservationExpired").length === 1);
  });
});

describe("the end of the waiting", () => {
  test("given a signal, when it aborts, then the place is given back, and its reason is thrown", async () => {
    const first = await reserveSlots(session, { ...OLLAMA, id: "first" });
    const stop = new AbortController();
    const reserving = reserveSlots(session, { ...OLLAMA, id: "second", signal: stop.signal });
    await untilTold(3);
    stop.abort(new Error("enough"));
    await expect(reserving).rejects.toThrow("enough");
    await untilTold(4);
    expect(told().at(-1)).toBe("Released second");
    await first.release();
    await expect(reserveSlots(session, { ...OLLAMA, signal: stop.signal })).rejects.toThrow("enough");
  });

  test("given somebody else releases it while it waits, when it hears of that, then it is lost, and not asked for anew", async () => {
    const first = await reserveSlots(session, { ...OLLAMA, id: "first" });
    const reserving = reserveSlots(session, { ...OLLAMA, id: "second" });
    await untilTold(3);
    await session.command("release", { id: "second" });
    await expect(reserving).rejects.toThrow(/second was released by somebody else/);
    await first.release();
    expect(told().filter((fact) => fact === "Requested second")).toHaveLength(1);
  });

  test.each([
    [{ resources: { gpu: 1 } }, /configured pools: ollama/],
    [{ resources: { ollama: -1 } }, /resources\.ollama/],
    [{ lease: 1 }, /lease: must be from 500ms to 1d/],
    [{ id: "not an id" }, /id: must be a reservation's id/],
  ])(
    "given %j, when it is asked for, then it is refused as invalid, at once, with the reason",
    async (wrong, reason) => {
      const refused = reserveSlots(session, { ...OLLAMA, ...wrong });
      await expect(refused).rejects.toMatchObject({ code: "invalid", message: expect.stringMatching(reason) });
      expect(told()).toEqual([]);
    },
  );
});
