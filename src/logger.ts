/** The one door to pino. Logs go to standard error: standard output belongs to results. */
import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

/** Names under which secrets could come along in an object that is logged. */
const SECRETS = [
  "token",
  "pass",
  "password",
  "creds",
  "authorization",
  "headers",
  "*.token",
  "*.pass",
  "*.password",
  "*.headers",
];

export function createLogger(
  level: string,
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths: SECRETS, censor: "…" } },
    destination,
  );
}
