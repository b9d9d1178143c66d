/** Prints a result in the form that was asked for: a table for people, one JSON document, or JSON Lines. */
import type { Output } from "./options.js";
import type { Terminal } from "./terminal.js";

/** Prints one document; `toText` makes what people see. */
export function printDocument<T>(
  terminal: Terminal,
  output: Output,
  document: T,
  toText: (document: T) => string,
): void {
  if (output === "json") terminal.out(JSON.stringify(document, null, 2));
  else if (output === "jsonl") terminal.out(JSON.stringify(document));
  else printText(terminal, toText(document));
}

/** Prints a list: as JSON one array, as JSON Lines an item a line. */
export function printList<T>(
  terminal: Terminal,
  output: Output,
  items: readonly T[],
  toText: (items: readonly T[]) => string,
): void {
  if (output === "json") terminal.out(JSON.stringify(items, null, 2));
  else if (output === "jsonl") for (const item of items) terminal.out(JSON.stringify(item));
  else printText(terminal, toText(items));
}

function printText(terminal: Terminal, text: string): void {
  if (text !== "") terminal.out(text);
}
