/** "Did you mean …?": the known name that is closest to a mistyped one. */

/** A name with more than a third of its letters wrong was probably not a typing error. */
const lettersPerError = 3;
/** Names are at most 64 letters; a longer text is not worth comparing. */
const lettersMax = 100;

/** The closest candidate, ignoring case; undefined if none is close. */
export function closest(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length > lettersMax) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.ceil(text.length / lettersPerError)) + 1;
  for (const candidate of candidates) {
    if (candidate.length > lettersMax) continue;
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    // A distance of the whole word would suggest anything for a word of one letter.
    if (distance < bestDistance && distance < candidate.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance: how many letters to insert, delete or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
