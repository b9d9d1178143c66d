/** What can go wrong with the embedded server, as errors that a person can act on. */

/** No nats-server could be found or fetched; the message lists what was tried, and why each of it failed. */
export class NatsBinaryError extends Error {
  readonly code = "NATS_BINARY_UNAVAILABLE";
  override readonly name = "NatsBinaryError";
}

/** The embedded server could not be started or kept running; the message ends with the server's last log lines. */
export class EmbeddedServerError extends Error {
  readonly code = "EMBEDDED_SERVER_FAILED";
  override readonly name = "EmbeddedServerError";
}

/** The message of anything that was thrown, in one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, "; ");
}
