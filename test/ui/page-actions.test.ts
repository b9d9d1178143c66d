/** What the page may do where `--actions` allows it, and that it may do nothing where it does not. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../src/embedded/port.js";
import { startWorld, type World } from "../cli/world.js";
import { Chromium, describeInChromium, withView } from "./chromium.js";
import { figuresOn } from "./figures.js";
import { startUiProcess, type UiProcess } from "./ui-process.js";

describeInChromium("actions on the page", () => {
  let world: World;
  let ui: UiProcess;
  let browser: Chromium;

  beforeAll(async () => {
    world = await startWorld("limits: {types: {hello: 2, waits: 1}}\n");
    ui = await startUiProcess(world, ["--actions"]);
    browser = await Chromium.start();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await ui?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const poolsNow = async (): Promise<readonly { name: string; capacity: number; paused: boolean }[]> =>
    JSON.parse((await world.run(["slots", "-o", "json"])).stdout).pools;
  const stateOf = async (id: string): Promise<string> =>
    JSON.parse((await world.run(["job", id, "-o", "json"])).stdout).state;

  test("given --actions, when a pool is paused, resumed and given another limit on the page, then the ledger says so", async () => {
    const { page, complaints } = await browser.open(withView(ui.printed, "view=slots"));
    expect(page.url()).not.toContain("token");
    const lane = page.locator('.lane[data-pool="type:hello"]');
    await lane.getByRole("button", { name: "Pause hello" }).click();
    await lane.getByText("paused", { exact: false }).first().waitFor();
    await page.locator(".notice.done", { hasText: "hello is paused, recorded at" }).waitFor();
    expect(await poolsNow()).toMatchObject([{ name: "type:hello", paused: true }, { paused: false }]);
    await world.submit("hello", { id: "held" });
    await lane.locator(".car", { hasText: "hello paused" }).waitFor();
    await lane.getByRole("button", { name: "Resume hello" }).click();
    await lane.locator(".paused-tag").waitFor({ state: "detached" });
    await lane.getByLabel("Limit of hello").fill("7");
    await lane.getByRole("button", { name: "Set the limit of hello" }).click();
    await lane.locator("[data-figure=capacity]", { hasText: "7" }).waitFor();
    expect(await poolsNow()).toMatchObject([{ name: "type:hello", capacity: 7, paused: false }, { capacity: 1 }]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("given jobs that wait and run, when they are moved, cancelled and tried again on the page, then they are", async () => {
    for (const id of ["runs", "second", "third"]) await world.submit("waits", { id, params: { gate: "never" } });
    const { page } = await browser.open(withView(ui.printed, "job=third"));
    const panel = page.getByRole("complementary", { name: "Job third" });
    await panel.getByRole("button", { name: "Move first" }).click();
    await page.locator(".notice.done", { hasText: "third is first" }).waitFor();
    await page.locator(".car", { hasText: "third" }).first().waitFor();
    await expect.poll(async () => (await figuresOn(page)).pools[1]?.line).toEqual(["third", "second"]);
    await panel.getByRole("button", { name: "Cancel…" }).click();
    await panel.getByRole("button", { name: "Cancel third" }).click();
    await panel.getByRole("button", { name: "Retry" }).waitFor();
    expect(await stateOf("third")).toBe("cancelled");
    await panel.getByRole("button", { name: "Retry" }).click();
    await page.locator(".notice.done", { hasText: "third is tried again: " }).waitFor();
    await page.close();
  });

  test("given a page without the token, when it acts, then it is refused, and the page says why", async () => {
    const { page } = await browser.open(`${ui.url}?view=slots`);
    await page.locator('.lane[data-pool="type:waits"]').getByRole("button", { name: "Pause waits" }).click();
    await page.locator(".notice.refused").waitFor();
    expect(await poolsNow()).toMatchObject([{}, { name: "type:waits", paused: false }]);
    await page.close();
  });

  test("given no --actions, when the page is open, then it offers none", async () => {
    await using quiet = await startUiProcess(world, ["--port", String(await freePort())]);
    const { page } = await browser.open(withView(quiet.printed, "view=slots&job=runs"));
    await page.locator('.block[data-holder="runs"]').waitFor();
    await page.getByRole("complementary", { name: "Job runs" }).locator(".history li").first().waitFor();
    expect(await page.getByRole("button", { name: /Pause|Resume|Cancel|Retry|Move|Set/ }).allTextContents()).toEqual(
      [],
    );
    await page.close();
  });
});
