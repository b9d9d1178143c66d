/** When the scheduler that leads is asked what is left of leases, and what the pages are told of it. */
import { expect, test } from "vitest";
import type { LeaseLeft } from "../../src/api/leases.js";
import { LeaseNews } from "../../src/ui/lease-news.js";
import { Recording } from "../../src/ui/recording.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { messagesOf } from "./messages.js";

const ofWorker = (holder: string, leftMs: number): LeaseLeft => ({ holder, kind: "worker", leaseMs: 9_000, leftMs });
const ofReservation = (holder: string): LeaseLeft => ({ ...ofWorker(holder, 3_000), kind: "reservation" });

/** News of a ledger with so many open pages; `known`: what the leader answers, null for nobody. */
function newsOf(book: LedgerBuilder) {
  const recording = new Recording();
  for (const message of messagesOf(book.lines)) recording.apply(message);
  const told: (readonly LeaseLeft[])[] = [];
  const world = { pages: 1, asked: 0, known: [] as LeaseLeft[] | null };
  const news = new LeaseNews({
    shown: {
      recording,
      leases: async () => {
        world.asked += 1;
        const { known: leases } = world;
        return leases === null ? null : { position: 1, at: "2026-12-01T00:00:00.000Z", total: leases.length, leases };
      },
    },
    streams: {
      get size() {
        return world.pages;
      },
    },
    broadcast: { leases: (leases) => void told.push(leases) },
  });
  return { world, told, news };
}

const begun = (): LedgerBuilder => ledger().elected().worker("inside").remoteWorker("far", 2).limits({ global: 3 });

test("given nobody who holds slots by a lease, or no open page, when a round is made, then the leader is not asked, and nothing is told", async () => {
  const idle = newsOf(begun().submitted("a").granted("a", "inside").reserved("waits"));
  await idle.news.tell();
  const unseen = newsOf(begun().submitted("a").granted("a", "far"));
  unseen.world.pages = 0;
  await unseen.news.tell();
  expect([idle.world.asked, idle.told, unseen.world.asked, unseen.told]).toEqual([0, [], 0, []]);
});

test("given a worker elsewhere and a reservation that hold slots, when rounds are made, then their leases are told, and no others", async () => {
  const { news, world, told } = newsOf(
    begun().submitted("a").granted("a", "far").reserved("direct").reservationGranted("direct"),
  );
  // A worker may be called like a reservation.
  world.known = [ofWorker("far", 5_000), ofWorker("idle", 4_000), ofReservation("direct"), ofReservation("far")];
  await news.tell();
  await news.tell();
  const both = [ofWorker("far", 5_000), ofReservation("direct")];
  expect(told).toEqual([both, both]);
});

test("given leases that were told, when nobody leads any more, then that nothing is known is told once", async () => {
  const { news, world, told } = newsOf(begun().submitted("a").granted("a", "far"));
  world.known = [ofWorker("far", 5_000)];
  await news.tell();
  world.known = null;
  await news.tell();
  await news.tell();
  expect(told).toEqual([[ofWorker("far", 5_000)], []]);
  expect(world.asked).toBe(3);
});
