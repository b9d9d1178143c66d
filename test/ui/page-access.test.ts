/** The page for everybody: by keyboard alone, for screen readers, in both colour schemes, on a small screen, without motion. */

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../cli/world.js";
import { seriousFindingsOn } from "./axe.js";
import { Chromium, describeInChromium, withView } from "./chromium.js";
import { untilAt } from "./figures.js";
import { startUiProcess, type UiProcess } from "./ui-process.js";

/** Six times axe looks at the whole page. */
const AXE_MS_MAX = 120_000;

describeInChromium("the page for everybody", () => {
  let world: World;
  let ui: UiProcess;
  let browser: Chromium;

  beforeAll(async () => {
    world = await startWorld("limits: {global: 2, types: {waits: 1}}\n");
    await world.submitToEnd("hello", { id: "done" });
    await world.submitToEnd("fails", { id: "broken" });
    for (const id of ["first", "second", "third"]) await world.submit("waits", { id, params: { gate: "g" } });
    await world.command("pause", { pool: "type:waits" });
    ui = await startUiProcess(world, ["--actions"]);
    browser = await Chromium.start();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await ui?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const focused = (page: Page): Promise<string> =>
    page.evaluate<string>(
      "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''",
    );

  test.each(["light", "dark"] as const)(
    "given the colours %s, when axe looks at every view with a job, a fact and the list of keys open, then it finds nothing serious",
    async (colorScheme) => {
      const { page } = await browser.open(withView(ui.printed, "job=second"), { colorScheme, reducedMotion: "reduce" });
      const found: Record<string, readonly string[]> = {};
      for (const [key, view] of ["overview", "machines", "slots", "log", "jobs", "whatif"].entries()) {
        await page.keyboard.press(String(key + 1));
        await page.locator(`.view.${view}`).waitFor();
        await page.getByRole("complementary", { name: "Job second" }).locator(".history li").first().waitFor();
        if (view === "log") {
          await page.locator(".fact-row").first().click();
          await page.locator(".fact-panel .json").waitFor();
        }
        if (view === "whatif") {
          await page.getByRole("button", { name: "Play it through" }).click();
          await page.getByRole("table").first().waitFor();
        }
        found[view] = await seriousFindingsOn(page);
      }
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
      found["keys"] = await seriousFindingsOn(page);
      expect(found).toEqual({ overview: [], machines: [], slots: [], log: [], jobs: [], whatif: [], keys: [] });
      await page.close();
    },
    AXE_MS_MAX,
  );

  test("given the keyboard alone, when a job is found, read and left, and time is moved, then it works, and the focus is seen", async () => {
    const { page } = await browser.open(ui.printed);
    await page.keyboard.press("j");
    await page.locator("#jobs-search:focus").waitFor();
    await page.keyboard.type("second");
    await page.locator(".jobs .rows-row").nth(1).waitFor({ state: "detached" });
    await page.locator(".job-row", { hasText: "second" }).waitFor();
    for (let tabs = 0; tabs < 20 && (await focused(page)) !== "second"; tabs += 1) await page.keyboard.press("Tab");
    const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
    expect(outline).toBe("solid");
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "Job second" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("complementary", { name: "Job second" }).waitFor({ state: "detached" });
    const head = Number(await page.locator(".moment [data-figure=position]").textContent());
    await page.keyboard.press(",");
    await untilAt(page, head - 1);
    await page.keyboard.press(".");
    await untilAt(page, head);
    await page.keyboard.press("l");
    await page.locator(".link-state", { hasText: "live" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("back to live").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.close();
  });

  test("given the keyboard alone, when the log is searched, then the arrow keys go from fact to fact, and Enter opens one", async () => {
    const { page } = await browser.open(ui.printed);
    await page.keyboard.press("/");
    await page.locator("#log-search:focus").waitFor();
    // The list of all facts has come, and goes again: else the one that is looked for would take the focus away, when it comes. Typed at
    // once for the same reason: on a busy machine each pause between two letters would be another search.
    const other = page.locator(".log .fact-row", { hasText: "WorkerJoined" });
    await other.waitFor();
    await page.keyboard.insertText("StartGranted");
    await other.waitFor({ state: "detached" });
    const rows = page.locator(".log .fact-row");
    await rows.first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const second = await rows.nth(1).getAttribute("data-address");
    const panel = page.getByRole("complementary", { name: `Fact ${second}` });
    await panel.getByText("granted").first().waitFor();
    await panel.getByText("before").waitFor();
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    await page.close();
  });

  test("given a phone, when each view is shown, then nothing is wider than the screen", async () => {
    const { page } = await browser.open(ui.printed, { width: 390, height: 844 });
    for (const view of ["Overview", "Machines", "Slots", "Log", "Jobs", "What if"]) {
      await page.getByRole("navigation").getByRole("button", { name: view }).click();
      await page.locator(".view").waitFor();
      if (view === "What if") {
        await page.getByRole("button", { name: "Play it through" }).click();
        await page.getByRole("table").first().waitFor();
      }
      expect(await page.evaluate("document.documentElement.scrollWidth"), view).toBeLessThanOrEqual(390);
      expect(await page.evaluate("document.querySelector('main').scrollWidth"), view).toBeLessThanOrEqual(390);
    }
    await page.close();
  });

  test("given a wish for less motion, when jobs move, then the ways light up and nothing runs along them", async () => {
    const { page } = await browser.open(ui.printed, { reducedMotion: "reduce" });
    await page.evaluate(
      `window.trains = []; new MutationObserver((changes) => { for (const { addedNodes } of changes) for (const node of addedNodes)
         if (node.classList?.contains("train")) window.trains.push(node.getAttribute("class")); })
         .observe(document.querySelector(".chart"), { childList: true, subtree: true })`,
    );
    await world.submitToEnd("hello", { id: "still" });
    const trainsSeen = () => page.evaluate<string[]>("window.trains");
    await expect.poll(async () => (await trainsSeen()).length).toBeGreaterThan(0);
    const trains = await trainsSeen();
    expect(trains.filter((name) => !name.includes("still"))).toEqual([]);
    await page.close();
  });

  test("given a chosen colour scheme, when the page is loaded again, then it is kept", async () => {
    const { page } = await browser.open(ui.printed, { colorScheme: "light" });
    await page.keyboard.press("t");
    await page.keyboard.press("t");
    await page.reload();
    await page.locator(".lane").first().waitFor();
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
    await page.keyboard.press("t");
    await page.close();
  });
});
