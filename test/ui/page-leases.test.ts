/** What is left of a lease, in the lane of whoever holds slots by it: of a real worker elsewhere, and of a real reservation. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type LeaseLeft, leasesSchema } from "../../src/api/leases.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { type Running, startWorld, type World } from "../cli/world.js";
import { seriousFindingsOn } from "./axe.js";
import { Chromium, describeInChromium, withView } from "./chromium.js";
import { startUiProcess, type UiProcess } from "./ui-process.js";

// Leases have to pass here.
vi.setConfig({ testTimeout: 60_000 });

const LEASE_MS = 9_000;
/** `lease 7 s left of 9 s`, with a mark where it nears its end. */
const LEFT = /^\s*(! )?lease (\d+) s left of 9 s$/;
/** What the page shows is up to a second old, and told in whole seconds. */
const SHOWN_OFF_MS_MAX = 2_500;

describeInChromium("leases on the page", () => {
  let world: World;
  let ui: UiProcess;
  let browser: Chromium;
  let nc: NatsConnection;
  const started: Running[] = [];

  beforeAll(async () => {
    world = await startWorld(
      `lease: ${LEASE_MS}\nlimits: {resources: {ollama: 1, gpu: 1}}\ntypes: {far: {runner: nats, resources: {gpu: 1}}}\n`,
    );
    ui = await startUiProcess(world);
    browser = await Chromium.start();
    nc = await connect({ servers: world.server.url });
  });
  afterAll(async () => {
    for (const { child } of started) child.kill("SIGKILL");
    await Promise.all(started.map(({ ended }) => ended));
    await nc?.close();
    await browser?.[Symbol.asyncDispose]();
    await ui?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const start = (...args: string[]): Running => {
    const running = world.start(args, { runMsMax: 120_000 });
    started.push(running);
    return running;
  };
  async function leftOf(wanted: LeaseLeft["kind"]): Promise<number> {
    const answer = await nc.request("signalbox.query.leases", "{}", { timeout: 5_000 });
    const { leases } = leasesSchema.parse(answer.json());
    return leases.find(({ kind }) => kind === wanted)?.leftMs ?? Number.NaN;
  }
  const leaseIn = (page: Page, pool: string) => page.locator(`.lane[data-pool="resource:${pool}"] .block.taken small`);

  /** Settles when the lane says what is left, with that. */
  async function shownMs(page: Page, pool: string): Promise<number> {
    const text = leaseIn(page, pool).filter({ hasText: LEFT });
    await text.waitFor();
    return Number(LEFT.exec((await text.textContent()) ?? "")?.[2]) * 1_000;
  }

  /** A renewal may come between the page and the question; then the next look agrees. */
  const agrees = (page: Page, pool: string, kind: LeaseLeft["kind"]) =>
    expect
      .poll(async () => Math.abs((await shownMs(page, pool)) - (await leftOf(kind))))
      .toBeLessThan(SHOWN_OFF_MS_MAX);

  test("given a job on a worker elsewhere, when the worker renews, then the lane shows what is left; and when it is stopped, then how that runs out", async () => {
    const file = join(world.folder, "worker.yaml");
    await writeFile(file, 'types: {far: {runner: command, argv: ["sleep", "600"]}}\n');
    const worker = start("worker", "--types", "far", "--config", file);
    await worker.saw("stderr", "signalbox worker is ready");
    await world.run(["submit", "far", "--id", "distant", "--resource", "gpu=1", "--max-attempts", "1"]);
    const { page, complaints } = await browser.open(withView(ui.printed, "view=slots"));
    const block = page.locator('.block[data-holder="distant"]');
    await page.locator('.block.st-running[data-holder="distant"]').waitFor();
    await agrees(page, "gpu", "worker");
    expect(await block.getAttribute("title")).toMatch(/\d s of its lease of 9 s are left, and it is renewed$/);
    expect(await block.locator(".lease-left.ending").count()).toBe(0);

    // Of the past it is not known.
    await page.keyboard.press(",");
    await page.locator(".link-state", { hasText: "past" }).waitFor();
    await leaseIn(page, "gpu")
      .filter({ hasText: /^\s*lease 9 s$/ })
      .waitFor();
    expect(await block.locator(".lease-left").count()).toBe(0);
    await page.keyboard.press("l");
    await shownMs(page, "gpu");

    worker.child.kill("SIGSTOP");
    await block.locator(".lease-left.ending").waitFor();
    await leaseIn(page, "gpu")
      .filter({ hasText: /^\s*! lease \d s left of 9 s$/ })
      .waitFor();
    expect(await block.getAttribute("title")).toContain("it was not renewed when it should have been");
    expect(await seriousFindingsOn(page)).toEqual([]);
    await block.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("given a reservation, when it is held, then the lane shows what is left of its lease; and when nobody leads, then only how long it is", async () => {
    const { page, complaints } = await browser.open(withView(ui.printed, "view=slots"));
    start("run", "--resource", "ollama=1", "--lease", "9s", "--", "sleep", "600");
    await agrees(page, "ollama", "reservation");
    await world.scheduler.stop();
    await leaseIn(page, "ollama")
      .filter({ hasText: /^\s*lease 9 s$/ })
      .waitFor();
    expect(await page.locator(".block.direct .lease-left").count()).toBe(0);
    await page.locator(".link-state", { hasText: "live" }).waitFor();
    await world.startAgain();
    await shownMs(page, "ollama");
    expect(complaints).toEqual([]);
    await page.close();
  });
});
