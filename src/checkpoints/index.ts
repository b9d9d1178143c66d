/** Checkpoints: a disposable cache of what the ledger is folded to, in a bucket of the object store. */
import type { NatsConnection } from "../nats/door.js";
import { ObjectBucket } from "../nats/object-bucket.js";
import type { Subjects } from "../nats/subjects.js";
import { Shelf } from "./shelf.js";

export { Keeper } from "./keeper.js";
export { nearestCheckpoint } from "./nearest.js";

export const openShelf = (nc: NatsConnection, { checkpointsBucket }: Subjects): Shelf =>
  new Shelf(new ObjectBucket(nc, checkpointsBucket));
