/** A key-value bucket for what is remembered from one run to the next, made when it is first asked for something. */
import type { KV, NatsConnection } from "./door.js";

export interface KeyValue {
  /** The text under a key; null if there is none, or it was deleted. */
  get(key: string): Promise<string | null>;
  /** Settles when the server has stored it. */
  put(key: string, text: string): Promise<void>;
}

export function keyValue(nc: NatsConnection, bucket: string): KeyValue {
  let opened: Promise<KV> | null = null;
  const use = async <T>(act: (kv: KV) => Promise<T>): Promise<T> => {
    // Direct reads may be answered by a replica that is behind, and would need rights of their own.
    opened ??= nc.jetstream().views.kv(bucket, { history: 1, allow_direct: false });
    try {
      return await act(await opened);
    } catch (error) {
      // It may have been deleted meanwhile: whoever comes next opens it anew.
      opened = null;
      throw error;
    }
  };
  return {
    get: (key) =>
      use(async (kv) => {
        const entry = await kv.get(key);
        return entry === null || entry.operation !== "PUT" ? null : entry.string();
      }),
    put: (key, text) => use(async (kv) => void (await kv.put(key, text))),
  };
}
