/** How many columns of a terminal a text takes, and texts cut or filled to a number of columns. */

/** Made for the first text that is not plain ASCII: making one reads Unicode tables, which takes longer than most commands' work. */
let segmenter: Intl.Segmenter | null = null;
/** What terminals draw two columns wide: Chinese, Japanese and Korean writing, full-width forms, emoji. */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const ascii = /^[\x20-\x7e]*$/;
const markOnly = /^[\p{Mark}\u200b-\u200f\u2060\ufeff]+$/u;

function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/** Columns of a text without control characters and without colours. */
export function textWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += segmentWidth(segment);
  return width;
}

function segmentWidth(segment: string): number {
  if (markOnly.test(segment)) return 0;
  return wide.test(segment) ? 2 : 1;
}

/** The text in at most `width` columns; what is cut off shows as an ellipsis. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes(text)) {
    used += segmentWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return width > 0 ? `${kept}…` : "";
}

/** The text with blanks up to `width` columns, at its end or, for numbers, before it. */
export function fillToWidth(text: string, width: number, align: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "left" ? text + blanks : blanks + text;
}

/** A text from outside on one line of a terminal: what could move the cursor or end the line is shown as a box. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/\s*[\r\n]+\s*/g, " ⏎ ")
    .replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "\uFFFD");
}
