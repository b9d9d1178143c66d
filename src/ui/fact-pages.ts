/**
 * The log, page by page and in both directions, perhaps only the facts of a kind. A search looks at a bounded part of the ledger
 * each time, and says where to go on: so it is never long without an answer.
 */
import type { Entry } from "../../events/entry.js";
import type { Fact } from "../../events/facts.js";
import { type FactAddress, factAddress, type JobId, position } from "../../events/names.js";
import type { Fold } from "../../projections/fold.js";
import { readMessages } from "../client/reader.js";
import { entryOf } from "../log/entry.js";
import { entriesOf, readFacts } from "../log/job-facts.js";
import type { Log } from "../log/log.js";
import { causeOf, factLine } from "./fact-line.js";
import type { FactAnswer, FactLine, FactsAnswer } from "./protocol.js";
import { RequestRefused } from "./refusal.js";

export const FACTS_PER_PAGE_MAX = 500;
const FACTS_LOOKED_AT_MAX = 20_000;
/** Entries are read in pieces that grow: the last ones often have all that is asked for. */
const PIECE_ENTRIES_MIN = 8;
const PIECE_ENTRIES_MAX = 500;

/** Before or after the fact `index` of the entry at `position`; without an index, of the whole entry. */
export interface Place {
  readonly position: number;
  readonly index: number | null;
}

export interface FactsWanted {
  readonly from: { readonly way: "before" | "after"; readonly place: Place } | null;
  readonly limit: number;
  readonly text: string | null;
  readonly types: readonly string[];
  readonly job: string | null;
}

export interface PagedLedger {
  readonly ledger: Log;
  /** What it begins after: 0, unless it is a part of a log. */
  readonly begins: number;
  /** The fold at its end. */
  readonly now: Fold;
}

export async function factsPage({ ledger, begins, now }: PagedLedger, wanted: FactsWanted): Promise<FactsAnswer> {
  const last = now.head.position;
  const from = wanted.from ?? { way: "before", place: { position: last + 1, index: null } };
  // What is no job's id finds none.
  const row = now.jobs.get(wanted.job as JobId);
  // Of a job that the index knows, the addresses are known; no need to search.
  if (row !== undefined && wanted.text === null && wanted.types.length === 0) {
    const facts = await readFacts([...row.addresses], entriesOf(ledger));
    const lines = facts.map(({ position: address, at, fact }) => factLine(address, at, fact));
    return from.way === "before" ? lastOf(lines, from.place, wanted.limit) : firstOf(lines, from.place, wanted.limit);
  }
  return from.way === "before"
    ? backwards(ledger, from.place, { begins, last }, wanted)
    : forwards(ledger, from.place, { begins, last }, wanted);
}

/** One fact with its entry. Throws `RequestRefused` if there is none at that address. */
export async function factAt(ledger: Log, { position: at, index }: Place): Promise<FactAnswer> {
  const message = await ledger.read(at);
  const entry = message === null ? null : entryOf(message);
  const fact = entry?.facts[index ?? 0];
  if (message === null || entry === null || fact === undefined)
    throw new RequestRefused("not-found", `there is no fact ${at}.${index ?? 0} in the ledger`);
  const { id, prev, epoch, at: time, intake, facts } = entry;
  const address = factAddress(position(at), index ?? 0);
  return {
    line: factLine(address, time, fact),
    fact,
    entry: {
      ...{ position: position(at), id, prev, epoch, at: time, storedAt: message.storedAt, intake },
      facts: facts.length,
    },
    cause: causeOf(fact),
  };
}

/** Reads `812` or `812.3`; null if it is neither. */
export function parsePlace(text: string): Place | null {
  const read = /^(\d{1,15})(?:\.(\d{1,9}))?$/.exec(text);
  if (read === null) return null;
  return { position: Number(read[1]), index: read[2] === undefined ? null : Number(read[2]) };
}

/** The entries that there are: those after `begins`, up to `last`. */
type Extent = { readonly begins: number; readonly last: number };

async function backwards(ledger: Log, place: Place, extent: Extent, wanted: FactsWanted): Promise<FactsAnswer> {
  const { begins, last } = extent;
  const found: FactLine[] = [];
  let looked = 0;
  let size = PIECE_ENTRIES_MIN;
  // An entry of which only the first facts are before the place is looked at too.
  let end = Math.min(last, place.index === null ? place.position - 1 : place.position);
  while (end > begins && found.length < wanted.limit && looked < FACTS_LOOKED_AT_MAX) {
    const begin = Math.max(begins, end - size);
    const piece: FactLine[] = [];
    for await (const { sequence, entry } of entriesBetween(ledger, begin, end)) {
      looked += entry.facts.length;
      piece.push(...linesOf(sequence, entry, wanted).filter(({ address }) => isBefore(address, place)));
    }
    found.unshift(...piece);
    end = begin;
    size = Math.min(size * 2, PIECE_ENTRIES_MAX);
  }
  const shown = found.slice(-wanted.limit);
  const isCut = shown.length < found.length;
  return {
    facts: shown,
    before: isCut ? (shown[0]?.address ?? null) : end > begins ? String(end + 1) : null,
    after: shown.at(-1)?.address ?? null,
  };
}

async function forwards(ledger: Log, place: Place, extent: Extent, wanted: FactsWanted): Promise<FactsAnswer> {
  const { begins, last } = extent;
  const found: FactLine[] = [];
  let looked = 0;
  let size = PIECE_ENTRIES_MIN;
  let begin = place.index === null ? place.position : place.position - 1;
  while (begin < last && found.length < wanted.limit && looked < FACTS_LOOKED_AT_MAX) {
    const end = Math.min(last, Math.max(begins, begin) + size);
    for await (const { sequence, entry } of entriesBetween(ledger, Math.max(begins, begin), end)) {
      looked += entry.facts.length;
      found.push(...linesOf(sequence, entry, wanted).filter(({ address }) => isAfter(address, place)));
    }
    begin = end;
    size = Math.min(size * 2, PIECE_ENTRIES_MAX);
  }
  const shown = found.slice(0, wanted.limit);
  const isCut = shown.length < found.length;
  return {
    facts: shown,
    before: shown[0]?.address ?? null,
    after: isCut ? (shown.at(-1)?.address ?? null) : begin < last ? String(begin) : null,
  };
}

async function* entriesBetween(
  ledger: Log,
  after: number,
  last: number,
): AsyncIterable<{ readonly sequence: number; readonly entry: Entry }> {
  for await (const message of readMessages(ledger, after, last))
    yield { sequence: message.sequence, entry: entryOf(message) };
}

function linesOf(sequence: number, { at, facts }: Entry, wanted: FactsWanted): FactLine[] {
  return facts.flatMap((fact, index) =>
    isWanted(fact, wanted) ? [factLine(factAddress(position(sequence), index), at, fact)] : [],
  );
}

function isWanted(fact: Fact, { text, types, job }: FactsWanted): boolean {
  if (types.length > 0 && !types.includes(fact.type)) return false;
  if (job !== null && (!("job" in fact) || fact.job !== job)) return false;
  return text === null || JSON.stringify(fact).toLowerCase().includes(text.toLowerCase());
}

function lastOf(lines: readonly FactLine[], place: Place, limit: number): FactsAnswer {
  const before = lines.filter(({ address }) => isBefore(address, place));
  const shown = before.slice(-limit);
  const first = shown[0]?.address ?? null;
  return { facts: shown, before: shown.length < before.length ? first : null, after: shown.at(-1)?.address ?? null };
}

function firstOf(lines: readonly FactLine[], place: Place, limit: number): FactsAnswer {
  const after = lines.filter(({ address }) => isAfter(address, place));
  const shown = after.slice(0, limit);
  const last = shown.at(-1)?.address ?? null;
  return { facts: shown, before: shown[0]?.address ?? null, after: shown.length < after.length ? last : null };
}

function isBefore(address: FactAddress, place: Place): boolean {
  const [at = 0, index = 0] = address.split(".").map(Number);
  return at < place.position || (place.index !== null && at === place.position && index < place.index);
}

function isAfter(address: FactAddress, place: Place): boolean {
  const [at = 0, index = 0] = address.split(".").map(Number);
  return at > place.position || (place.index !== null && at === place.position && index > place.index);
}
