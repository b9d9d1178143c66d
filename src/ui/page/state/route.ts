/** What the page shows, kept in its URL, so that a reload shows the same: the view, the chosen job and fact, the machine. */
import { type Signal, signal } from "@preact/signals";
import { JOB_STATES, type JobState } from "../../../../events/states.js";

export const VIEWS = ["overview", "machines", "slots", "log", "jobs", "whatif"] as const;
export type View = (typeof VIEWS)[number];

export const VIEW_TITLES: Readonly<Record<View, string>> = {
  overview: "Overview",
  machines: "Machines",
  slots: "Slots",
  log: "Log",
  jobs: "Jobs",
  whatif: "What if",
};

const TOKEN_KEY = "signalbox-token";

export class Route {
  readonly view: Signal<View>;
  readonly job: Signal<string | null>;
  readonly fact: Signal<string | null>;
  readonly machine: Signal<string>;
  /** Only jobs in this state are listed; null: all. */
  readonly state: Signal<JobState | null>;
  /** The position that the page was left at; null: now. */
  readonly at: string | null;

  constructor() {
    const search = new URLSearchParams(location.search);
    this.view = signal(VIEWS.find((view) => view === search.get("view")) ?? "overview");
    this.job = signal(search.get("job"));
    this.fact = signal(search.get("fact"));
    this.machine = signal(search.get("machine") ?? "job");
    this.state = signal(JOB_STATES.find((state) => state === search.get("state")) ?? null);
    this.at = search.get("at");
  }

  /** Writes what is shown into the address bar. Reads the signals, so an effect that calls it follows them. */
  keep(at: number | null): void {
    const search = new URLSearchParams();
    const put = (name: string, value: string | null, usual: string | null = null): void => {
      if (value !== null && value !== usual) search.set(name, value);
    };
    put("view", this.view.value, "overview");
    put("machine", this.machine.value, "job");
    put("state", this.state.value);
    put("job", this.job.value);
    put("fact", this.fact.value);
    put("at", at === null ? null : String(at));
    const text = search.toString();
    if (location.protocol !== "file:")
      history.replaceState(null, "", `${location.pathname}${text === "" ? "" : `?${text}`}`);
  }
}

/** The token of the URL's fragment, kept for this tab only, and taken out of the address bar. */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return sessionStorage.getItem(TOKEN_KEY);
  sessionStorage.setItem(TOKEN_KEY, token);
  history.replaceState(null, "", location.pathname + location.search);
  return token;
}
