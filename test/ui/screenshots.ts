/** `npm run screenshots`: a real run of mixed jobs, as the visualizer shows it, into docs/images. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "../../src/nats/door.js";
import { startProgram } from "../cli/world.js";
import { FakeOllama } from "../support/fake-ollama.js";
import { startNatsServer } from "../support/nats-server.js";
import { startSchedulerProcess } from "../support/scheduler-process.js";
import { WorkServer } from "../support/work-server.js";
import { Chromium, type View, withView } from "./chromium.js";
import { startUiProcess } from "./ui-process.js";

const FOLDER = resolve("docs/images");
/** The trains that run when a picture is taken belong into it. */
const SETTLE_MS = 1_200;
const STORY =
  "The night shift begins when the last express has gone. The levers are cold, the register lies open, and every train that " +
  "comes is written down before its signal falls. Nobody hurries a signalman: he has one block and one train for it. ";

const pictures: readonly { readonly name: string; readonly search: string; readonly view: View }[] = [
  { name: "overview-dark", search: "", view: { colorScheme: "dark" } },
  { name: "machines", search: "view=machines&job=chapter-1", view: { colorScheme: "light", width: 1600 } },
  { name: "slots", search: "view=slots", view: { colorScheme: "dark" } },
  { name: "log", search: "view=log", view: { colorScheme: "light" } },
  { name: "whatif", search: "view=whatif", view: { colorScheme: "light", height: 620 } },
  { name: "phone", search: "", view: { colorScheme: "light", width: 390, height: 844 } },
];

await using nats = await startNatsServer();
await using ollama = new FakeOllama({ tokens: STORY.split(/(?<= )/), msPerToken: 90 });
await using work = await WorkServer.start();
work.workMs = 2_600;
const folder = await mkdtemp(join(tmpdir(), "signalbox-screenshots-"));
const host = await ollama.start();
await writeFile(join(folder, "signalbox.yaml"), JSON.stringify(configuration()));
const scheduler = await startSchedulerProcess(join(folder, "signalbox.yaml"), nats.url);
const world = {
  start: (args: readonly string[], options: object = {}) =>
    startProgram(args, { ...options, env: { NATS_URL: nats.url }, cwd: folder }),
};
try {
  const nc = await connect({ servers: nats.url });
  await using ui = await startUiProcess(world, ["--actions"]);
  await using browser = await Chromium.start();
  await mkdir(FOLDER, { recursive: true });
  await nc.jetstream().publish("signalbox.submit", JSON.stringify(jobs()));
  await delay(6_000);
  await world.start(["pause", "cpu-bound"]).ended;
  await world.start(["limits", "set", "resources.claude-api=4"]).ended;
  await delay(3_000);
  await world.start(["resume", "cpu-bound"]).ended;
  for (const { name, search, view } of pictures) {
    const { page } = await browser.open(withView(ui.printed, search), view);
    if (name === "log") await page.locator(".fact-row", { hasText: "StartGranted" }).first().click();
    if (name === "whatif") {
      await page.getByLabel("ollama").fill("2");
      await page.getByRole("button", { name: "Play it through" }).click();
      await page.getByRole("table").first().waitFor();
    }
    await delay(SETTLE_MS);
    await page.screenshot({ path: join(FOLDER, `ui-${name}.png`) });
    await page.close();
  }
  await nc.close();
} finally {
  await scheduler.kill();
  await rm(folder, { recursive: true, force: true });
}

function configuration(): object {
  return {
    limits: { resources: { ollama: 1, "claude-api": 3, "cpu-bound": 2 } },
    types: {
      story: { runner: "ollama", host, model: "llama3.2", resources: { ollama: 1 } },
      research: { runner: "http", url: work.url("research"), resources: { "claude-api": 1 } },
      thumbs: { runner: "command", argv: ["sleep", "1.7"], resources: { "cpu-bound": 1 } },
      poster: { runner: "command", argv: ["sleep", "4"], resources: { "cpu-bound": 2, "claude-api": 1 } },
      proofs: { runner: "command", argv: ["false"], resources: { "cpu-bound": 1 }, backoff: { base: "6s" } },
    },
  };
}

function jobs(): object[] {
  const many = (type: string, name: string, count: number, more: (index: number) => object): object[] =>
    Array.from({ length: count }, (_, index) => ({ type, id: `${name}-${index + 1}`, ...more(index + 1) }));
  return [
    ...many("story", "chapter", 7, (index) => ({
      params: { prompt: `Chapter ${index}: the night shift in a signal box` },
      labels: { book: "nine" },
      priority: index === 6 ? 5 : 0,
    })),
    ...many("research", "source", 22, (index) => ({ params: { topic: `signalling, part ${index}` } })),
    ...many("thumbs", "thumb", 14, (index) => ({ params: { width: 160 * index } })),
    ...many("poster", "poster", 2, () => ({ priority: 1 })),
    ...many("proofs", "proof", 2, () => ({ maxAttempts: 4, priority: 2 })),
    { type: "thumbs", id: "tomorrow", delay: "8h" },
  ];
}
