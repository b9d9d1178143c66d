/** Tables for people: columns as wide as their content, and together no wider than the terminal. */

import type { Terminal } from "./terminal.js";
import { cutToWidth, fillToWidth, oneLine, textWidth } from "./text-width.js";

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly align?: "left" | "right";
  /** Colours a cell that has been cut and filled already, so that colours take no room. */
  readonly paint?: (cell: string, row: Row) => string;
  /** May be cut when the terminal is too narrow; of several the widest is cut first. */
  readonly mayShrink?: boolean;
}

const GAP = "  ";
/** Columns are cut to the first width where that is enough, to the second in a very narrow terminal. */
const SHRUNK_WIDTHS_MIN = [8, 3] as const;

/** The table without a line break at its end. Blanks at the ends of lines are left out. */
export function drawTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], terminal: Terminal): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.text(row))));
  const widths = columns.map(({ title }, index) =>
    cells.reduce((width, line) => Math.max(width, textWidth(line[index] ?? "")), title.length),
  );
  for (const widthMin of SHRUNK_WIDTHS_MIN) shrink(widths, columns, terminal.width, widthMin);
  const { dim } = terminal.colors;
  const draw = (line: readonly string[], row: Row | null) =>
    line
      .map((text, index) => {
        const [column, width = 0] = [columns[index], widths[index]];
        const isLast = index === line.length - 1;
        const cut = cutToWidth(text, width);
        const filled = isLast && column?.align !== "right" ? cut : fillToWidth(cut, width, column?.align);
        if (row === null) return dim(filled);
        return column?.paint === undefined ? filled : column.paint(filled, row);
      })
      .join(GAP)
      .trimEnd();
  const head = draw(
    columns.map(({ title }) => title),
    null,
  );
  return [head, ...rows.map((row, index) => draw(cells[index] ?? [], row))].join("\n");
}

/** Lines of a name and a value, the values under each other. Null values are left out. */
export function drawPairs(pairs: readonly (readonly [string, string | null])[], terminal: Terminal): string {
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null);
  const width = Math.max(0, ...shown.map(([name]) => textWidth(name)));
  return shown.map(([name, value]) => `${terminal.colors.dim(fillToWidth(name, width))}${GAP}${value}`).join("\n");
}

function shrink<Row>(widths: number[], columns: readonly Column<Row>[], widthMax: number, widthMin: number): void {
  const total = () => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
  for (let excess = total() - widthMax; excess > 0; excess = total() - widthMax) {
    let widest = -1;
    for (const [index, { mayShrink }] of columns.entries()) {
      if (mayShrink === true && (widths[index] ?? 0) > Math.max(widthMin, widths[widest] ?? 0)) widest = index;
    }
    if (widest === -1) return;
    const width = widths[widest] ?? 0;
    widths[widest] = Math.max(widthMin, width - Math.max(1, Math.ceil(excess / columns.length)));
  }
}
