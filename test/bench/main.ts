/**
 * The benchmark: everything in one run against one server, in alternating rounds, and the middle one counts: so the ratios
 * hold on shared and noisy hardware. `npm run bench -- --quick` takes about half a minute.
 */
import { parseArgs } from "node:util";
import { startNatsServer } from "../support/nats-server.js";
import { type EndToEnd, measureEndToEnd, measureRawLimit } from "./end-to-end.js";
import { measureHandover, measureRoundTrip } from "./handover.js";
import { quantile } from "./measure.js";
import { measurePeer, measurePeerHandover, startRedis } from "./peer.js";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, jobs: { type: "string" } } });
const jobs = Number(values.jobs ?? (values.quick ? 30_000 : 200_000));
const handovers = values.quick ? 5_000 : 20_000;
const limit = 100;
const ROUNDS = 3;
/** Jobs in one message, and in one call of the peer's. */
const BATCH_JOBS = 500;
const WARM_UP_JOBS = 20_000;
const WARM_UP_HANDOVERS = 5_000;

const say = (text: string) => process.stdout.write(`${text}\n`);
const perSecond = (value: number) => `${Math.round(value).toLocaleString("en")}/s`;
const middle = (samples: readonly number[]) => quantile(samples, 0.5);

await using server = await startNatsServer();
await using redis = await startRedis();
say(
  `signalbox bench: nats-server ${server.version}, Node.js ${process.version}, ${process.arch}, file storage, default sync_interval`,
);

// Once around before anything is measured: what is compared is the steady state, not the compiler's first seconds.
await measureEndToEnd(server.url, "bench-warm-up", WARM_UP_JOBS, limit);
const endToEnds: EndToEnd[] = [];
const batched: number[] = [];
const rawLimits: number[] = [];
const peers: number[] = [];
if (redis !== null) await measurePeer(redis.port, "bench-warm-up", WARM_UP_JOBS, limit, BATCH_JOBS);
for (let round = 1; round <= ROUNDS; round += 1) {
  const endToEnd = await measureEndToEnd(server.url, `bench-end-to-end-${round}`, jobs, limit);
  endToEnds.push(endToEnd);
  rawLimits.push(await measureRawLimit(server.url, `bench-raw-${round}`, jobs, endToEnd.entries));
  const inBatches = await measureEndToEnd(server.url, `bench-batches-${round}`, jobs, limit, BATCH_JOBS);
  batched.push(inBatches.jobsPerSecond);
  if (redis !== null) peers.push(await measurePeer(redis.port, `bench-${round}`, jobs, limit, BATCH_JOBS));
}
const ours = middle(endToEnds.map(({ jobsPerSecond }) => jobsPerSecond));
const raw = middle(rawLimits);
const entries = endToEnds[0]?.entries ?? [];
const entryBytes = entries.reduce((sum, entry) => sum + entry.length, 0);
say("");
say(
  `end to end, ${jobs.toLocaleString("en")} no-op jobs, limit ${limit}, publisher in another process; middle of ${ROUNDS} rounds`,
);
say(
  `  signalbox        ${perSecond(ours)}   (${entries.length} entries, ${Math.round(entryBytes / jobs)} ledger bytes a job)`,
);
say(`  raw limit        ${perSecond(raw)}   the same messages and bytes through both streams, no scheduler between`);
say(`  share            ${Math.round((100 * ours) / raw)} %   (at least 25 %)`);
const bulk = middle(batched);
say(`  in batches       ${perSecond(bulk)}   signalbox, ${BATCH_JOBS} jobs in one message`);
if (redis === null)
  say("  BullMQ           not measured: there is no redis-server here (apt-get install redis-server)");
else {
  const peer = middle(peers);
  say(
    `  BullMQ           ${perSecond(peer)}   on Redis ${redis.version}, appendonly, ${limit} at a time, ${BATCH_JOBS} added in one call`,
  );
  say(`  ratio            ${(bulk / peer).toFixed(1)} ×   signalbox in batches against BullMQ`);
}

await measureHandover(server.url, "bench-handover-warm-up", WARM_UP_HANDOVERS);
const completions: number[] = [];
const releases: number[] = [];
const roundTrips: number[] = [];
const peerReleases: number[] = [];
for (let round = 1; round <= ROUNDS; round += 1) {
  roundTrips.push(...(await measureRoundTrip(server.url, `bench-round-trip-${round}`, handovers)));
  const handover = await measureHandover(server.url, `bench-handover-${round}`, handovers);
  releases.push(...handover.releaseToStartMs);
  completions.push(handover.completionsPerSecond);
  if (redis !== null)
    peerReleases.push(...(await measurePeerHandover(redis.port, `bench-handover-${round}`, handovers)));
}
const figures = (samples: readonly number[]) =>
  `p50 ${middle(samples).toFixed(3)} ms, p99 ${quantile(samples, 0.99).toFixed(3)} ms`;
say("");
say(`handing over the only slot (limit 1), ${ROUNDS} rounds of ${handovers.toLocaleString("en")} jobs`);
say(`  completions      ${perSecond(middle(completions))}`);
say(`  release → start  ${figures(releases)}`);
say(`  publish → ack    ${figures(roundTrips)}   raw, one after the other`);
say(`  ratio            ${(middle(releases) / middle(roundTrips)).toFixed(2)} ×   (at most 2)`);
if (redis !== null) say(`  BullMQ           ${figures(peerReleases)}   release → start, one at a time`);
