/**
 * The checkpoints of a namespace, in a bucket of the object store: at most as many as there are places, and a new one takes an old
 * one's. Of the older ones those stay that leave the smallest gaps, so that there is one near any position that is asked about.
 */
import { promisify } from "node:util";
import { gunzip, gzipSync } from "node:zlib";
import { z } from "zod";
import { entryIdSchema, positionSchema } from "../../events/names.js";
import { STATE_FORM } from "../../projections/canonical-state.js";
import { checkpointLines } from "../../projections/checkpoint/checkpoint.js";
import { CHECKPOINT_FORM } from "../../projections/checkpoint/checkpoint-lines.js";
import { CheckpointDamaged, Restoration } from "../../projections/checkpoint/restoration.js";
import type { Fold } from "../../projections/fold.js";
import type { ObjectBucket, StoredObject } from "../nats/object-bucket.js";
import { Slices } from "../slices.js";
import { stateHash, stateHashInSlices } from "../state-hash.js";
import { VERSION } from "../version.js";
import { crowdedIndex } from "./spacing.js";

export const CHECKPOINTS_MAX = 32;
const placeOf = (index: number): string => `checkpoint-${index}`;
const PLACES: readonly [string, ...string[]] = [
  placeOf(0),
  ...Array.from({ length: CHECKPOINTS_MAX - 1 }, (_, index) => placeOf(index + 1)),
];
/** Fast: it is written often and read seldom. A state of 28 MB comes to 3 MB. */
const GZIP_LEVEL = 1;
const NEWLINE = 0x0a;

/** Another program may fold the same ledger to something else, so it does not take what this one has folded. */
export const CODE = `${VERSION} ${CHECKPOINT_FORM}.${STATE_FORM}`;

const recordSchema = z.object({
  /** The identity of the ledger's stream. */
  ledger: z.string(),
  position: z.coerce.number().pipe(positionSchema),
  /** The id of the entry there, and its time. */
  entry: entryIdSchema,
  at: z.string(),
  /** The hash of the state. */
  hash: z.string(),
  code: z.string(),
});
export type CheckpointRecord = Readonly<z.infer<typeof recordSchema>>;

export interface Shelved extends CheckpointRecord {
  readonly place: string;
  readonly object: StoredObject;
}

/** What whoever looks for a checkpoint needs of a shelf. */
export type ShelfReader = Pick<Shelf, "list" | "read">;

export class Shelf {
  readonly #bucket: ObjectBucket;

  constructor(bucket: ObjectBucket) {
    this.#bucket = bucket;
  }

  /** All that are there, of whatever ledger and code, in the order of their positions. */
  async list(): Promise<readonly Shelved[]> {
    const [first, ...others] = PLACES;
    // Where nothing may be read, it is enough to be refused once.
    const found = [await this.#lookUp(first), ...(await Promise.all(others.map((place) => this.#lookUp(place))))];
    return found.filter((one) => one !== null).sort((a, b) => a.position - b.position);
  }

  /** The fold of a checkpoint, made in slices. Throws `CheckpointDamaged`, `ObjectDamaged` or what the server answers. */
  async read({ object, position, entry, hash }: Shelved): Promise<Fold> {
    const fold = await unpack(await this.#bucket.read(object));
    const real = await stateHashInSlices(fold);
    if (real !== hash) throw new CheckpointDamaged(`it restores to another state: ${real}, and ${hash} was written`);
    if (fold.head.position !== position || fold.head.entryId !== entry)
      throw new CheckpointDamaged(`it is of position ${fold.head.position}, not ${position}`);
    return fold;
  }

  /** Puts the checkpoint of a fold into the bucket, in which it takes a free place or the one that is missed least. */
  async put(fold: Fold, ledger: string): Promise<CheckpointRecord> {
    const { position, entryId: entry, at } = fold.head;
    if (entry === null) throw new Error("there is nothing to keep before the first entry");
    const record: CheckpointRecord = { ledger, position, entry, at, hash: stateHash(fold), code: CODE };
    await this.#bucket.put(await this.#placeFor(record), pack(fold), { ...record, position: String(position) });
    return record;
  }

  /** Removes what killed writers have left. */
  sweep(): Promise<number> {
    return this.#bucket.sweep(PLACES);
  }

  async #lookUp(place: string): Promise<Shelved | null> {
    const object = await this.#bucket.find(place);
    const record = recordSchema.safeParse(object?.metadata);
    return object === null || !record.success ? null : { place, object, ...record.data };
  }

  async #placeFor({ ledger, position, code }: CheckpointRecord): Promise<string> {
    const all = await this.list();
    const free = PLACES.find((place) => all.every((one) => one.place !== place));
    const foreign = all.find((one) => one.ledger !== ledger || one.code !== code || one.position === position);
    // The same position again, and what nobody can use, go first.
    const crowded = all[crowdedIndex(all.map((one) => one.position))];
    const place = foreign?.place ?? free ?? crowded?.place;
    if (place === undefined) throw new Error("a full shelf has something on it");
    return place;
  }
}

/** Line by line, because a large state is more than one text can hold. */
function pack(fold: Fold): Uint8Array {
  const lines: Buffer[] = [];
  for (const line of checkpointLines(fold)) lines.push(Buffer.from(`${line}\n`));
  return gzipSync(Buffer.concat(lines), { level: GZIP_LEVEL });
}

async function unpack(bytes: Uint8Array): Promise<Fold> {
  const restoration = new Restoration();
  const slices = new Slices();
  for (const line of linesOf(await unzipped(bytes))) {
    restoration.read(line);
    await slices.between();
  }
  return restoration.finish();
}

function* linesOf(bytes: Buffer): IterableIterator<string> {
  let from = 0;
  for (let to = bytes.indexOf(NEWLINE); to !== -1; to = bytes.indexOf(NEWLINE, from)) {
    yield bytes.toString("utf8", from, to);
    from = to + 1;
  }
}

function unzipped(bytes: Uint8Array): Promise<Buffer> {
  return promisify(gunzip)(bytes).catch((error: unknown) => {
    throw new CheckpointDamaged("it is not packed as it should be", { cause: error });
  });
}
