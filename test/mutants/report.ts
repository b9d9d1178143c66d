/** What Stryker says of a room: how many mutants there were, who was found, and who was not, as a change of a line. */
import { readFile } from "node:fs/promises";
import type { Change } from "./explained.js";

/** These count; a mutant that does not compile or is not tried does not. */
const TRIED = new Set(["Killed", "Timeout", "Survived", "NoCoverage"]);
const FOUND = new Set(["Killed", "Timeout"]);

interface Place {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** A part of the mutation testing report schema, version 2. */
export interface Report {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: string;
        readonly mutants: readonly {
          readonly status: string;
          readonly mutatorName: string;
          readonly replacement?: string;
          readonly location: { readonly start: Place; readonly end: Place };
        }[];
      }
    >
  >;
}

export interface Survivor {
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly change: Change;
  /** False if no test comes to where it is. */
  readonly isReached: boolean;
}

export interface Tally {
  readonly found: number;
  readonly all: number;
  readonly survivors: readonly Survivor[];
}

export async function readReport(file: string): Promise<Report> {
  return JSON.parse(await readFile(file, "utf8"));
}

export function tallyOf({ files }: Report): Tally {
  const survivors: Survivor[] = [];
  let all = 0;
  for (const [file, { source, mutants }] of Object.entries(files)) {
    for (const { status, mutatorName: kind, replacement = "", location } of mutants) {
      if (!TRIED.has(status)) continue;
      all += 1;
      if (FOUND.has(status)) continue;
      const change = changeOf(source, location.start, location.end, replacement);
      survivors.push({ file, line: location.start.line, kind, change, isReached: status !== "NoCoverage" });
    }
  }
  return { found: all - survivors.length, all, survivors };
}

/** The whole of the lines between two places, as they are and with `replacement` between the places. */
function changeOf(source: string, start: Place, end: Place, replacement: string): Change {
  const lines = source.split("\n");
  const from = lines[start.line - 1] ?? "";
  const to = lines[end.line - 1] ?? "";
  const between = lines.slice(start.line - 1, end.line).join("\n");
  return [
    withOneBlank(between),
    withOneBlank(from.slice(0, start.column - 1) + replacement + to.slice(end.column - 1)),
  ];
}

/** All white space as one blank, as `Change` has it. */
export const withOneBlank = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
