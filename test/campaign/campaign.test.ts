/**
 * The campaign in short: a few rounds of it, with the faults that everything else rests on. All of it: `npm run campaign`. What is
 * drawn stands in the message of a round that goes wrong, and so does where its record is.
 */
import { randomInt } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startNatsServer } from "../support/nats-server.js";
import type { FaultKind } from "./faults.js";
import { describePlan, drawPlan } from "./plan.js";
import { runRound } from "./round.js";

const seed = Number(process.env["CAMPAIGN_SEED"] ?? randomInt(2 ** 31));
const JOBS_MAX = 18;
/** They mostly wait, so they go on at the same time, each on a server of its own. */
const TEST_MS_MAX = 150_000;

const ROUNDS: readonly (readonly [string, readonly FaultKind[]])[] = [
  ["the leader and then the NATS server are killed", ["kill-leader", "kill-server"]],
  ["the leader is stopped and a run is killed", ["stop-leader", "kill-run"]],
  ["the leader is cut off from the NATS server and the standby is killed", ["partition-leader", "kill-standby"]],
];

describe("real processes under load", () => {
  test.concurrent.each(ROUNDS)(
    "given jobs and commands of every kind, when %s, then everything acknowledged ends, nothing runs twice and nothing is left",
    async (what, kinds) => {
      const round = ROUNDS.findIndex(([one]) => one === what) + 1;
      const plan = drawPlan({ seed, round, workersMax: 0, kinds, jobsMax: JOBS_MAX });
      await using server = await startNatsServer();
      const folder = join(tmpdir(), `signalbox-campaign-${seed}`);
      const { complaints, faults, record, jobs } = await runRound(plan, { server, folder, keepAll: false });
      const about = [...describePlan(plan), `the record: ${record}; again with CAMPAIGN_SEED=${seed}`].join("\n");
      expect(complaints, about).toEqual([]);
      expect(faults, about).toEqual(expect.arrayContaining([kinds[0]]));
      expect(jobs).toBeGreaterThan(plan.load.jobs / 2);
    },
    TEST_MS_MAX,
  );
});
