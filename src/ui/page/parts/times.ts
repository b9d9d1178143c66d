/** Times and spans in few characters. Times are the reader's own, except in titles, which have them as the ledger does. */

export function spanText(ms: number): string {
  if (ms < 0) return "0 s";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${two(minutes % 60)} m` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `14:03:07`, of an ISO time. */
export function clockText(at: string, isFine = false): string {
  const date = new Date(at);
  const text = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return isFine ? `${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

/** `2026-11-24 14:03:07`. */
export function dayText(at: string): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockText(at)}`;
}

/** A span that ticks is told without its milliseconds, so that it does not flicker. */
export const sinceText = (ms: number): string =>
  spanText(Math.max(0, Math.floor(ms / 1_000) * 1_000) || 0).replace(/^0 ms$/, "0 s");

const two = (value: number): string => String(value).padStart(2, "0");
