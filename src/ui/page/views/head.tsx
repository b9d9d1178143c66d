/** The head of the page: whose register this is, how it stands to it, and the way to the views. */
import type { JSX } from "preact";
import { Icon } from "../parts/icon.js";
import type { Link } from "../state/feed.js";
import { VIEW_TITLES, VIEWS } from "../state/route.js";
import { useSession } from "../state/session.js";
import { THEMES } from "../state/theme.js";

export function Head(): JSX.Element {
  const { meta, board, theme, isHelpOpen } = useSession();
  const leader = board.value?.leader ?? null;
  return (
    <header class="head">
      <h1>
        <svg class="crest" viewBox="0 0 32 32" aria-hidden="true">
          <path class="crest-post" d="M11 5v22M7 27h8" />
          <path class="crest-arm" d="M11 9l15-4.5v6L11 13z" />
          <circle class="crest-lamp" cx="11" cy="11" r="3" />
        </svg>
        signalbox
        {meta.namespace !== "signalbox" && <span class="namespace">{meta.namespace}</span>}
      </h1>
      <Tabs />
      <LinkState />
      <span class="leader" title={leader === null ? "nobody leads" : `${leader.dispatcher} since ${leader.since}`}>
        {leader === null ? "no leader" : `reign ${board.value?.epoch}`}
      </span>
      <button
        type="button"
        class="tool"
        title="Colours (t)"
        onClick={() => {
          theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
        }}
      >
        <Icon name={theme.value} />
        <span class="unseen">Colours: {theme.value}</span>
      </button>
      <button
        type="button"
        class="tool"
        title="Keys (?)"
        onClick={() => {
          isHelpOpen.value = true;
        }}
      >
        <span aria-hidden="true">?</span>
        <span class="unseen">List of keys</span>
      </button>
    </header>
  );
}

function Tabs(): JSX.Element {
  const { route, meta } = useSession();
  const views = VIEWS.filter((view) => view !== "whatif" || meta.hasWhatIf);
  return (
    <nav class="tabs" aria-label="Views">
      {views.map((view) => (
        <button
          key={view}
          type="button"
          class="tab"
          aria-current={route.view.value === view ? "page" : undefined}
          onClick={() => {
            route.view.value = view;
          }}
        >
          {VIEW_TITLES[view]}
        </button>
      ))}
    </nav>
  );
}

function LinkState(): JSX.Element {
  const { feed, playhead, meta } = useSession();
  const link = feed.link.value;
  const kind =
    meta.source === "capsule" ? "still" : !playhead.isLive.value && link.kind === "live" ? "past" : link.kind;
  return (
    <p class={`link-state ${kind}`} role="status" aria-live="polite" title={"reason" in link ? link.reason : undefined}>
      <span class="lamp" aria-hidden="true" />
      {wordOf(kind, link)}
    </p>
  );
}

function wordOf(kind: Link["kind"] | "past" | "still", link: Link): string {
  switch (kind) {
    case "opening":
      return "opening";
    case "live":
      return "live";
    case "past":
      return "past";
    case "still":
      return "recording";
    case "gone":
      return "ledger out of reach";
    case "cut":
      return "no connection; trying again";
    case "broken":
      return link.kind === "broken" ? link.reason : "stopped";
    default:
      return kind satisfies never;
  }
}
