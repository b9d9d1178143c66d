/** `ui --export` as people run it, of a scheduler, of an exported log and of a part of one; the file is opened when nothing of signalbox runs any more. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startProgram, startWorld } from "../cli/world.js";
import { Chromium, describeInChromium } from "./chromium.js";
import { type Figures, figuresOn, figuresTold } from "./figures.js";

// Many programs are started here, one after the other.
vi.setConfig({ hookTimeout: 120_000 });

/** Of what the command says in JSON. */
interface Exported {
  readonly file: string;
  readonly bytes: number;
  readonly moments: number;
  readonly factsLeft: number;
  readonly jobsLeft: number;
}

describeInChromium("a recording that is a page", () => {
  let folder: string;
  let browser: Chromium;
  const made = new Map<string, { readonly exported: Exported; readonly told: Figures }>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "signalbox-export-"));
    {
      await using world = await startWorld("limits: {types: {waits: 1, hello: 2, fails: 1}}\n");
      const run = async <T>(args: readonly string[]): Promise<T> => {
        const { code, stdout, stderr } = await world.run([...args, "-o", "json"]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        return JSON.parse(stdout);
      };
      await world.run(["submit", "fails", "--id", "broken", "--wait"]);
      await world.run(["submit", "hello", "--id", "quick", "--wait"]);
      for (const id of ["holds", "second", "third"])
        await world.run(["submit", "waits", "--id", id, "--params", '{"gate":"never"}']);
      await world.run(["move", "third", "--first"]);
      await world.run(["pause", "type:hello"]);
      const exported = await run<Exported>(["ui", "--export", join(folder, "live.html")]);
      made.set("live", { exported, told: await figuresTold(run, []) });
      await world.run(["log", "export", join(folder, "log.jsonl")]);
      await world.run(["log", "export", join(folder, "part.jsonl"), "--from", "3"]);
    }
    const read = async <T>(args: readonly string[]): Promise<T> => {
      const { code, stdout, stderr } = await startProgram([...args, "-o", "json"], { cwd: folder }).ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return JSON.parse(stdout);
    };
    for (const of of ["log", "part"]) {
      const exported = await read<Exported>(["ui", "--log", `${of}.jsonl`, "--export", `${of}.html`]);
      made.set(of, { exported, told: await figuresTold(read, ["--log", `${of}.jsonl`]) });
    }
    browser = await Chromium.start();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(["live", "log", "part"] as const)(
    "given a page that was written of what is %s, when it is opened from its file with no network, then it shows the numbers of slots, jobs and queue",
    async (of) => {
      const file = join(folder, `${of}.html`);
      expect(made.get(of)?.exported).toMatchObject({ file, factsLeft: 0, jobsLeft: 0 });
      const { page, requests, complaints } = await browser.open(pathToFileURL(file).href, { isOffline: true });
      await page.locator(".link-state", { hasText: "recording" }).waitFor();
      const shown = await figuresOn(page);
      expect(shown).toEqual(made.get(of)?.told);
      expect(shown.pools).toContainEqual(
        expect.objectContaining({ name: "type:waits", used: 1, holders: ["holds"], line: ["third", "second"] }),
      );
      expect(requests.filter((url) => !url.startsWith("file:") && !url.startsWith("data:"))).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );
});
