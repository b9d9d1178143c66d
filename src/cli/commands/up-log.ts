/** The scheduler's own log as `up` shows it: readable lines for a person at a terminal, JSON lines for everybody else. */
import { isPlainObject } from "../../../events/json.js";
import type { createLogger } from "../../logger.js";
import type { Colors, Terminal } from "../terminal.js";

/** How much of it a person may ask for. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

type LogDestination = NonNullable<Parameters<typeof createLogger>[1]>;

/** pino's numbers for its levels. */
const LEVELS: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};
/** Said elsewhere in the line. */
const SHOWN_APART: ReadonlySet<string> = new Set(["level", "time", "msg", "err", "from"]);
const TIME_START = "2026-11-24T".length;
const TIME_CHARS = "03:04:05.678".length;

/** Where the log is written to: a line at a time. */
export function logDestination(terminal: Terminal): LogDestination {
  const { isErrInteractive, errColors } = terminal;
  return { write: (line) => terminal.err(isErrInteractive ? readableLine(line, errColors) : line.trimEnd()) };
}

/** `03:04:05.678 warn  message  key=value …`; an error is shown by its message and those of its causes. */
export function readableLine(line: string, colors: Colors): string {
  const record: unknown = JSON.parse(line);
  if (!isPlainObject(record)) return line.trimEnd();
  const level = LEVELS[Number(record["level"])] ?? "info";
  const time = String(record["time"]).slice(TIME_START, TIME_START + TIME_CHARS);
  const from = record["from"] === undefined ? "" : `${String(record["from"])}: `;
  const details = Object.entries(record)
    .filter(([key]) => !SHOWN_APART.has(key))
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const told = [`${from}${String(record["msg"] ?? "")}`, errorText(record["err"]), ...details].filter(
    (part) => part !== "",
  );
  return `${colors.dim(time)} ${coloured(level, colors)} ${oneLine(told.join("  "))}`;
}

function errorText(error: unknown): string {
  return isPlainObject(error) ? String(error["message"] ?? "") : "";
}

function coloured(level: string, colors: Colors): string {
  const padded = level.padEnd("error".length);
  if (level === "warn") return colors.yellow(padded);
  return level === "error" || level === "fatal" ? colors.red(padded) : colors.dim(padded);
}

/** What comes from outside may hold control characters, which would steer the terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, "; ").replaceAll(/\p{Cc}/gu, "\uFFFD");
}
