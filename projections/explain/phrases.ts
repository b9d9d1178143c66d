/** Parts of sentences: lists of names, times, other people's words. */

/** A sentence names no more jobs than this; the others are counted. */
const NAMES_IN_TEXT_MAX = 3;
/** Words of others (reasons, error messages) are cut to this many characters. */
const QUOTE_CHARS_MAX = 200;

/** Somebody else's words as a part of a sentence: on one line, cut, without a full stop of their own. */
export function quoted(words: string | null): string {
  const line = (words ?? "no reason given").replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length > QUOTE_CHARS_MAX ? `${line.slice(0, QUOTE_CHARS_MAX)}…` : line;
}

/** The first few, and how many more there are; a list of `most` may have been cut off there. */
export function names(ids: readonly string[], most = Number.POSITIVE_INFINITY): string {
  const more = ids.length - NAMES_IN_TEXT_MAX;
  if (more <= 0) return listed(ids);
  const count = ids.length < most ? more : `at least ${more}`;
  return `${ids.slice(0, NAMES_IN_TEXT_MAX).join(", ")} and ${count} more`;
}

export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}

/** `10:42:07Z`; with the date if that is not the day of `asOf`. Times are UTC. */
export function clockTime(at: string, asOf: string): string {
  const time = `${at.slice(11, 19)}Z`;
  return at.slice(0, 10) === asOf.slice(0, 10) ? time : `${at.slice(0, 10)} ${time}`;
}
