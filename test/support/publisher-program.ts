/**
 * A program of somebody else: knows nothing of this project but its subjects, and uses nothing but the `nats` package.
 *
 *     node publisher-program.js <url> <namespace> <count> <seed>
 *
 * Publishes jobs of three types with random priorities and tags, a window at a time, and prints what was acknowledged as one
 * JSON line: `{"seed": …, "acknowledged": [{"sequence": …, "id": …}, …]}`.
 */
import { connect } from "nats";

const windowMax = 100;
/** Type → the most units that a job of it takes, by tag. */
const TYPES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  story: { ollama: 1, "cpu-bound": 1 },
  research: { "claude-api": 2 },
  thumbs: { "cpu-bound": 2, "claude-api": 1 },
};

const [url = "", namespace = "", count = "0", seed = "0"] = process.argv.slice(2);

/** Mulberry32: small, and the same numbers for the same seed everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = generator(Number(seed));
const upTo = (most: number): number => Math.floor(random() * (most + 1));

function makeJob(number: number): { readonly type: string; readonly body: object; readonly id: string | null } {
  const types = Object.keys(TYPES);
  const type = types[upTo(types.length - 1)] ?? "story";
  const tags = Object.entries(TYPES[type] ?? {}).map(([tag, most]) => [tag, upTo(most)] as const);
  const resources = Object.fromEntries(tags.filter(([, units]) => units > 0));
  const id = random() < 0.5 ? `job-${number}` : null;
  const name = `${type} ${number}`;
  const body = {
    ...(id === null ? {} : { id }),
    priority: upTo(20) - 10,
    resources,
    params: { name, uses: resources },
  };
  return { type, body, id };
}

const nc = await connect({ servers: url });
const js = nc.jetstream();
const acknowledged: { sequence: number; id: string }[] = [];
for (let sent = 0; sent < Number(count); sent += windowMax) {
  const jobs = Array.from({ length: Math.min(windowMax, Number(count) - sent) }, (_, index) => makeJob(sent + index));
  const acks = jobs.map(async ({ type, body, id }) => {
    const { seq } = await js.publish(`${namespace}.submit.${type}`, JSON.stringify(body));
    acknowledged.push({ sequence: seq, id: id ?? `j${seq}` });
  });
  await Promise.all(acks);
}
await nc.close();
process.stdout.write(`${JSON.stringify({ seed: Number(seed), acknowledged })}\n`);
