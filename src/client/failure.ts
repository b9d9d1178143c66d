/** Why a program outside the scheduler did not get what it asked for. */

export type ClientFailureCode =
  /** Nothing of this namespace answers: no server, no streams, or no scheduler. */
  | "no-scheduler"
  /** What was asked for is not there. */
  | "not-found"
  /** The scheduler refused; the message has its reason. */
  | "refused"
  /** What was asked for is wrong in itself, whoever were asked. */
  | "invalid"
  /** The server took too long or is gone, so that it is not known what became of the request. */
  | "unanswered"
  /** A file that should be an exported log is none. */
  | "unreadable-log";

/** What helps when nothing of a namespace answers. */
export const START_ONE = "Start one with `signalbox up`, or name a server with --nats.";

export class ClientFailure extends Error {
  readonly code: ClientFailureCode;
  /** What to do about it, in a sentence. */
  readonly hint: string | undefined;
  /** The number in the scheduler's error header, if it was the scheduler that refused. */
  readonly status: number | undefined;

  constructor(
    code: ClientFailureCode,
    message: string,
    options: { hint?: string; cause?: unknown; status?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.status = options.status;
  }
}
