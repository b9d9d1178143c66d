/** The time line of the page: every moment is shown as the command line tells it with `--at`. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../cli/world.js";
import { Chromium, describeInChromium, withView } from "./chromium.js";
import { type Figures, figuresOn, figuresTold, type JobJson, type SlotsJson, untilAt } from "./figures.js";
import { startUiProcess, type UiProcess } from "./ui-process.js";

const POSITIONS = 7;
/** Each moment is asked of the command line too, in processes of their own. */
const TEST_MS_MAX = 120_000;

describeInChromium("the time line of the page", () => {
  let world: World;
  let ui: UiProcess;
  let browser: Chromium;
  let head: number;

  /** Runs, waits, a pause, a failure and another limit, one after the other. */
  beforeAll(async () => {
    world = await startWorld("limits: {types: {hello: 1, waits: 2, fails: 1}}\n");
    await world.submit("waits", { id: "one", params: { gate: "a" } });
    await world.submit("waits", { id: "two", params: { gate: "b" } });
    await world.submit("waits", { id: "three", params: { gate: "b" } });
    await world.submit("waits", { id: "four", priority: 5, params: { gate: "b" } });
    await world.submit("hello", { id: "later", delay: "1h" });
    await world.command("pause", { pool: "type:hello" });
    await world.submit("hello", { id: "held" });
    await world.submitToEnd("fails", { id: "broken" });
    await world.run(["limits", "set", "types.waits=3"]);
    world.open("a");
    await world.command("cancel", { id: "three" });
    await world.command("resume", { pool: "type:hello" });
    world.open("b");
    await world.submitToEnd("hello", { id: "last" });
    const slots: SlotsJson = JSON.parse((await world.run(["slots", "-o", "json"])).stdout);
    head = slots.position;
    ui = await startUiProcess(world);
    browser = await Chromium.start();
  }, TEST_MS_MAX);
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await ui?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const asked = async <T>(args: readonly string[]): Promise<T> =>
    JSON.parse((await world.run([...args, "-o", "json"])).stdout);

  const told = (position: number): Promise<Figures> => figuresTold(asked, ["--at", String(position)]);

  test(
    "given any position, when the page is moved there, then every number that it shows is the one of slots, jobs and queue --at",
    async () => {
      const { page } = await browser.open(ui.printed);
      const track = page.getByRole("slider", { name: "Position in the ledger" });
      for (let position = head; position >= 2; position -= Math.max(1, Math.floor(head / POSITIONS))) {
        await track.fill(String(position));
        await untilAt(page, position);
        await page.locator(".link-state", { hasText: "past" }).waitFor();
        expect(await figuresOn(page)).toEqual(await told(position));
      }
      await page.close();
    },
    TEST_MS_MAX,
  );

  test(
    "given a position, when the jobs are listed there, then they are those of jobs --at, and the log ends there",
    async () => {
      const position = Math.floor(head / 2);
      const { page } = await browser.open(withView(ui.printed, `view=jobs&at=${position}`));
      const jobs = await asked<JobJson[]>(["jobs", "--at", String(position)]);
      await page
        .locator(".job-row")
        .nth(jobs.length - 1)
        .waitFor();
      expect(await page.locator(".job-row .job-id").allTextContents()).toEqual(jobs.map(({ id }) => id));
      expect(await page.locator(".job-row .state").allTextContents()).toEqual(jobs.map(({ state }) => state));
      await page.getByRole("navigation").getByRole("button", { name: "Log" }).click();
      const newest = page.locator(".log .fact-row").first();
      await newest.waitFor();
      expect(Number((await newest.getAttribute("data-address"))?.split(".")[0])).toBe(position);
      await page.close();
    },
    TEST_MS_MAX,
  );

  test(
    "given a position, when it is stepped, played and left, then each entry is shown, the end of the ledger, and then what is live",
    async () => {
      const { page } = await browser.open(withView(ui.printed, `at=${head - 6}`));
      await untilAt(page, head - 6);
      await page.getByRole("button", { name: "One entry on" }).click();
      await untilAt(page, head - 5);
      await page.getByRole("button", { name: "One entry back" }).click();
      await untilAt(page, head - 6);
      expect(await figuresOn(page)).toEqual(await told(head - 6));
      await page.getByLabel("Speed").selectOption("100");
      await page.getByRole("button", { name: "Play" }).click();
      await untilAt(page, head);
      expect(await figuresOn(page)).toEqual(await told(head));
      await page.getByRole("button", { name: "Live" }).click();
      await page.locator(".link-state", { hasText: "live" }).waitFor();
      await page.close();
    },
    TEST_MS_MAX,
  );

  test(
    "given a time, when the page goes there, then it shows the last entry at that time",
    async () => {
      const { page } = await browser.open(ui.printed);
      const { at } = await asked<SlotsJson>(["slots", "--at", String(Math.floor(head / 2))]);
      const { position } = await asked<SlotsJson>(["slots", "--at", at]);
      await page.getByPlaceholder("position or time").fill(at);
      await page.getByPlaceholder("position or time").press("Enter");
      await untilAt(page, position);
      await page.close();
    },
    TEST_MS_MAX,
  );
});
