/** Views of the page beside the time line: slots over time, what-if, and the recording that is a page of its own. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../cli/world.js";
import { Chromium, describeInChromium, withView } from "./chromium.js";
import { figuresOn, untilAt } from "./figures.js";
import { startUiProcess, type UiProcess } from "./ui-process.js";

describeInChromium("views of the page", () => {
  let world: World;
  let ui: UiProcess;
  let browser: Chromium;

  beforeAll(async () => {
    world = await startWorld("limits: {types: {waits: 1, hello: 1, fails: 1}}\n");
    await world.submitToEnd("fails", { id: "broken" });
    await world.submitToEnd("hello", { id: "quick" });
    await world.submit("waits", { id: "long", params: { gate: "never" } });
    await world.run(["limits", "set", "types.waits=2"]);
    await world.command("pause", { pool: "type:hello" });
    ui = await startUiProcess(world);
    browser = await Chromium.start();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await ui?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  test("given slots that were held, when they are shown over time, then each span is there, with its end, and what was changed", async () => {
    const { page } = await browser.open(withView(ui.printed, "view=slots"));
    const gantt = page.locator(".gantt");
    await gantt.locator(".span.open", { hasText: "long (attempt 1)" }).waitFor();
    await gantt.locator(".span.bad", { hasText: "broken (attempt 1)" }).waitFor();
    await gantt.locator(".span.good", { hasText: "quick (attempt 1)" }).waitFor();
    await gantt.locator(".change", { hasText: "1 → 2" }).waitFor();
    await gantt.locator(".change", { hasText: "paused" }).waitFor();
    await gantt.getByText("The same as a list (3)").click();
    await gantt.getByRole("list", { name: "Slots held" }).getByRole("button", { name: "quick" }).click();
    await page.getByRole("complementary", { name: "Job quick" }).waitFor();
    await gantt.locator(".span.bad").click();
    await page.getByRole("complementary", { name: "Job broken" }).waitFor();
    await page.close();
  });

  test("given slots over time, when they are zoomed and moved by buttons and keys, then the stretch that is shown is another one", async () => {
    const { page } = await browser.open(withView(ui.printed, "view=slots"));
    const gantt = page.locator(".gantt");
    const stretch = gantt.locator(".toolbar .quiet");
    await stretch.getByText("(1 m 00 s)").waitFor();
    await gantt.getByRole("button", { name: "Zoom in" }).click();
    await stretch.getByText("(30 s)").waitFor();
    await page.keyboard.press("-");
    await stretch.getByText("(1 m 00 s)").waitFor();
    await gantt.getByRole("button", { name: "5 m", exact: true }).click();
    await stretch.getByText("(5 m 00 s)").waitFor();
    const before = await stretch.textContent();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => stretch.textContent()).not.toBe(before);
    await page.close();
  });

  test("given a recorded run, when other limits are asked for on the page, then what was and what would have been stand side by side", async () => {
    const { page, complaints } = await browser.open(ui.printed);
    await page.getByRole("button", { name: "What if" }).click();
    await page.getByLabel("waits type").fill("4");
    await page.getByRole("button", { name: "Play it through" }).click();
    const waits = page.getByRole("table", { name: /How long jobs waited/ });
    await waits.getByRole("columnheader", { name: "as it was" }).waitFor();
    await waits.getByRole("columnheader", { name: "waits 2 → 4" }).waitFor();
    expect(await waits.getByRole("columnheader").count()).toBe(3);
    const told: { variants: { waits: { type: string }[]; pools: { pool: string; capacity: number }[] }[] } = JSON.parse(
      (await world.run(["whatif", "--limits", "types.waits=4", "-o", "json"])).stdout,
    );
    expect(await waits.getByRole("row").count()).toBe((told.variants[0]?.waits.length ?? 0) + 2);
    await page.getByRole("cell", { name: /% of 4$/ }).waitFor();
    await page.getByText("Nothing is changed").waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("given a recording in one file, when it is opened without any server, then it shows each moment, the jobs, the facts and the slots over time", async () => {
    const file = join(world.folder, "run.html");
    const { code } = await world.run(["ui", "--export", file]);
    expect(code).toBe(0);
    const { page, requests, complaints } = await browser.open(pathToFileURL(file).href);
    await page.locator(".link-state", { hasText: "recording" }).waitFor();
    const end = await figuresOn(page);
    expect(end.states).toMatchObject({ failed: 1, completed: 1, running: 1 });
    await page.getByRole("slider", { name: "Position in the ledger" }).fill("3");
    await untilAt(page, 3);
    expect((await figuresOn(page)).states).not.toEqual(end.states);
    await page.getByRole("button", { name: "End" }).click();
    await page.getByRole("navigation").getByRole("button", { name: "Jobs" }).click();
    await page.locator(".job-row").getByRole("button", { name: "broken" }).click();
    await page.getByRole("complementary", { name: "Job broken" }).getByText("it is broken").first().waitFor();
    await page.getByRole("navigation").getByRole("button", { name: "Slots" }).click();
    await page.locator(".span.bad", { hasText: "broken" }).waitFor();
    await page.getByRole("navigation").getByRole("button", { name: "Log" }).click();
    await page.locator(".log .fact-row", { hasText: "RunFailed" }).waitFor();
    expect(requests.filter((url) => !url.startsWith("file:") && !url.startsWith("data:"))).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
