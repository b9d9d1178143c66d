/** The page while the ledger is out of reach: it says so, shows what was known, and goes on when the NATS server is back. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startWorld, type World } from "../cli/world.js";
import { Chromium, describeInChromium, withView } from "./chromium.js";
import { figuresOn } from "./figures.js";
import { startUiProcess, type UiProcess } from "./ui-process.js";

vi.setConfig({ testTimeout: 60_000 });

const OUT_OF_REACH = "the NATS server cannot be reached";

describeInChromium("the page without its ledger", () => {
  let world: World;
  let ui: UiProcess;
  let browser: Chromium;

  beforeAll(async () => {
    world = await startWorld("limits: {global: 1}\n");
    await world.run(["submit", "hello", "--id", "known", "--wait"]);
    await world.run(["submit", "waits", "--id", "holds", "--params", '{"gate":"g"}']);
    await world.run(["submit", "hello", "--id", "behind"]);
    ui = await startUiProcess(world);
    browser = await Chromium.start();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await ui?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  test("given open pages, when the NATS server goes, then they say that the ledger is out of reach and show what was known; and when it is back, then they are live and go on", async () => {
    const { page } = await browser.open(ui.printed);
    const state = page.locator(".link-state[role=status][aria-live=polite]");
    await state.getByText("live", { exact: true }).waitFor();
    await page.locator(".car", { hasText: "behind" }).waitFor();
    const before = await figuresOn(page);
    expect(before.pools).toMatchObject([{ used: 1, holders: ["holds"], line: ["behind"] }]);

    await world.server.kill();
    await state.getByText("ledger out of reach", { exact: true }).waitFor();
    expect(await state.getAttribute("title")).toBe(OUT_OF_REACH);
    await expect.poll(() => page.title()).toBe("⚠ signalbox");
    expect(await figuresOn(page)).toEqual(before);
    // A page that is opened meanwhile knows it too; and what has to be read from the ledger is not there, and it says why.
    const { page: late } = await browser.open(withView(ui.printed, "job=known"));
    await late.locator(".link-state.gone", { hasText: "ledger out of reach" }).waitFor();
    expect(await figuresOn(late)).toEqual(before);
    const panel = late.getByRole("complementary", { name: "Job known" });
    await panel.getByRole("alert").getByText(OUT_OF_REACH).waitFor();

    await world.server.restart();
    for (const each of [page, late]) await each.locator(".link-state.live", { hasText: "live" }).waitFor();
    expect((await state.getAttribute("title")) ?? "").toBe("");
    await panel.locator(".json", { hasText: "hello world" }).waitFor();
    expect(await panel.getByRole("alert").count()).toBe(0);
    world.open("g");
    for (const each of [page, late]) {
      await each.locator(".newest .fact-row", { hasText: "behind" }).filter({ hasText: "RunCompleted" }).waitFor();
      await expect.poll(() => each.title()).toBe("0 running, 0 waiting – signalbox");
    }
    await late.close();
    await page.close();
  });
});
