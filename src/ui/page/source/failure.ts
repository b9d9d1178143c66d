/** What a source says when it does not answer. */
import type { Refusal, RefusalCode } from "../../protocol.js";

export class SourceFailure extends Error {
  readonly code: RefusalCode;
  readonly hint: string | null;

  constructor(code: RefusalCode, message: string, hint: string | null = null) {
    super(message);
    this.code = code;
    this.hint = hint;
  }

  static of({ error }: Refusal): SourceFailure {
    return new SourceFailure(error.code, error.message, error.hint ?? null);
  }
}

/** The sentence to show for anything that was thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof SourceFailure) return error.hint === null ? error.message : `${error.message} ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";
