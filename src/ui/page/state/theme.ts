/** Light or dark: as the system has it, or as was chosen here. */
import { effect, type Signal, signal } from "@preact/signals";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const THEME_KEY = "signalbox-theme";

export function openTheme(): Signal<Theme> {
  const theme = signal<Theme>(THEMES.find((one) => one === stored()) ?? "system");
  effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
    store(theme.value);
  });
  return theme;
}

// A page from a file, or with storage forbidden, works without a memory.
function stored(): string | null {
  try {
    return localStorage.getItem(THEME_KEY);
  } catch {
    return null;
  }
}
function store(theme: Theme): void {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {}
}
