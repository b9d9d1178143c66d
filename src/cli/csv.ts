/** Rows as comma-separated values: a header line, then a line for each row (RFC 4180, with the line ends of Unix). */

/** The lines without a line break at the end. Without `columns` they are the keys of the rows, in the order in which they come. */
export function csvText(rows: readonly object[], columns: readonly string[] = keysOf(rows)): string {
  const lines = rows.map((row) => {
    const fields = new Map<string, unknown>(Object.entries(row));
    return columns.map((column) => cellOf(fields.get(column)));
  });
  return [columns, ...lines].map((cells) => cells.map(quoted).join(",")).join("\n");
}

function keysOf(rows: readonly object[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

/** Text as it is, and what has parts as JSON; nothing for null and for what is not there. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
