/** The page with the logins of docs/deploy/roles.conf: a viewer sees all of it, live, and is told plainly what it may not do. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { loadConfiguration } from "../../src/config/index.js";
import { freePort } from "../../src/embedded/port.js";
import { createLogger } from "../../src/logger.js";
import { type Scheduler, startScheduler } from "../../src/scheduler.js";
import { type Running, type RunOptions, startProgram } from "../cli/world.js";
import { passwordOf, type Role, type RolesServer, startRolesServer } from "../deploy/roles-server.js";
import { Chromium, describeInChromium, withView } from "./chromium.js";
import { startUiProcess } from "./ui-process.js";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeInChromium("the page for each role", () => {
  let folder: string;
  let roles: RolesServer;
  let scheduler: Scheduler;
  let worker: Running;
  let browser: Chromium;

  const startAs =
    (role: Role) =>
    (args: readonly string[], options: RunOptions = {}) => {
      const url = new URL(roles.server.url);
      [url.username, url.password] = [role, passwordOf(role)];
      return startProgram(args, { ...options, cwd: folder, env: { NATS_URL: url.href } });
    };
  const asOperator = async (...args: string[]) =>
    expect(await startAs("operator")(args).ended).toMatchObject({ code: 0 });

  beforeAll(async () => {
    roles = await startRolesServer("current");
    folder = await mkdtemp(join(tmpdir(), "signalbox-roles-"));
    const path = join(folder, "scheduler.yaml");
    await writeFile(
      path,
      JSON.stringify({ limits: { types: { far: 1, hello: 2 } }, types: { far: { runner: "nats" } } }),
    );
    const tells = "console.log('on its way'); setTimeout(() => {}, 600_000)";
    const far = { runner: "command", argv: [process.execPath, "-e", tells] };
    await writeFile(join(folder, "worker.yaml"), JSON.stringify({ types: { far } }));
    const loaded = loadConfiguration({ path, env: {}, cwd: "/", typesInCode: ["hello"] });
    if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.problems));
    scheduler = await startScheduler({
      connection: { servers: [roles.server.url], user: "dispatcher", pass: passwordOf("dispatcher") },
      configuration: { ...loaded.configuration, graceMs: 0 },
      functions: new Map([["hello", () => "done"]]),
      log: createLogger("silent"),
    });
    const args = ["worker", "--types", "far", "--config", join(folder, "worker.yaml")];
    worker = startAs("worker")(args, { runMsMax: 120_000 });
    await worker.saw("stderr", "signalbox worker is ready");
    browser = await Chromium.start();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    worker?.child.kill("SIGTERM");
    await worker?.ended;
    await scheduler?.stop();
    await roles?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test("given the login of a viewer, when jobs are submitted, then the page shows them live, with their words, their leases and their past", async () => {
    await asOperator("submit", "hello", "--id", "before", "--wait");
    await using ui = await startUiProcess({ start: startAs("viewer") }, ["--port", String(await freePort())]);
    const { page, complaints } = await browser.open(withView(ui.printed, "view=slots&job=before"));
    await page.getByRole("complementary", { name: "Job before" }).locator(".json", { hasText: "done" }).waitFor();
    await asOperator("submit", "far", "--id", "distant", "--max-attempts", "1");
    const block = page.locator('.block[data-holder="distant"]');
    await block.getByText(/lease \d+ s left of 30 s/).waitFor();
    await page.getByRole("navigation").getByRole("button", { name: "Overview" }).click();
    await page.locator(".running", { hasText: "on its way" }).waitFor();
    await page.keyboard.press(",");
    await page.locator(".link-state", { hasText: "past" }).waitFor();
    await page.keyboard.press("l");
    await asOperator("cancel", "distant");
    await page.locator('.chart [data-state="cancelled"][data-count="1"]').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("given the login of a viewer and --actions, when the page acts, then it says what these credentials may not do, and goes on", async () => {
    await using ui = await startUiProcess({ start: startAs("viewer") }, [
      "--actions",
      "--port",
      String(await freePort()),
    ]);
    const { page } = await browser.open(ui.printed);
    await page.keyboard.press("3");
    const lane = page.locator('.lane[data-pool="type:hello"]');
    const refused = (subject: string) =>
      page.locator(".notice.refused", { hasText: `these credentials may not publish to ${subject}` }).waitFor();
    await lane.getByRole("button", { name: "Pause hello" }).click();
    await refused("signalbox.api.pause");
    await lane.getByLabel("Limit of hello").fill("7");
    await lane.getByRole("button", { name: "Set the limit of hello" }).click();
    await refused("signalbox.api.limits");
    await page.locator(".link-state", { hasText: "live" }).waitFor();
    await asOperator("submit", "hello", "--id", "after", "--wait");
    await page.keyboard.press("4");
    await page.locator(".log .fact-row", { hasText: "after" }).filter({ hasText: "RunCompleted" }).waitFor();
    await page.keyboard.press("3");
    expect(await lane.locator("[data-figure=capacity]").textContent()).toBe("2");
    expect(await lane.locator(".paused-tag").count()).toBe(0);
    expect([ui.running.child.exitCode, ui.running.child.signalCode]).toEqual([null, null]);
    await page.close();
  });
});
