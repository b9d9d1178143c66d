/** The page in a real browser, beside a real scheduler: what happens is seen as it happens, and nothing else is asked for. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../src/embedded/port.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { startWorld, type World } from "../cli/world.js";
import { Chromium, describeInChromium, withView } from "./chromium.js";
import { figuresOn } from "./figures.js";
import { startUiProcess, type UiProcess } from "./ui-process.js";

const FIRST_VIEW_MS_MAX = 1_000;
/** The machine may be busy with something else for one of them. */
const LOADS = 5;

describeInChromium("the page of the visualizer, live", () => {
  let world: World;
  let ui: UiProcess;
  let browser: Chromium;
  let nc: NatsConnection;

  beforeAll(async () => {
    world = await startWorld("limits: {global: 1}\n");
    await world.run(["submit", "hello", "--id", "constructor", "--wait"]);
    // Its own, to come back on: the default one is taken by any other visualizer meanwhile.
    ui = await startUiProcess(world, ["--port", String(await freePort())]);
    browser = await Chromium.start();
    nc = await connect({ servers: world.server.url });
  });
  afterAll(async () => {
    await nc?.close();
    await browser?.[Symbol.asyncDispose]();
    await ui?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const submit = (type: string, submission: object) =>
    nc.jetstream().publish(`signalbox.submit.${type}`, JSON.stringify(submission));

  test("given an open page, when a job is submitted over NATS, then it is seen on its way through the chart, the slot and the log", async () => {
    const { page, complaints } = await browser.open(ui.printed);
    await page.evaluate(
      `window.trains = []; new MutationObserver((changes) => { for (const { addedNodes } of changes) for (const node of addedNodes)
         if (node.classList?.contains("train")) window.trains.push(node.getAttribute("class")); })
         .observe(document.querySelector(".chart"), { childList: true, subtree: true })`,
    );
    await submit("waits", { id: "traveller", params: { gate: "t" } });
    await page.locator('.block[data-holder="traveller"]').waitFor();
    await page.locator('.chart [data-state="running"][data-count="1"]').waitFor();
    await submit("hello", { id: "behind" });
    await page.locator(".car", { hasText: "behind" }).waitFor();
    await expect.poll(() => page.title()).toBe("1 running, 1 waiting – signalbox");
    expect((await figuresOn(page)).pools).toMatchObject([
      { name: "global", used: 1, capacity: 1, waiting: 1, holders: ["traveller"], line: ["behind"] },
    ]);
    world.open("t");
    await page.locator('.chart [data-state="completed"][data-count="3"]').waitFor();
    await page.locator(".newest .fact-row", { hasText: "RunCompleted" }).filter({ hasText: "behind" }).waitFor();
    const trains = await page.evaluate<string[]>("window.trains");
    expect(trains.some((name) => name.includes("st-running"))).toBe(true);
    expect(trains.some((name) => name.includes("st-completed"))).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("given a job that tells its progress, when it is chosen, then its words, its result, its history and its explanation are shown", async () => {
    const { page } = await browser.open(ui.printed);
    await submit("waits", { id: "before", params: { gate: "p" } });
    await submit("talks", { id: "teller" });
    await page.locator(".car", { hasText: "teller" }).getByRole("button").click();
    const panel = page.getByRole("complementary", { name: "Job teller" });
    await panel
      .getByText("teller waits for the global")
      .or(panel.getByText(/teller waits for/))
      .first()
      .waitFor();
    world.open("p");
    await panel.locator(".progress", { hasText: "Once upon a time" }).waitFor();
    await panel.locator(".json", { hasText: "Once upon a time" }).waitFor();
    await panel.locator(".history li", { hasText: "RunCompleted" }).waitFor();
    await panel.locator("[data-part=explain]", { hasText: "completed" }).waitFor();
    await page.close();
  });

  test("given tags in what a job says, when it is shown, then they are text", async () => {
    const tag = "<script>window.struck = true</script><img src=x onerror='window.struck = true'>";
    await submit("hello", { id: "tagged", params: { name: tag }, labels: { book: "<b>9</b>" } });
    const { page } = await browser.open(withView(ui.printed, "job=tagged&view=log"));
    const panel = page.getByRole("complementary", { name: "Job tagged" });
    await panel.locator(".json", { hasText: "hello <script>" }).waitFor();
    await panel.getByText("book=<b>9</b>").waitFor();
    expect(await page.evaluate("window.struck")).toBeUndefined();
    expect(await page.locator("script").count()).toBe(1);
    expect(await page.locator("#page img, #page b").count()).toBe(0);
    await page.close();
  });

  test("given a log that is read further down, when facts come in above, then what is read stays where it is", async () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ type: "hello", id: `many-${index}` }));
    await nc.jetstream().publish("signalbox.submit", JSON.stringify(many));
    const { page } = await browser.open(withView(ui.printed, "view=log"));
    await page.locator(".log .fact-row", { hasText: "many-59" }).filter({ hasText: "RunCompleted" }).waitFor();
    const rows = page.getByRole("list", { name: "Facts, newest first" });
    await page.evaluate("document.querySelector('.log .rows').scrollTop = 700");
    await page.locator('.log .rows-row[data-row="0"]').waitFor({ state: "detached" });
    const address = await rows.getByRole("button").nth(12).getAttribute("data-address");
    const read = page.locator(`.log .fact-row[data-address="${address}"]`);
    const before = await read.boundingBox();
    const size = async () => Number(await rows.locator(".rows-row").first().getAttribute("aria-setsize"));
    const known = await size();
    await submit("hello", { id: "news" });
    await expect.poll(size).toBeGreaterThan(known);
    expect((await read.boundingBox())?.y).toBe(before?.y);
    await page.close();
  });

  test("given a page with a view and a job, when it is loaded again during a run, then it shows the same, and what goes on", async () => {
    await submit("waits", { id: "long", params: { gate: "l" } });
    const { page } = await browser.open(withView(ui.printed, "view=slots&job=long"));
    await page.locator('.block[data-holder="long"]').waitFor();
    await page.reload();
    await page.locator('.block[data-holder="long"]').waitFor();
    await page.getByRole("complementary", { name: "Job long" }).waitFor();
    world.open("l");
    await page.locator('.block[data-holder="long"]').waitFor({ state: "detached" });
    await page.close();
  });

  test("given an open page, when its server is killed and started again, then it says so, and goes on by itself", async () => {
    const { page } = await browser.open(ui.printed);
    const state = page.locator(".link-state");
    await state.getByText("live").waitFor();
    const { port } = new URL(ui.url);
    await ui[Symbol.asyncDispose]();
    await state.getByText("no connection").waitFor();
    await expect.poll(() => page.title()).toBe("⚠ signalbox");
    await submit("hello", { id: "meanwhile" });
    ui = await startUiProcess(world, ["--port", port]);
    await state.getByText("live").waitFor();
    await page.locator(".newest .fact-row", { hasText: "meanwhile" }).first().waitFor();
    await page.close();
  });

  test("given the page, when it is opened and all its views are looked at, then nothing is asked of another host, and the first view is there in a second", async () => {
    const took: number[] = [];
    for (let load = 0; load < LOADS; load += 1) {
      const { page, requests, complaints } = await browser.open(ui.printed);
      await page.locator(".lane").first().waitFor();
      took.push(await page.evaluate<number>("performance.now()"));
      for (const view of ["Machines", "Slots", "Log", "Jobs", "Overview"])
        await page.getByRole("navigation").getByRole("button", { name: view }).click();
      const { origin } = new URL(ui.url);
      expect(requests.filter((url) => !url.startsWith(origin) && !url.startsWith("data:"))).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    }
    expect(Math.min(...took)).toBeLessThan(FIRST_VIEW_MS_MAX);
  });
});
