/** `signalbox ui` on the command line: what it prints, what it refuses, and the browser that it opens. */

import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { exportText } from "../support/export-file.js";
import { ledger } from "../support/ledger-builder.js";
import { PseudoTerminal } from "../support/pseudo-terminal.js";
import { startProgram } from "./world.js";

// Many programs are started here, one after the other, and each takes its time to load.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder = "";
let log = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-ui-"));
  log = join(folder, "run.jsonl");
  await writeFile(log, exportText(ledger().elected().worker().submitted("a").entries, "nightly"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (args: readonly string[]) => startProgram(["ui", ...args], { cwd: folder }).ended;

describe("what is refused", () => {
  test.each([
    [["--at", "3"], /leave out --at/],
    [["--log", "run.jsonl", "--actions"], /nothing can be done in a recording/],
    [["--log", "run.jsonl", "--nats", "nats://127.0.0.1:1"], /--log answers from a file/],
    [["--export", "x.html", "--port", "80"], /leave out --port/],
    [["--port", "70000"], /from 1 to 65535/],
    [["--log", "nowhere.jsonl"], /nowhere\.jsonl/],
    [["--log", "run.jsonl", "--host", "203.0.113.7"], /cannot listen on 203\.0\.113\.7/],
  ])("given `ui %s`, when it is run, then it is wrong usage, and what is wrong is said", async (args, said) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(said);
  });

  test("given no server anywhere, when it is run, then it says how to start one", async () => {
    const { code, stderr } = await run([]);
    expect(code).toBe(1);
    expect(stderr).toContain("signalbox up");
  });

  test("given a port that is taken, when it was asked for, then that is said", async () => {
    const other = createServer();
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    // It listens on a port.
    const { port } = other.address() as AddressInfo;
    try {
      const { code, stderr } = await run(["--log", "run.jsonl", "--port", String(port)]);
      expect(code).toBe(1);
      expect(stderr).toContain(`port ${port} is in use`);
    } finally {
      other.close();
    }
  });
});

describe("what is printed", () => {
  test("given two of them, when both are started without a port, then each prints one URL, of its own, and Ctrl-C ends them with 0", async () => {
    const both = [1, 2].map(() => startProgram(["ui", "--log", log], { cwd: folder }));
    const urls = new Set<string>();
    for (const { saw } of both) await saw("stderr", "shows nightly up to position 3; Ctrl-C ends it");
    for (const { child, ended } of both) {
      child.kill("SIGINT");
      const { code, stdout } = await ended;
      expect(code).toBe(0);
      expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
      urls.add(stdout);
    }
    expect(urls.size).toBe(2);
  });
});

describe.runIf(process.platform === "linux")("while it reads", () => {
  test("given a terminal, when a log is read, then a bar says how far it is, and is gone when the page is there", async () => {
    const program = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));
    await using terminal = new PseudoTerminal({
      command: `exec ${process.execPath} ${program} ui --log run.jsonl`,
      folder,
      size: { columns: 100, rows: 20 },
    });
    await terminal.shows("Ctrl-C ends it");
    expect(terminal.raw).toContain("1 of 3 entries");
    expect(terminal.raw.lastIndexOf("\x1b[2K")).toBeGreaterThan(terminal.raw.indexOf("1 of 3 entries"));
    terminal.press("\x03");
    expect(await terminal.ended).toBe(0);
  });
});

describe.runIf(process.platform === "linux")("the browser", () => {
  test("given --open and a URL with a token, when it is opened, then no argument of a program has the token, and nothing is left of the file that has", async () => {
    const opened = join(folder, "opened");
    await writeFile(
      join(folder, "xdg-open"),
      `#!/bin/sh\nprintf '%s' "$1" > "${opened}.part" && mv "${opened}.part" "${opened}"\n`,
    );
    await chmod(join(folder, "xdg-open"), 0o755);
    const PATH = `${folder}${delimiter}${process.env["PATH"] ?? ""}`;
    // To other machines, so that there is a token.
    const args = ["ui", "--log", log, "--host", "0.0.0.0", "--open"];
    const { child, ended, saw } = startProgram(args, { cwd: folder, env: { PATH, TMPDIR: folder } });
    await saw("stderr", "Ctrl-C ends it");
    const target = await untilThere(opened);
    expect(target).toMatch(/^file:/);
    const way = await readFile(fileURLToPath(target), "utf8");
    child.kill("SIGINT");
    const { stdout } = await ended;
    expect(stdout).toContain("#token=");
    expect(way).toContain(stdout.trim());
    expect(target).not.toContain(stdout.split("#token=")[1]?.trim());
    await expect(readFile(fileURLToPath(target))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

/** What is in a file, as soon as it is there. */
async function untilThere(path: string): Promise<string> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const text = await readFile(path, "utf8").catch(() => null);
    if (text !== null) return text;
    if (performance.now() > deadline) throw new Error(`${path} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
