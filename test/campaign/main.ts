/**
 * The campaign: real schedulers, workers and NATS servers under load, killed, stopped and cut off, round after round.
 *
 *     npm run campaign -- [--rounds 200] [--seed S] [--minutes M] [--round N] [--faults kill-leader,stop-run]
 *                         [--lanes L] [--out folder] [--keep]
 *
 * What happens in a round (faults, their targets and moments, the load) is drawn from the seed and the round's number, and
 * `--seed S --round N` does the same again. When the operating system lets which process run is not in the seed: a round that went
 * wrong may go well the next time, so its record is kept.
 */
import { randomInt } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { FAULT_KINDS, type FaultKind } from "./faults.js";
import { describePlan, drawPlan } from "./plan.js";
import { type RoundResult, runRound } from "./round.js";
import { roundLine, table } from "./tally.js";

/** A server keeps what it was given; now and then a fresh one begins with nothing. */
const ROUNDS_PER_SERVER = 8;
const SEED_MAX = 2 ** 31;
/** Worker processes in a round, at the most. */
const WORKERS_MAX = 2;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "200" },
    seed: { type: "string" },
    minutes: { type: "string" },
    round: { type: "string" },
    faults: { type: "string" },
    lanes: { type: "string", default: "1" },
    out: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});
const seed = values.seed === undefined ? randomInt(SEED_MAX) : whole("seed", values.seed);
const only = values.round === undefined ? null : whole("round", values.round);
const lastRound = only ?? whole("rounds", values.rounds);
const deadline =
  values.minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + Number(values.minutes) * 60_000;
const kinds = values.faults?.split(",").map(faultKind);
const folder = values.out ?? (await mkdtemp(join(tmpdir(), `signalbox-campaign-${seed}-`)));

// An exit takes all processes with it; a signal alone would not.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const planOf = (round: number) =>
  drawPlan({ seed, round, workersMax: WORKERS_MAX, ...(kinds !== undefined && { kinds }) });
const say = (text: string) => process.stdout.write(`${text}\n`);
const results: RoundResult[] = [];
let next = only ?? 1;

say(
  `campaign: seed ${seed}, ${only === null ? `${lastRound} rounds` : `round ${only} alone`}, Node.js ${process.version}`,
);
if (only !== null) for (const line of describePlan(planOf(only))) say(`  ${line}`);
await Promise.all(Array.from({ length: whole("lanes", values.lanes) }, lane));
say("");
say(table(results));
const wrong = results.filter(({ complaints }) => complaints.length > 0);
const more = values.faults === undefined ? "" : ` --faults ${values.faults}`;
if (wrong.length > 0)
  say(
    `\nThe records are in ${folder}. Again: npm run campaign -- --seed ${seed} --round ${wrong[0]?.plan.round}${more}`,
  );
process.exitCode = wrong.length === 0 ? 0 : 1;

/** Rounds one after the other, each lane on servers of its own. */
async function lane(): Promise<void> {
  let server: NatsTestServer | null = null;
  for (let done = 0; next <= lastRound && performance.now() < deadline; done += 1) {
    const plan = planOf(next);
    next += 1;
    if (done % ROUNDS_PER_SERVER === 0) {
      await server?.stop();
      server = await startNatsServer();
    }
    if (server === null) throw new Error("there is no server");
    const result = await runRound(plan, { server, folder, keepAll: values.keep });
    results.push(result);
    say(roundLine(result));
    if (result.record !== null) tellOf(result);
  }
  await server?.stop();
}

function tellOf({ plan, complaints, record }: RoundResult): void {
  if (complaints.length > 0) for (const line of describePlan(plan)) say(`    ${line}`);
  for (const complaint of complaints.slice(0, 20)) say(`    ${complaint.split("\n")[0]}`);
  say(`    record: ${record}`);
}

/** Which faults strike in each round, in this order, in place of those that are drawn. */
function faultKind(text: string): FaultKind {
  const kind = FAULT_KINDS.find((one) => one === text);
  if (kind !== undefined) return kind;
  process.stderr.write(`--faults: there is no ${text}; faults are ${FAULT_KINDS.join(", ")}\n`);
  process.exit(2);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 0) return value;
  process.stderr.write(`--${name}: must be a whole number, got ${text}\n`);
  process.exit(2);
}
