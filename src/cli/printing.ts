/**
 * Prints a result in the form that was asked for: a table for people; one JSON document, or JSON Lines; comma-separated values
 * with a header line; YAML.
 */
import type { Command } from "commander";
import { csvText } from "./csv.js";
import { CliFailure } from "./failure.js";
import { commonOptionsOf, type Output } from "./options.js";
import type { Terminal } from "./terminal.js";

/** What is one line of a csv: names of what an item has, so that the header line is there for no items, too. */
export type Columns<T> = readonly (keyof T & string)[];

let writeYaml: (value: unknown) => string = () => {
  throw new Error("YAML was not made ready before it was written");
};

/** Loads what it takes to write in a form. Before a command acts, so that all of them can print without waiting. */
export async function prepareOutput(output: Output): Promise<void> {
  if (output === "yaml") ({ writeYaml } = await import("../config/yaml-text.js"));
}

/** For a command that tells of what happens as it happens, or prints what is neither rows nor one document. */
export function takesNoRows(command: Command): void {
  command.hook("preAction", (_command, self) => refuseRows(self.name(), commonOptionsOf(self).output));
}

export function refuseRows(what: string, output: Output): void {
  if (output === "csv" || output === "yaml")
    throw CliFailure.usage(`${what} prints no ${output}: it takes -o table, json or jsonl`);
}

/**
 * Prints one document; `toText` makes what people see. A csv has one row, with what has parts as JSON, or where the document is
 * about several things, those that `rows` names.
 */
export function printDocument<T extends object>(
  terminal: Terminal,
  output: Output,
  document: T,
  toText: (document: T) => string,
  rows: { readonly items: readonly object[]; readonly columns: readonly string[] } | null = null,
): void {
  if (output !== "csv") return print(terminal, output, document, toText);
  if (rows !== null) terminal.out(csvText(rows.items, rows.columns));
  else terminal.out(csvText([document]));
}

/** Prints a list: as JSON and YAML one array, as JSON Lines and csv an item a line. */
export function printList<T extends object>(
  terminal: Terminal,
  output: Output,
  items: readonly T[],
  toText: (items: readonly T[]) => string,
  columns?: Columns<T>,
): void {
  if (output === "jsonl") for (const item of items) terminal.out(JSON.stringify(item));
  else if (output === "csv") terminal.out(csvText(items, columns));
  else print(terminal, output, items, toText);
}

function print<T>(
  terminal: Terminal,
  output: Exclude<Output, "csv">,
  document: T,
  toText: (document: T) => string,
): void {
  switch (output) {
    case "json":
      return terminal.out(JSON.stringify(document, null, 2));
    case "jsonl":
      return terminal.out(JSON.stringify(document));
    case "yaml":
      return terminal.out(writeYaml(document).replace(/\n$/, ""));
    case "table": {
      const text = toText(document);
      return text === "" ? undefined : terminal.out(text);
    }
    default:
      return output satisfies never;
  }
}
