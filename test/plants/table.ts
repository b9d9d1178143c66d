/** The table of who has found which plant, and how soon. */
import { CHECKERS } from "./checkers.js";

export interface Row {
  readonly name: string;
  /** By the name of the checker; one that is not there was not asked, or cannot be. */
  readonly finds: Map<string, { readonly what: string | null; readonly seconds: number }>;
}

export function tableOf(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const cell = ({ finds }: Row, checker: string): string => {
    const find = finds.get(checker);
    if (find === undefined) return "";
    return find.what === null ? "–" : `${find.seconds.toFixed(1)} s`;
  };
  const line = (name: string, cells: readonly string[]) =>
    `${name.padEnd(width)}${cells.map((text) => text.padStart(10)).join("")}`.trimEnd();
  return [
    line(
      "a scheduler that",
      CHECKERS.map(({ name }) => name),
    ),
    ...rows.map((row) =>
      line(
        row.name,
        CHECKERS.map(({ name }) => cell(row, name)),
      ),
    ),
  ].join("\n");
}
