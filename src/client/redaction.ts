/**
 * Redaction: what jobs were given and have answered is left out of an export, and nothing else is changed, so that every decision in it
 * is the same. In its place stands a digest with a key that nobody keeps: equal values have equal digests within one export, and no
 * guess can be tried on them.
 */
import { createHmac, randomBytes } from "node:crypto";
import { encodeEntry, encodeFact } from "../../events/codec.js";
import type { Fact, Result } from "../../events/facts.js";
import { canonicalJson, type JsonObject } from "../../events/json.js";
import type { RowSpec } from "../../projections/jobs.js";
import { entryOf } from "../log/entry.js";
import type { StoredMessage } from "../log/log.js";
import type { Redactable } from "./export-header.js";

const KEY_BYTES = 32;

export class Redaction {
  readonly #key = randomBytes(KEY_BYTES);
  readonly #params: boolean;
  readonly #result: boolean;

  constructor(what: readonly Redactable[]) {
    this.#params = what.includes("params");
    this.#result = what.includes("result");
  }

  /** Throws `LedgerCorrupt` if the message holds no entry: what cannot be read cannot be redacted. */
  message(message: StoredMessage): StoredMessage {
    const { facts, ...header } = entryOf(message);
    const text = encodeEntry(
      header,
      facts.map((fact) => encodeFact(this.#fact(fact))),
    );
    return { ...message, data: new TextEncoder().encode(text) };
  }

  spec<S extends Pick<RowSpec, "params">>(spec: S): S {
    return this.#params ? { ...spec, params: this.#withheld(spec.params) } : spec;
  }

  #fact(fact: Fact): Fact {
    switch (fact.type) {
      case "JobSubmitted":
        return { ...fact, spec: this.spec(fact.spec) };
      case "JobAmended":
        return this.#params && fact.params !== undefined ? { ...fact, params: this.#withheld(fact.params) } : fact;
      case "RunCompleted":
        return this.#result ? { ...fact, result: this.#withheldResult(fact.result) } : fact;
      default:
        return fact;
    }
  }

  #withheldResult(result: Result): Result {
    return { inline: this.#withheld("inline" in result ? result.inline : result.stored) };
  }

  /** Nothing is nothing, and finished jobs have lost their params in the state anyway. */
  #withheld(value: unknown): JsonObject {
    const text = canonicalJson(value);
    if (text === "{}") return {};
    return { redacted: `hmac-sha256-${createHmac("sha256", this.#key).update(text).digest("hex")}` };
  }
}
