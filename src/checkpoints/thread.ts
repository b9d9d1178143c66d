/**
 * The thread in which a round of keeping checkpoints runs, with a connection and a fold of its own: to write down 100,000 jobs takes
 * a second, in which the dispatcher would decide nothing.
 */
import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { JetStreamLog } from "../log/jetstream.js";
import { Publisher } from "../log/publisher.js";
import { openConnection } from "../nats/connection.js";
import { ObjectBucket } from "../nats/object-bucket.js";
import { subjectsOf } from "../nats/subjects.js";
import type { RoundOrder, ThreadWord } from "./keeper.js";
import { runRound } from "./round.js";
import { Shelf } from "./shelf.js";

// What src/checkpoints/keeper.ts has given it.
const { connection, namespace, facts } = workerData as RoundOrder;
const say = (word: ThreadWord) => parentPort?.postMessage(word);

// On Linux a priority is a thread's own; elsewhere it would be the dispatcher's, too.
if (process.platform === "linux") setPriority(0, constants.priority.PRIORITY_LOW);

const name = `signalbox checkpoints ${process.pid}`;
// Two connections: what is asked of the bucket must not wait behind megabytes of entries that were asked for ahead.
const [nc, ncOfBucket] = [await openConnection(connection, name), await openConnection(connection, name)];
try {
  const { ledgerStream, checkpointsBucket } = subjectsOf(namespace);
  const jsm = await nc.jetstreamManager();
  const ledger = new JetStreamLog({ nc, jsm, stream: ledgerStream, publisher: new Publisher(nc) });
  const shelf = new Shelf(new ObjectBucket(ncOfBucket, checkpointsBucket));
  const onNotice = (notice: string) => say({ notice });
  say({ done: await runRound({ ledger, shelf, facts, onNotice }) });
} finally {
  await Promise.all([nc.close(), ncOfBucket.close()]);
}
