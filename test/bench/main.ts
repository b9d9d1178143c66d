/**
 * The benchmark: everything in one run against one server, so that the ratios hold on shared and noisy hardware.
 * `npm run bench -- --quick` takes about half a minute.
 */
import { parseArgs } from "node:util";
import { startNatsServer } from "../support/nats-server.js";
import { measureEndToEnd, measureRawLimit } from "./end-to-end.js";
import { measureHandover, measureRoundTrip } from "./handover.js";
import { quantile } from "./measure.js";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, jobs: { type: "string" } } });
const jobs = Number(values.jobs ?? (values.quick ? 30_000 : 200_000));
const handovers = values.quick ? 5_000 : 20_000;
const limit = 100;
const WARM_UP_JOBS = 20_000;
const WARM_UP_HANDOVERS = 5_000;

const say = (text: string) => process.stdout.write(`${text}\n`);
const perSecond = (value: number) => `${Math.round(value).toLocaleString("en")}/s`;

await using server = await startNatsServer();
say(
  `signalbox bench: nats-server ${server.version}, Node.js ${process.version}, ${process.arch}, file storage, default sync_interval`,
);

// Once around before anything is measured: what is compared is the steady state, not the compiler's first seconds.
await measureEndToEnd(server.url, "bench-warm-up", WARM_UP_JOBS, limit);
const endToEnd = await measureEndToEnd(server.url, "bench-end-to-end", jobs, limit);
const rawLimit = await measureRawLimit(server.url, jobs, endToEnd.entries);
const entryBytes = endToEnd.entries.reduce((sum, entry) => sum + entry.length, 0);
say("");
say(`end to end, ${jobs.toLocaleString("en")} no-op jobs, limit ${limit}, publisher in another process`);
say(
  `  signalbox        ${perSecond(endToEnd.jobsPerSecond)}   (${endToEnd.entries.length} entries, ${Math.round(entryBytes / jobs)} ledger bytes a job)`,
);
say(
  `  raw limit        ${perSecond(rawLimit)}   the same messages and bytes through both streams, no scheduler between`,
);
say(`  share            ${Math.round((100 * endToEnd.jobsPerSecond) / rawLimit)} %   (at least 25 %)`);

// Round trips on both sides of the handovers: this hardware does not stay equally fast.
await measureHandover(server.url, "bench-handover-warm-up", WARM_UP_HANDOVERS);
const before = await measureRoundTrip(server.url, "bench-round-trip-before", handovers);
const handover = await measureHandover(server.url, "bench-handover", handovers);
const roundTrips = [...before, ...(await measureRoundTrip(server.url, "bench-round-trip-after", handovers))];
const roundTrip = quantile(roundTrips, 0.5);
const release = quantile(handover.releaseToStartMs, 0.5);
say("");
say(`handing over the only slot (limit 1), ${handovers.toLocaleString("en")} jobs`);
say(`  completions      ${perSecond(handover.completionsPerSecond)}`);
say(`  release → start  p50 ${release.toFixed(3)} ms, p99 ${quantile(handover.releaseToStartMs, 0.99).toFixed(3)} ms`);
say(
  `  publish → ack    p50 ${roundTrip.toFixed(3)} ms, p99 ${quantile(roundTrips, 0.99).toFixed(3)} ms   raw, one after the other`,
);
say(`  ratio            ${(release / roundTrip).toFixed(2)} ×   (at most 2)`);
