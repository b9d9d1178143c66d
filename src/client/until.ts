/** Up to where a ledger is read. */

/** Where reading ends: at a position, or at the last entry of a time or before it. */
export type Until = { readonly position: number } | { readonly time: string };

/**
 * Reads `812`, a fact's address such as `812.3`, or an ISO 8601 time; null if it is none of them. The facts of an entry hold all at once,
 * so an address stands for its entry.
 */
export function parseUntil(text: string): Until | null {
  const [, position] = /^(\d{1,15})(?:\.\d{1,6})?$/.exec(text) ?? [];
  if (position !== undefined) return { position: Number(position) };
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : { time: new Date(at).toISOString() };
}
