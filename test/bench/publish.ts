/**
 * A publisher in a process of its own: publishes no-op submissions with a bounded window and waits for every acknowledgement.
 * Arguments: server URL, subject, how many jobs, and how many in one message. Begins when a line comes on standard input, prints what it took in milliseconds.
 */
import { once } from "node:events";
import { Publisher } from "../../src/log/publisher.js";
import { openConnection } from "../../src/nats/connection.js";
import { batchBytes, submissionBytes } from "./workload.js";

const IN_FLIGHT_MAX = 500;

const [url = "", subject = "", count = "0", batch = "1"] = process.argv.slice(2);
const nc = await openConnection({ servers: [url] }, "bench publisher");
const publisher = new Publisher(nc);
process.stdout.write("ready\n");
await once(process.stdin, "data");
const begin = performance.now();
const data = batch === "1" ? submissionBytes() : batchBytes(Number(batch));
let inFlight: Promise<unknown>[] = [];
for (let i = 0; i < Number(count); i += Number(batch)) {
  inFlight.push(publisher.publish({ subject, data }).then(mustBeStored));
  if (inFlight.length >= IN_FLIGHT_MAX) {
    await Promise.all(inFlight);
    inFlight = [];
  }
}
await Promise.all(inFlight);
process.stdout.write(`${performance.now() - begin}\n`);
await nc.close();

function mustBeStored(appended: { outcome: string }): void {
  if (appended.outcome !== "stored") throw new Error(`a submission was not stored: ${JSON.stringify(appended)}`);
}
