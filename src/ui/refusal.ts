/** Why a request is not answered: what the page is told, and by which HTTP status. */
import { ClientFailure } from "../client/failure.js";
import type { Refusal, RefusalCode } from "./protocol.js";

const STATUS = {
  invalid: 400,
  token: 401,
  forbidden: 403,
  "not-found": 404,
  refused: 409,
  "too-much": 413,
  failed: 500,
  unavailable: 503,
} as const satisfies Record<RefusalCode, number>;

export class RequestRefused extends Error {
  readonly code: RefusalCode;
  readonly hint: string | undefined;

  constructor(code: RefusalCode, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** Whatever went wrong, as an answer. What nobody foresaw is told by its message only: it may be shown to other machines. */
export function refusalOf(error: unknown): { readonly status: number; readonly body: Refusal } {
  const { code, message, hint } = toRefused(error);
  return { status: STATUS[code], body: { error: { code, message, ...(hint !== undefined && { hint }) } } };
}

function toRefused(error: unknown): RequestRefused {
  if (error instanceof RequestRefused) return error;
  if (!(error instanceof ClientFailure)) {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    if (code === "link-lost") return new RequestRefused("unavailable", "the NATS server went away before it answered");
    return new RequestRefused("failed", error instanceof Error ? error.message : String(error));
  }
  const { message, hint, status } = error;
  switch (error.code) {
    case "not-found":
      return new RequestRefused("not-found", message, hint);
    case "refused":
      return new RequestRefused(status === STATUS.invalid ? "invalid" : "refused", message, hint);
    case "invalid":
    case "unreadable-log":
      return new RequestRefused("invalid", message, hint);
    case "no-scheduler":
    case "unanswered":
      return new RequestRefused("unavailable", message, hint);
    default:
      return error.code satisfies never;
  }
}
