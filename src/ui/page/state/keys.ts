/** The keys of the page. Everything that they do has a button too; they do nothing while somebody types. */
import { VIEWS } from "./route.js";
import type { Session } from "./session.js";
import { THEMES } from "./theme.js";

export const KEYS: readonly (readonly [string, string])[] = [
  ["1 … 6", "overview, machines, slots, log, jobs, what if"],
  ["/", "search in the log"],
  ["j", "find a job"],
  [", .", "one entry back, one on"],
  ["space", "play, pause"],
  ["l", "back to live"],
  ["g", "go to a position or a time"],
  ["t", "light, dark, as the system has it"],
  ["esc", "close the job, the fact, this list"],
  ["?", "this list"],
  ["↑ ↓ Home End", "from row to row in a list"],
  ["+ − ← →", "zoom and move, where a chart has the focus"],
];

const TYPED_INTO = "input:not([type=range], [type=radio], [type=checkbox]), select, textarea, dialog";

export function listenToKeys(session: Session): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape") return closeOne(session, event);
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (target?.closest(TYPED_INTO) != null) return;
    if (event.key === " " && target?.closest("button, summary, input") != null) return;
    if (act(session, event.key)) event.preventDefault();
  };
  document.addEventListener("keydown", listener);
  return () => document.removeEventListener("keydown", listener);
}

/** True if the key means something. */
function act(session: Session, key: string): boolean {
  const { playhead, route, theme, isHelpOpen } = session;
  const view = VIEWS[Number(key) - 1];
  if (/^\d$/.test(key)) {
    if (view === undefined || (view === "whatif" && !session.meta.hasWhatIf)) return false;
    route.view.value = view;
    return true;
  }
  switch (key) {
    case "?":
      isHelpOpen.value = true;
      return true;
    case "/":
      route.view.value = "log";
      focusSoon("log-search");
      return true;
    case "j":
      route.view.value = "jobs";
      focusSoon("jobs-search");
      return true;
    case "g":
      focusSoon("go-to");
      return true;
    case ",":
      void playhead.step(-1);
      return true;
    case ".":
      void playhead.step(1);
      return true;
    case " ":
      if (playhead.isPlaying.value) playhead.pause();
      else playhead.play();
      return true;
    case "l":
      playhead.goLive();
      return true;
    case "t":
      theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
      return true;
    default:
      return false;
  }
}

/** An open dialog closes by itself; then the fact, then the job. */
function closeOne({ route, isHelpOpen }: Session, event: KeyboardEvent): void {
  if (isHelpOpen.value) return;
  if (route.view.value === "log" && route.fact.value !== null) route.fact.value = null;
  else if (route.job.value !== null) route.job.value = null;
  else return;
  event.preventDefault();
}

/** The element may come into the document with the view that was just chosen. */
function focusSoon(id: string): void {
  requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(id)?.focus()));
}
