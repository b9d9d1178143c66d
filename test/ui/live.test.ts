/** What open pages are told while things happen: under load, over lost connections, and to whoever does not listen. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { connect as connectNats } from "../../src/nats/door.js";
import type { Batch, Board, JobsAnswer, Meta } from "../../src/ui/protocol.js";
import { Streams } from "../../src/ui/streams.js";
import { startWorld, type World } from "../cli/world.js";
import { ask, OpenPage } from "./browser.js";
import { startUiProcess, type UiProcess } from "./ui-process.js";

// Many programs are started here, one after the other, and each takes its time to load.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let world: World;
let ui: UiProcess;
beforeAll(async () => {
  world = await startWorld("limits: {global: 8, types: {hello: 4}}\n");
  await world.submitToEnd("hello", { id: "before" });
  ui = await startUiProcess(world);
});
afterAll(async () => {
  await ui[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

async function submitMany(count: number, type = "hello"): Promise<void> {
  const input = Array.from({ length: count }, () => "{}").join("\n");
  const { code, stderr } = await world.run(["submit", type, "--from", "-"], { input });
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
}

const movesTo = (batches: readonly Batch[], state: string): number =>
  batches.flatMap(({ moves }) => moves).reduce((sum, { to, count }) => sum + (to === state ? count : 0), 0);

describe("an open page", () => {
  test("given a load of jobs, when the page is told of it in patches, then it has the board that is there for the asking, and was told little", async () => {
    using page = await OpenPage.open(ui.url);
    using other = await OpenPage.open(ui.url);
    const { completed } = page.board.counts;
    await submitMany(600);
    for (const open of [page, other])
      await open.until("the end of all jobs", ({ board }) => board.counts.completed === completed + 600);
    const { json: board } = await ask<Board>(`${ui.url}api/board?at=${page.board.position}`);
    expect(page.board).toEqual(board);
    expect(movesTo(page.batches, "completed")).toBe(600);
    expect(movesTo(page.batches, "granted")).toBe(600);
    for (const { facts, left } of page.batches) {
      expect(facts.length).toBeLessThanOrEqual(200);
      if (left > 0) expect(facts.length).toBe(200);
    }
    const told = page.batches.reduce((sum, { facts, left }) => sum + facts.length + left, 0);
    // Each job has at least these: submitted, granted, completed.
    expect(told).toBeGreaterThanOrEqual(3 * 600);
    const begins = page.batches.map(({ position }) => position);
    expect(begins).toEqual([...begins].sort((a, b) => a - b));
    // Whoever comes later begins with the same.
    using late = await OpenPage.open(ui.url);
    expect(late.board).toEqual(page.board);
  });

  test("given a job whose model speaks, when it does, then the page hears it", async () => {
    using page = await OpenPage.open(ui.url);
    await world.submitToEnd("talks", { id: "teller" });
    const heard = () =>
      page.events
        .flatMap((event) => (event.name === "progress" ? event.data.items : []))
        .flatMap(({ job, progress }) => (job === "teller" && progress.kind === "tokens" ? [progress.text] : []))
        .join("");
    await page.until("the whole story", () => heard() === "Once upon a time");
  });

  test("given two facts of a job, when the page is told of them, then each with the states that it led from and to", async () => {
    using page = await OpenPage.open(ui.url);
    await world.submitToEnd("fails", { id: "fallen" });
    const lines = () => page.batches.flatMap(({ facts }) => facts).filter(({ job }) => job === "fallen");
    await page.until("the failure", () => lines().some(({ to }) => to === "failed"));
    expect(lines()[0]).toMatchObject({ type: "JobSubmitted", from: null, to: "queued" });
    expect(lines().at(-1)).toMatchObject({
      type: "RunFailed",
      to: "failed",
      gist: expect.stringContaining("it is broken"),
    });
  });
});

describe("a server that goes away", () => {
  test("given an open page, when the NATS server goes and comes back, then the page is told both, keeps its board, and goes on", async () => {
    using page = await OpenPage.open(ui.url);
    const { board } = page;
    await world.server.kill();
    await page.until("gone", ({ names }) => names.at(-1) === "gone");
    expect(page.board).toEqual(board);
    // The past that is known is still shown, and what needs the server says that it is away.
    expect((await ask(`${ui.url}api/board`)).status).toBe(200);
    using late = await OpenPage.open(ui.url);
    await late.until("gone, told late", ({ names }) => names.includes("gone"));
    await world.server.restart();
    await page.until("back", ({ names }) => names.includes("back"));
    const { completed } = page.board.counts;
    await submitMany(20);
    await page.until("twenty more", ({ board: now }) => now.counts.completed === completed + 20);
    const { json: asked } = await ask<Board>(`${ui.url}api/board?at=${page.board.position}`);
    expect(page.board).toEqual(asked);
    expect(await ask(`${ui.url}api/board?at=4`)).toMatchObject({ status: 200, json: { position: 4 } });
  });

  test("given a scheduler that has ended, when the page is opened, then the ledger is shown all the same", async () => {
    await world.scheduler.stop();
    using page = await OpenPage.open(ui.url);
    expect(page.board.counts.completed).toBeGreaterThan(600);
    const jobs = await ask<JobsAnswer>(`${ui.url}api/jobs?state=completed&limit=1`);
    expect(jobs.json.total).toBe(page.board.counts.completed);
    await world.startAgain();
    await page.until("the next reign", ({ board }) => board.epoch === 2);
  });
});

describe("too many, too slow", () => {
  /** A server of nothing but streams, and a client that never reads. */
  async function streaming(bounds: { readonly streamsMax?: number; readonly unreadBytesMax?: number }) {
    const streams = new Streams(bounds);
    const server = createServer((_request, response) => {
      try {
        streams.begin(response);
      } catch {
        response.writeHead(413).end();
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    // It listens on a port.
    const { port } = server.address() as AddressInfo;
    const close = async () => {
      streams.close();
      server.close();
      server.closeAllConnections();
    };
    return { streams, url: `http://127.0.0.1:${port}/`, port, [Symbol.asyncDispose]: close };
  }

  test("given a page that does not read, when more waits for it than the bound, then it is dropped, and another one goes on reading", async () => {
    await using world = await streaming({ unreadBytesMax: 256 * 1024 });
    const { streams, port } = world;
    const deaf = connect(port, "127.0.0.1");
    deaf.pause();
    deaf.on("error", () => {});
    deaf.write("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    const listening = connect(port, "127.0.0.1");
    let heard = 0;
    listening.on("data", (chunk: Buffer) => {
      heard += chunk.length;
    });
    listening.write("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    await untilSize(streams, 2);
    const reason = "x".repeat(64 * 1024);
    let told = 0;
    // What the system buffers for the deaf one is some megabytes.
    while (streams.size === 2 && told < 2_000) {
      streams.tellAll("gone", { reason }, 1);
      told += 1;
      while (heard < told * reason.length) await once(listening, "data");
    }
    expect(streams.size).toBe(1);
    expect(told).toBeLessThan(2_000);
    listening.destroy();
    deaf.destroy();
  });

  test("given as many pages as are served, when one more comes, then it is refused, and may come when one has gone", async () => {
    await using world = await streaming({ streamsMax: 2 });
    const { streams, url, port } = world;
    const first = connect(port, "127.0.0.1");
    first.write("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    const second = connect(port, "127.0.0.1");
    second.write("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    await untilSize(streams, 2);
    expect(await ask(url)).toMatchObject({ status: 413 });
    first.destroy();
    await untilSize(streams, 1);
    const third = connect(port, "127.0.0.1");
    third.write("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    await untilSize(streams, 2);
    second.destroy();
    third.destroy();
  });

  /** Sockets open and close by themselves: each turn of the event loop may be the one. */
  async function untilSize(streams: Streams, size: number): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (streams.size !== size) {
      if (performance.now() > deadline) throw new Error(`${streams.size} streams are open`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});

describe("a recording", () => {
  test("given an exported log, when it is looked at, then it is shown without a server, at every moment, and nothing can be done", async () => {
    const file = join(world.folder, "run.jsonl");
    await world.run(["log", "export", file]);
    await using shown = await startUiProcess(world, ["--log", file]);
    const { json: meta } = await ask<Meta>(`${shown.url}api/meta`);
    expect(meta).toMatchObject({ source: "capsule", isActing: false });
    const { json: live } = await ask<Board>(`${ui.url}api/board?at=${meta.head?.position}`);
    expect((await ask<Board>(`${shown.url}api/board`)).json).toEqual(live);
    const { json: early } = await ask<Board>(`${ui.url}api/board?at=7`);
    expect((await ask<Board>(`${shown.url}api/board?at=7`)).json).toEqual(early);
    using page = await OpenPage.open(shown.url);
    expect(page.board).toEqual(live);
    expect(await readFile(file, "utf8")).toContain("signalbox-ledger");
  });
});

describe("a ledger that turns out to be corrupt", () => {
  test("given an open page, when something is stored that is no entry, then the page is told where, and what was right before is still shown", async () => {
    await world.scheduler.stop();
    using page = await OpenPage.open(ui.url);
    const { board } = page;
    const nc = await connectNats({ servers: world.server.url });
    await nc.jetstream().publish("signalbox.ledger", "no entry");
    await nc.close();
    await page.until("the bad news", ({ names }) => names.at(-1) === "broken");
    const told = page.events.at(-1);
    expect(told?.name === "broken" && told.data.reason).toContain(`corrupt at ${board.position + 1}`);
    expect(page.board).toEqual(board);
    using late = await OpenPage.open(ui.url);
    await late.until("the bad news, told late", ({ names }) => names.includes("broken"));
    expect(late.board).toEqual(board);
    expect((await ask<Board>(`${ui.url}api/board?at=4`)).json).toMatchObject({ position: 4 });
    expect((await ask(`${ui.url}api/board?at=${board.position + 1}`)).status).toBe(404);
  });
});
