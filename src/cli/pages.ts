/** Lists that are asked for page by page, because an answer must fit into one message. */
import { PAGE_JOBS_MAX } from "../api/page.js";

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/**
 * The first `limit` items. While they are fetched an item may move from one page to the next: it is taken once, by its key.
 * A page may be shorter than asked for and not be the last one; an empty page is.
 */
export async function pagesOf<T>(
  ask: (page: Page) => Promise<readonly T[]>,
  limit: number,
  keyOf: (item: T) => string,
): Promise<readonly T[]> {
  const items = new Map<string, T>();
  for (let offset = 0; items.size < limit; ) {
    const page = await ask({ limit: Math.min(PAGE_JOBS_MAX, limit - items.size), offset });
    if (page.length === 0) break;
    offset += page.length;
    for (const item of page) items.set(keyOf(item), item);
  }
  return [...items.values()];
}
