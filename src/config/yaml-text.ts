/** YAML as plain data that still knows where each key and value stood, so that every error can name line and column. */

import type { YAMLError } from "yaml";
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  stringify,
  visit,
} from "yaml";
import type { Finding } from "./findings.js";
import { type ConfigurationProblem, problemsMax } from "./problems.js";

export interface YamlText {
  readonly value: unknown;
  /** Line and column, from 1, of a key or of its value; of the nearest place above if there is no such key. */
  locate(path: readonly PropertyKey[], at: Finding["at"]): { readonly line: number; readonly column: number };
}

/** The data of a YAML text, or what is wrong with its writing. An empty text is an empty mapping. */
export function readYaml(
  source: string,
  text: string,
): { readonly yaml: YamlText } | { readonly problems: readonly ConfigurationProblem[] } {
  const lineCounter = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    const document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true });
    // A warning is a tag that YAML does not know (`!env X`), which would be taken for plain text.
    const all = [...document.errors, ...document.warnings];
    // Errors after the one about nesting are about what was then left unread.
    const tooDeep = all.find(({ code }) => code === "RESOURCE_EXHAUSTION");
    const wrong = tooDeep === undefined ? all : [tooDeep];
    if (wrong.length > 0)
      return {
        problems: wrong.map((error, index) => ({
          source,
          ...place(error.pos[0]),
          // Searched for only where it will be shown: the search reads the whole document.
          path: index < problemsMax ? pathOfKeyAt(document, error.pos[0]) : "",
          message: explain(error),
        })),
      };
    const unusable = unusableNodes(document);
    if (unusable.length > 0)
      return { problems: unusable.map(({ at, ...rest }) => ({ source, ...place(at), ...rest })) };
    const value: unknown = document.toJS() ?? {};
    return { yaml: { value, locate: (path, at) => place(offsetOf(document, path, at)) } };
  } catch (error) {
    // Aliases that refer to themselves or multiply without end, and nesting deeper than the call stack.
    const message = explainThrown(error);
    if (message === null) throw error;
    return { problems: [{ source, line: null, column: null, path: "", message }] };
  }
}

/** Plain data as YAML: without folded lines and aliases, and with quotes where older readers would take a text for something else. */
export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, compat: "yaml-1.1" });
}

function explainThrown(error: unknown): string | null {
  if (error instanceof RangeError) return "is nested too deeply";
  return error instanceof ReferenceError ? `has an unusable alias: ${error.message}` : null;
}

function offsetOf(document: Document, path: readonly PropertyKey[], at: Finding["at"]): number {
  let key: unknown = null;
  let value: unknown = document.contents;
  for (const step of path) {
    const collection = isAlias(value) ? value.resolve(document) : value;
    if (isMap(collection)) {
      const pair = collection.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (pair === undefined) return offset(key) ?? offset(value) ?? 0;
      key = pair.key;
      value = pair.value;
    } else if (isSeq(collection) && typeof step === "number") {
      const item = collection.items[step];
      if (item === undefined) break;
      key = item;
      value = item;
    } else break;
  }
  const written = isNode(value) && value.range != null && value.range[1] > value.range[0];
  return (at === "value" && written ? offset(value) : offset(key)) ?? offset(value) ?? 0;
}

function offset(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** What YAML allows, but plain data cannot hold safely. */
function unusableNodes(document: Document): { at: number; path: string; message: string }[] {
  const found: { at: number; path: string; message: string }[] = [];
  visit(document, {
    Alias(_index, node, ancestors) {
      const target = node.resolve(document);
      const at = offset(node) ?? 0;
      if (target === undefined)
        found.push({ at, path: "", message: `*${node.source} has no anchor &${node.source} before it` });
      else if (ancestors.includes(target)) found.push({ at, path: "", message: `*${node.source} contains itself` });
    },
    Pair(_index, { key }) {
      // A key that JavaScript takes for something else: it would be dropped without a word.
      if (isScalar(key) && key.value === "__proto__")
        found.push({
          at: offset(key) ?? 0,
          path: pathOfKeyAt(document, offset(key) ?? 0),
          message: "this name is not allowed",
        });
    },
  });
  return found;
}

/** The path of the key that begins at an offset: of a key that is there twice, for example. Empty if none does. */
function pathOfKeyAt(document: Document, at: number): string {
  let found = "";
  visit(document, {
    Pair(_index, pair, ancestors) {
      if (offset(pair.key) !== at) return undefined;
      const keys = [...ancestors.filter(isPair), pair].map((one) => (isScalar(one.key) ? String(one.key.value) : "?"));
      found = keys.join(".");
      return visit.BREAK;
    },
  });
  return found;
}

/** Plainer words for the usual mistakes; YAML's own for the rest. */
function explain(error: YAMLError): string {
  switch (error.code) {
    case "DUPLICATE_KEY":
      return "this key is there twice; keep one";
    case "TAB_AS_INDENT":
      return "a tab in the indentation; YAML wants spaces";
    case "MULTIPLE_DOCS":
      return "a second document begins here (---); only one is allowed";
    case "RESOURCE_EXHAUSTION":
      return "is nested too deeply";
    case "NON_STRING_KEY":
      return "a key must be plain text";
    default:
      return `not YAML: ${error.message}`;
  }
}
