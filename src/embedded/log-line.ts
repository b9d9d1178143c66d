/** The lines of nats-server's log, split into a level and a text, so that they can be passed on to our own log. */

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
}

const levels: Readonly<Record<string, LogLine["level"]>> = {
  TRC: "debug",
  DBG: "debug",
  INF: "info",
  WRN: "warn",
  ERR: "error",
  FTL: "error",
};

/**
 * Reads `[123] 2026/11/24 02:35:49.140710 [INF] Server is ready`. What looks otherwise (a panic) is an error, whole.
 */
export function parseLogLine(line: string): LogLine {
  const match = /^\[\d+\] \S+ \S+ \[(\w{3})\] (.*)$/.exec(line);
  const level = levels[match?.[1] ?? ""];
  if (level !== undefined && match?.[2] !== undefined) return { level, text: match[2].trim() };
  // Faults of the configuration are printed without a time, the usage text without a mark.
  return { level: "error", text: line.trim() };
}
