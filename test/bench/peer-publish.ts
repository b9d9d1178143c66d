/**
 * A publisher for BullMQ in a process of its own. Arguments: host, port, queue, how many jobs, and how many in one call. Begins when a
 * line comes on standard input.
 */
import { once } from "node:events";
import { Queue } from "bullmq";
import { NOOP_TYPE, SUBMISSION } from "./workload.js";

const [host = "", port = "", name = "", count = "0", batch = "1"] = process.argv.slice(2);
const queue = new Queue(name, { connection: { host, port: Number(port) } });
await queue.waitUntilReady();
process.stdout.write("ready\n");
await once(process.stdin, "data");
for (let added = 0; added < Number(count); added += Number(batch)) {
  const jobs = Math.min(Number(batch), Number(count) - added);
  await queue.addBulk(Array.from({ length: jobs }, () => ({ name: NOOP_TYPE, data: SUBMISSION })));
}
await queue.close();
