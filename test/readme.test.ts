/** The README tells the truth: its diagram is the machine's, and its commands run, in its order, with its configuration. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { JOB_STATES } from "../events/states.js";
import { drawMachine } from "../machines/graph.js";
import { startNatsServer } from "./support/nats-server.js";
import { startSchedulerProcess } from "./support/scheduler-process.js";

const root = join(import.meta.dirname, "..");
const readme = await readFile(join(root, "README.md"), "utf8");

/** The text of the first fenced block that begins with this line. */
function block(begin: string): string {
  const from = readme.indexOf(`\`\`\`${begin}\n`);
  if (from === -1) throw new Error(`the README has no block ${begin}`);
  const start = readme.indexOf("\n", from) + 1;
  return readme.slice(start, readme.indexOf("\n```", start));
}

test("given the diagram of a job's life, when it is drawn from the machine, then the README has the same", () => {
  expect(block("mermaid")).toBe(drawMachine("job", "mermaid"));
});

test("given the page about the life of a job, when it is read, then it has a paragraph for each state", async () => {
  const page = await readFile(join(root, "docs/job.md"), "utf8");
  const named = [...page.matchAll(/^\*\*(\w+)\.\*\* (?=\S)/gm)].map((match) => match[1]);
  expect(named).toEqual([...JOB_STATES]);
});

describe("the commands of the README", () => {
  let folder: string;
  let server: Awaited<ReturnType<typeof startNatsServer>>;
  let scheduler: Awaited<ReturnType<typeof startSchedulerProcess>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "signalbox-readme-"));
    await writeFile(join(folder, "signalbox.yaml"), block("yaml"));
    server = await startNatsServer();
    scheduler = await startSchedulerProcess(join(folder, "signalbox.yaml"), server.url);
  });

  afterAll(async () => {
    await scheduler.kill();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function run(command: string): Promise<{ code: number; output: string }> {
    const program = join(root, "dist/src/cli/main.js");
    // A shell, because that is where people type them.
    const line = command.replace(/^npx signalbox/, `"${process.execPath}" "${program}"`);
    const child = spawn("sh", ["-c", line], {
      cwd: folder,
      env: { ...process.env, NATS_URL: server.url },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (output += data.toString()));
    const [code] = await once(child, "close");
    return { code: Number(code), output };
  }

  test("given a scheduler with its configuration, when they are typed in its order, then each is done", {
    timeout: 120_000,
  }, async () => {
    const commands = block("sh run").split("\n");
    expect(commands.length).toBeGreaterThan(10);
    for (const command of commands) {
      const { code, output } = await run(command);
      expect(`${command}: ${code}`, output).toBe(`${command}: 0`);
    }
  });
});
