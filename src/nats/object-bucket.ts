/**
 * A bucket of an object store (ADR-20) with few objects, whose names are known beforehand. It is read message by message, without
 * a consumer: so those who may only look can be allowed to, also from another account; and looking never makes the bucket.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { JetStreamManager, NatsConnection } from "./door.js";

/** What is known of an object. */
const objectSchema = z.object({
  nuid: z.string(),
  size: z.number().int().nonnegative(),
  chunks: z.number().int().nonnegative(),
  digest: z.string(),
  deleted: z.boolean().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});
export type StoredObject = Readonly<z.infer<typeof objectSchema>>;

/** The bytes are not what was put: some are missing, or other ones. */
export class ObjectDamaged extends Error {
  readonly code = "object-damaged";
}

/** Above this, something else was put there: nothing of ours is so large. */
const OBJECT_BYTES_MAX = 1024 * 1024 * 1024;
/** Nobody waits longer for a word of a cache. Who may not ask is told so at once. */
const ANSWER_MS = 10_000;
const NOT_FOUND = "404";

export class ObjectBucket {
  readonly #nc: NatsConnection;
  readonly #bucket: string;
  #manager: Promise<JetStreamManager> | null = null;

  constructor(nc: NatsConnection, bucket: string) {
    this.#nc = nc;
    this.#bucket = bucket;
  }

  /** Null if there is no such object, or no bucket, or if what is there is no object. */
  async find(name: string): Promise<StoredObject | null> {
    const data = await this.#message({ last_by_subj: this.#metaSubject(name) });
    if (data === null) return null;
    const read = objectSchema.safeParse(parseJson(data.data));
    return read.success && read.data.deleted !== true ? read.data : null;
  }

  /** Throws `ObjectDamaged` if its bytes are not what its digest says. */
  async read({ nuid, size, chunks, digest }: StoredObject): Promise<Uint8Array> {
    if (size > OBJECT_BYTES_MAX) throw new ObjectDamaged(`it has ${size} bytes`);
    const parts: Uint8Array[] = [];
    let sequence = 0;
    while (parts.length < chunks) {
      const query = { seq: sequence + 1, next_by_subj: this.#chunkSubject(nuid) };
      const found = await this.#message(query);
      if (found === null) throw new ObjectDamaged(`${chunks - parts.length} of its ${chunks} parts are missing`);
      sequence = found.sequence;
      parts.push(found.data);
    }
    const bytes = Buffer.concat(parts);
    const real = `SHA-256=${createHash("sha256").update(bytes).digest("base64url")}`;
    // ADR-20 pads, and not every writer does.
    if (real !== digest.replace(/=+$/, "")) throw new ObjectDamaged(`its digest is ${real}, and ${digest} was stored`);
    return bytes;
  }

  /** Puts an object under a name, in place of the one there. It is there as a whole, or not at all. Makes the bucket. */
  async put(name: string, bytes: Uint8Array, metadata: Record<string, string>): Promise<void> {
    const store = await this.#nc.jetstream().views.os(this.#bucket);
    await store.putBlob({ name, metadata }, bytes);
  }

  /** Removes parts that belong to none of the objects of these names: whoever was killed while putting one has left them. */
  async sweep(names: readonly string[]): Promise<number> {
    const jsm = await this.#jsm();
    const filter = { subjects_filter: this.#chunkSubject(">") };
    const info = await jsm.streams.info(this.#stream, filter).catch(nullIfNotFound);
    const objects = await Promise.all(names.map((name) => this.find(name)));
    const kept = new Set(objects.map((object) => this.#chunkSubject(object?.nuid ?? "")));
    const left = Object.keys(info?.state.subjects ?? {}).filter((subject) => !kept.has(subject));
    for (const subject of left) await jsm.streams.purge(this.#stream, { filter: subject });
    return left.length;
  }

  async #message(
    query: { readonly last_by_subj: string } | { readonly seq: number; readonly next_by_subj: string },
  ): Promise<{ readonly sequence: number; readonly data: Uint8Array } | null> {
    const jsm = await this.#jsm();
    const message = await jsm.streams.getMessage(this.#stream, query).catch(nullIfNotFound);
    return message === null ? null : { sequence: message.seq, data: message.data };
  }

  get #stream(): string {
    return `OBJ_${this.#bucket}`;
  }

  #metaSubject(name: string): string {
    return `$O.${this.#bucket}.M.${padded(Buffer.from(name).toString("base64url"))}`;
  }

  #chunkSubject(nuid: string): string {
    return `$O.${this.#bucket}.C.${nuid}`;
  }

  #jsm(): Promise<JetStreamManager> {
    this.#manager ??= this.#nc.jetstreamManager({ timeout: ANSWER_MS }).catch((error: unknown) => {
      // Not opened: the next one tries again.
      this.#manager = null;
      throw error;
    });
    return this.#manager;
  }
}

const padded = (text: string): string => text.padEnd(Math.ceil(text.length / 4) * 4, "=");

function nullIfNotFound(error: unknown): null {
  if ((error as { code?: unknown }).code === NOT_FOUND) return null;
  throw error;
}

function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString("utf8"));
  } catch {
    return null;
  }
}
