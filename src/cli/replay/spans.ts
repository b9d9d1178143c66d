/** Lines of a screen, put together from pieces that are coloured only after everything is cut to its place. */
import { cutToWidth, fillToWidth, textWidth } from "../text-width.js";

export interface Span {
  readonly text: string;
  readonly paint?: ((text: string) => string) | undefined;
}
export type Line = readonly Span[];

export const span = (text: string, paint?: (text: string) => string): Span => ({ text, paint });
export const widthOf = (line: Line): number => line.reduce((width, { text }) => width + textWidth(text), 0);

/** The line in at most `width` columns. */
export function cutLine(line: Line, width: number): Line {
  const cut: Span[] = [];
  let room = width;
  for (const { text, paint } of line) {
    if (room <= 0) break;
    const kept = cutToWidth(text, room);
    cut.push({ text: kept, paint });
    room = kept === text ? room - textWidth(kept) : 0;
  }
  return cut;
}

/** The line in exactly `width` columns, with blanks at its end or before it. */
export function fillLine(line: Line, width: number, align: "left" | "right" = "left"): Line {
  const cut = cutLine(line, width);
  const blanks = span(fillToWidth("", width - widthOf(cut)));
  return align === "left" ? [...cut, blanks] : [blanks, ...cut];
}

export const paintLine = (line: Line): string =>
  line.map(({ text, paint }) => (paint === undefined || text === "" ? text : paint(text))).join("");
