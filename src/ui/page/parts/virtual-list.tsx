/** A long list of rows of one height, of which only those in sight are in the document. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Rows above and below that are there before they are seen. */
const BEYOND = 6;
/** So many rows may come in above at once without moving what is in sight. */
const ADDED_MAX = 1_000;

interface VirtualListProps<T> {
  readonly label: string;
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly rowHeight: number;
  readonly row: (item: T) => ComponentChildren;
  /** The end of the list came into sight. */
  readonly onEnd?: (() => void) | undefined;
  readonly class?: string;
}

/** Arrow keys, Home, End and the page keys go from row to row: each row has one button, or is left out. */
export function VirtualList<T>(props: VirtualListProps<T>): JSX.Element {
  const { label, items, keyOf, rowHeight, row, onEnd } = props;
  const frame = useRef<HTMLOListElement>(null);
  const [sight, setSight] = useState({ top: 0, height: 400 });
  const wanted = useRef<number | null>(null);
  useEffect(() => {
    const list = frame.current;
    if (list === null) return;
    const look = (): void => setSight({ top: list.scrollTop, height: list.clientHeight });
    look();
    const watcher = new ResizeObserver(look);
    watcher.observe(list);
    return () => watcher.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(sight.top / rowHeight) - BEYOND);
  const last = Math.min(items.length, Math.ceil((sight.top + sight.height) / rowHeight) + BEYOND);
  useEffect(() => {
    if (last >= items.length && items.length > 0) onEnd?.();
  }, [last, items.length, onEnd]);
  // What comes in above does not push away what somebody reads further down.
  const before = useRef(items);
  useLayoutEffect(() => {
    const [list, top] = [frame.current, before.current[0]];
    before.current = items;
    if (list === null || top === undefined || list.scrollTop < rowHeight / 2) return;
    const added = items.slice(0, ADDED_MAX).findIndex((item) => keyOf(item) === keyOf(top));
    if (added > 0) list.scrollTop += added * rowHeight;
  }, [items, keyOf, rowHeight]);
  /** At once if the row is in the document, else when it has come into it. */
  const focusWanted = (): void => {
    if (wanted.current === null) return;
    const button = frame.current?.querySelector<HTMLElement>(`[data-row="${wanted.current}"] button`);
    if (button == null) return;
    wanted.current = null;
    button.focus({ preventScroll: true });
  };
  useEffect(focusWanted);
  const goTo = (index: number): void => {
    const list = frame.current;
    if (list === null || items.length === 0) return;
    const row = Math.max(0, Math.min(items.length - 1, index));
    wanted.current = row;
    const [top, bottom] = [row * rowHeight, (row + 1) * rowHeight];
    if (top < list.scrollTop) list.scrollTop = top;
    else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
    setSight({ top: list.scrollTop, height: list.clientHeight });
    focusWanted();
  };
  // The keys go between the buttons that the rows hold; the list itself is none.
  useEffect(() => {
    const list = frame.current;
    list?.addEventListener("keydown", onKeyDown);
    return () => list?.removeEventListener("keydown", onKeyDown);
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = event.target instanceof Element ? event.target.closest("[data-row]")?.getAttribute("data-row") : null;
    if (at == null) return;
    const page = Math.max(1, Math.floor(sight.height / rowHeight) - 1);
    const target = {
      ...{ ArrowDown: Number(at) + 1, ArrowUp: Number(at) - 1, Home: 0, End: items.length - 1 },
      ...{ PageDown: Number(at) + page, PageUp: Number(at) - page },
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    goTo(target);
  };
  return (
    <ol
      ref={frame}
      class={`rows ${props.class ?? ""}`}
      aria-label={label}
      onScroll={({ currentTarget }) => setSight({ top: currentTarget.scrollTop, height: currentTarget.clientHeight })}
    >
      <li class="rows-gap" aria-hidden="true" style={{ height: `${first * rowHeight}px` }} />
      {items.slice(first, last).map((item, index) => (
        <li
          key={keyOf(item)}
          class="rows-row"
          data-row={first + index}
          aria-setsize={items.length}
          aria-posinset={first + index + 1}
          style={{ height: `${rowHeight}px` }}
        >
          {row(item)}
        </li>
      ))}
      <li class="rows-gap" aria-hidden="true" style={{ height: `${(items.length - last) * rowHeight}px` }} />
    </ol>
  );
}
