/** Where in the command line the next word stands: in which command, after which option, and as which argument. */
import type { Command, Option } from "commander";
import { defineCommand } from "../command-entry.js";

export interface Place {
  /** From the program down to the command that the word belongs to. */
  readonly path: readonly Command[];
  readonly command: Command;
  /** The option whose value the word is. */
  readonly option: Option | null;
  /** How many arguments of the command stand before it. */
  readonly operands: number;
  /** Behind `--`, where options are none. */
  readonly isBehindDashes: boolean;
  /** Values of the options before it, by their names in code. */
  readonly given: Readonly<Record<string, string>>;
}

/** Reads the words before the one that is completed. What is wrong with them is said when the command is run. */
export async function placeAfter(program: Command, words: readonly string[]): Promise<Place> {
  const path = [program];
  const given: Record<string, string> = {};
  let command = program;
  let option: Option | null = null;
  let operands = 0;
  let isBehindDashes = false;
  for (const word of words) {
    if (option !== null) {
      given[option.attributeName()] = word;
      option = null;
    } else if (isBehindDashes) operands += 1;
    else if (word === "--") isBehindDashes = true;
    else if (word.startsWith("-")) {
      const [name = "", value] = splitOption(word);
      const found = optionCalled(path, name);
      if (found?.required === true && value === undefined) option = found;
      else if (found !== null && value !== undefined) given[found.attributeName()] = value;
    } else {
      const own = operands === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (own === undefined) operands += 1;
      else {
        await defineCommand(own);
        command = own;
        path.push(own);
      }
    }
  }
  return { path, command, option, operands, isBehindDashes, given };
}

/** The option of a command or of one above it; null if there is none. */
export function optionCalled(path: readonly Command[], name: string): Option | null {
  const options = path.toReversed().flatMap((command) => command.options);
  return options.find(({ long, short }) => long === name || short === name) ?? null;
}

/** `--type=story` as name and value; the value is absent without `=`. */
export function splitOption(word: string): readonly string[] {
  const equals = word.indexOf("=");
  return word.startsWith("--") && equals > 0 ? [word.slice(0, equals), word.slice(equals + 1)] : [word];
}
