/** A real browser without a window, and pages of `signalbox ui` in it, each with an eye on all that it asks for and complains of. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { describe } from "vitest";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const program = process.env["CHROMIUM"] ?? PLACES.find((place) => existsSync(place)) ?? null;

/** Nothing of it may go to the network by itself. */
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const WAIT_MS_MAX = 15_000;

/** Describes `suite` where there is a browser. Where there is none it is skipped, and says so; on CI it fails instead. */
export function describeInChromium(title: string, suite: () => void): void {
  if (program !== null || process.env["CI"] !== undefined) describe(title, suite);
  else describe.skip(`${title} (skipped: ${"no Chromium is installed; name one with CHROMIUM"})`, suite);
}

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  readonly reducedMotion?: "reduce" | "no-preference";
  /** For this page, and the browser's others as long as it is the last that was opened. */
  readonly isOffline?: boolean;
}

export interface Viewer {
  readonly page: Page;
  /** The URLs of all requests. */
  readonly requests: readonly string[];
  /** Errors and warnings of the page, also of its content security policy. */
  readonly complaints: readonly string[];
}

/** A browser with a profile of its own. */
export class Chromium implements AsyncDisposable {
  readonly #context: BrowserContext;
  readonly #folder: string;

  private constructor(context: BrowserContext, folder: string) {
    this.#context = context;
    this.#folder = folder;
  }

  static async start(): Promise<Chromium> {
    if (program === null) throw new Error("no Chromium is installed; name one with CHROMIUM");
    const folder = await mkdtemp(join(tmpdir(), "signalbox-chromium-"));
    const context = await chromium.launchPersistentContext(folder, { executablePath: program, args: ARGS });
    context.setDefaultTimeout(WAIT_MS_MAX);
    return new Chromium(context, folder);
  }

  /** Opens a page and settles when it shows a board. */
  async open(url: string, view: View = {}): Promise<Viewer> {
    const { width = 1280, height = 720, colorScheme = "light", reducedMotion = "no-preference" } = view;
    await this.#context.setOffline(view.isOffline === true);
    const page = await this.#context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion });
    await page.goto(url);
    await page.locator(".moment [data-figure=position]").filter({ hasText: /\d/ }).waitFor();
    return { page, requests, complaints };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The URL with a view of the page, before the fragment with the token. */
export function withView(url: string, search: string): string {
  const [address = "", fragment] = url.split("#");
  return `${address}?${search}${fragment === undefined ? "" : `#${fragment}`}`;
}
