/** Text from outside, made fit for messages and bounded. */
import { stripVTControlCharacters } from "node:util";

/** Text as part of a message for people: no terminal control sequences, trimmed, cut with an ellipsis. */
export function readable(text: string, charsMax: number): string {
  const plain = stripVTControlCharacters(text).trim();
  return plain.length <= charsMax ? plain : `${cut(plain, charsMax)}…`;
}

/** The first `charsMax` UTF-16 units of a text, or one fewer where that would cut a character in two. */
export function cut(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const last = text.charCodeAt(charsMax - 1);
  const isHighSurrogate = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHighSurrogate ? charsMax - 1 : charsMax);
}
