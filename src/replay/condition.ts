/**
 * Conditions on facts, for `--break`: a small language of its own, read into a tree; nothing of it is ever run as code.
 *
 *     condition   = conjunction { "||" conjunction }
 *     conjunction = term { "&&" term }
 *     term        = "!" term | "(" condition ")" | field operator value
 *     field       = "fact" | "job" | "type" | "state" | "pool"
 *     operator    = "==" | "!=" | "~"                       ~: contains the text
 *     value       = letters, digits, - _ . : *or* a text in quotes, of either kind
 *
 * A fact may have no such field, or several values of it (it is about several pools): `==` and `~` ask for any that fits, and `!=` is
 * the opposite of `==`.
 */
import { factSchema } from "../../events/facts.js";
import { JOB_STATES } from "../../events/states.js";

export const CONDITION_FIELDS = ["fact", "job", "type", "state", "pool"] as const;
export type ConditionField = (typeof CONDITION_FIELDS)[number];

/** The values that a fact has of a field. */
export type FieldReader = (field: ConditionField) => readonly string[];
export type Condition = (read: FieldReader) => boolean;

/** What is wrong with a condition, and where: the first character is number 1. */
export interface ConditionProblem {
  readonly at: number;
  readonly message: string;
}

export type ParsedCondition =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly problem: ConditionProblem };

const CHARACTERS_MAX = 1_000;
/** Brackets and negations inside each other. */
const DEPTH_MAX = 50;

/** Fields of which all values are known: another one is a slip, and would never be met. */
const KNOWN: Readonly<Partial<Record<ConditionField, readonly string[]>>> = {
  state: JOB_STATES,
  fact: factSchema.options.map(({ shape }) => shape.type.value),
};

export function parseCondition(text: string): ParsedCondition {
  try {
    if (text.length > CHARACTERS_MAX) throw new Wrong(CHARACTERS_MAX, `at most ${CHARACTERS_MAX} characters are read`);
    return { ok: true, condition: new Parser(tokensOf(text)).parse() };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { ok: false, problem: { at: error.at + 1, message: error.message } };
  }
}

/** The condition, and under it a mark at the place: for a person. */
export const describeProblem = (text: string, { at, message }: ConditionProblem): string =>
  `at character ${at}: ${message}\n  ${text}\n  ${" ".repeat(at - 1)}^`;

class Wrong extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

interface Token {
  readonly kind: "sign" | "word" | "quoted" | "end";
  readonly text: string;
  readonly at: number;
}

const TOKEN = /(?<sign>==|!=|&&|\|\||[!~()])|(?<word>[\w.:-]+)|(?<quoted>"[^"]*"|'[^']*')/uy;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at]?.trim() === "") {
      at += 1;
      continue;
    }
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) throw new Wrong(at, unreadable(text.slice(at)));
    const { sign, word, quoted } = found.groups ?? {};
    if (sign !== undefined) tokens.push({ kind: "sign", text: sign, at });
    else if (word !== undefined) tokens.push({ kind: "word", text: word, at });
    else tokens.push({ kind: "quoted", text: (quoted ?? "").slice(1, -1), at });
    at = TOKEN.lastIndex;
  }
  return [...tokens, { kind: "end", text: "", at: text.length }];
}

function unreadable(rest: string): string {
  const [first = ""] = rest;
  if (first === '"' || first === "'") return "this quote is not closed";
  if (first === "=") return "compare with ==";
  if (first === "&" || first === "|") return `write ${first}${first}`;
  return `${JSON.stringify(first)} has no place here; put values with such characters in quotes`;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Condition {
    const condition = this.#either();
    const { kind, at, text } = this.#peek();
    if (kind !== "end") throw new Wrong(at, `${JSON.stringify(text)} has no place here; join conditions with && or ||`);
    return condition;
  }

  #either(): Condition {
    const all = [this.#both()];
    while (this.#takes("||")) all.push(this.#both());
    return (read) => all.some((one) => one(read));
  }

  #both(): Condition {
    const all = [this.#term()];
    while (this.#takes("&&")) all.push(this.#term());
    return (read) => all.every((one) => one(read));
  }

  #term(): Condition {
    const { at } = this.#peek();
    if (this.#takes("!")) {
      const opposite = this.#deeper(at, () => this.#term());
      return (read) => !opposite(read);
    }
    if (!this.#takes("(")) return this.#comparison();
    const inside = this.#deeper(at, () => this.#either());
    if (!this.#takes(")")) throw new Wrong(this.#peek().at, "a ) is missing");
    return inside;
  }

  #deeper(at: number, parse: () => Condition): Condition {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX)
      throw new Wrong(at, `at most ${DEPTH_MAX} brackets and negations stand inside each other`);
    const parsed = parse();
    this.#depth -= 1;
    return parsed;
  }

  #comparison(): Condition {
    const named = this.#take();
    const field = CONDITION_FIELDS.find((known) => known === named.text);
    if (named.kind !== "word" || field === undefined)
      throw new Wrong(named.at, `a field is expected: ${CONDITION_FIELDS.join(", ")}`);
    const operator = this.#take();
    if (operator.kind !== "sign" || !["==", "!=", "~"].includes(operator.text))
      throw new Wrong(operator.at, `==, != or ~ is expected after ${field}`);
    const value = this.#take();
    if (value.kind !== "word" && value.kind !== "quoted") throw new Wrong(value.at, "a value is expected");
    const { text } = value;
    if (operator.text === "~") return (read) => read(field).some((one) => one.includes(text));
    const known = KNOWN[field];
    if (known !== undefined && !known.includes(text))
      throw new Wrong(value.at, `${JSON.stringify(text)} is no ${field}; there are ${known.join(", ")}`);
    const isEqual: Condition = (read) => read(field).includes(text);
    return operator.text === "==" ? isEqual : (read) => !isEqual(read);
  }

  #peek(): Token {
    const token = this.#tokens[this.#next] ?? this.#tokens[this.#tokens.length - 1];
    if (token === undefined) throw new Error("there is always an end");
    return token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #takes(sign: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== "sign" || text !== sign) return false;
    this.#next += 1;
    return true;
  }
}
