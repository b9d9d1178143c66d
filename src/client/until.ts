/** Up to where a ledger is read. */

/** Where reading ends: at a position, or at the last entry of a time or before it. */
export type Until = { readonly position: number } | { readonly time: string };

/** Reads `812` or an ISO 8601 time; null if it is neither. */
export function parseUntil(text: string): Until | null {
  if (/^\d{1,15}$/.test(text)) return { position: Number(text) };
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : { time: new Date(at).toISOString() };
}
