/** When a waiting job is expected to start: what the page says beside the job is what `explain` and `queue` say of the same position. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../cli/world.js";
import { Chromium, describeInChromium, withView } from "./chromium.js";
import { startUiProcess, type UiProcess } from "./ui-process.js";

interface ForecastJson {
  readonly expected: string | null;
  readonly text: string;
}
interface ExplainedJson {
  readonly position: number;
  readonly text: string;
  readonly forecast: ForecastJson | null;
}

describeInChromium("forecasts on the page", () => {
  let world: World;
  let ui: UiProcess;
  let browser: Chromium;
  /** The last position at which no run had ended. */
  let before: number;

  beforeAll(async () => {
    world = await startWorld("limits: {types: {waits: 1}}\n");
    const waits = async (id: string, gate: string, ...more: string[]) => {
      const { code } = await world.run(["submit", "waits", "--id", id, "--params", JSON.stringify({ gate }), ...more]);
      expect(code).toBe(0);
    };
    await waits("first", "a");
    await waits("early", "a");
    ({ position: before } = await told<ExplainedJson>("explain", "early"));
    world.open("a");
    // With one slot all before it have ended then.
    await waits("last", "a", "--wait");
    for (const id of ["holds", "next", "second"]) await waits(id, "never");
    ui = await startUiProcess(world);
    browser = await Chromium.start();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await ui?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const told = async <T>(...args: string[]): Promise<T> =>
    JSON.parse((await world.run([...args, "-o", "json"])).stdout);

  /** What the panel says of a job, and as of which position. */
  async function shownOf(page: Page, id: string) {
    const panel = page.getByRole("complementary", { name: `Job ${id}` });
    const text = async (part: string) => (await panel.locator(part).textContent()) ?? "";
    await panel.locator("[data-part=forecast]").waitFor();
    const asOf = /^as of position (\d+)$/.exec(await text(".explained .quiet"))?.[1];
    return {
      position: Number(asOf),
      explain: await text("[data-part=explain]"),
      forecast: await text("[data-part=forecast]"),
    };
  }

  async function toldOf(id: string, position: number) {
    const at = ["--at", String(position)];
    const { text, forecast } = await told<ExplainedJson>("explain", id, ...at);
    const queue = await told<readonly { readonly job: string; readonly forecast: ForecastJson }[]>("queue", ...at);
    expect(queue.find(({ job }) => job === id)?.forecast).toEqual(forecast);
    return { expected: forecast?.expected, shown: { position, explain: text, forecast: `Start: ${forecast?.text}` } };
  }

  test.each(["next", "second"])(
    "given runs whose times are known, when waiting job %s is shown, then its forecast is that of explain and of queue at that position",
    async (id) => {
      const { page, complaints } = await browser.open(withView(ui.printed, `job=${id}`));
      const shown = await shownOf(page, id);
      const { expected, shown: wanted } = await toldOf(id, shown.position);
      expect(expected).toMatch(/^\d{4}-/);
      expect(shown).toEqual(wanted);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  test("given a moment before any run had ended, when a job that waited then is shown, then the page says that no forecast can be made, and why", async () => {
    const { page } = await browser.open(withView(ui.printed, `job=early&at=${before}`));
    const shown = await shownOf(page, "early");
    const { expected, shown: wanted } = await toldOf("early", before);
    expect(expected).toBeNull();
    expect(shown).toEqual(wanted);
    expect(shown.forecast).toBe("Start: no run of waits has ended yet: no forecast");
    await page.close();
  });

  test("given a job that runs, when it is shown, then no start is forecast", async () => {
    const { page } = await browser.open(withView(ui.printed, "job=holds"));
    const panel = page.getByRole("complementary", { name: "Job holds" });
    await panel.locator("[data-part=explain]").waitFor();
    expect(await panel.locator("[data-part=forecast]").count()).toBe(0);
    await page.close();
  });
});
