/** An object store bucket for large results, made when the first one is put. */
import type { PutObject } from "../worker/results.js";
import type { NatsConnection, ObjectStore } from "./door.js";

export function objectStore(nc: NatsConnection, bucket: string): PutObject {
  let opened: Promise<ObjectStore> | null = null;
  return async (name, bytes) => {
    opened ??= nc
      .jetstream()
      .views.os(bucket)
      .catch((error: unknown) => {
        // Not opened: the next result tries again.
        opened = null;
        throw error;
      });
    const store = await opened;
    // Under its digest a name always has the same bytes, so what is there already need not be put again.
    if ((await store.info(name)) === null) await store.putBlob({ name }, bytes);
  };
}

/** Makes the bucket, if it is not there. */
export async function makeBucket(nc: NatsConnection, bucket: string): Promise<void> {
  await nc.jetstream().views.os(bucket);
}

/** The bytes under a name, or null if there are none. The client verifies the digest of what it reads. */
export async function readObject(nc: NatsConnection, bucket: string, name: string): Promise<Uint8Array | null> {
  const store = await nc.jetstream().views.os(bucket);
  return store.getBlob(name);
}
