/** A ledger of thousands of jobs: the visualizer begins at a checkpoint, comes to the same as from zero, and stays small in the browser. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openShelf } from "../../src/checkpoints/index.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import type { Board, JobsAnswer, SlotHistory } from "../../src/ui/protocol.js";
import { startProgram } from "../cli/world.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { TcpGate } from "../support/tcp-gate.js";
import { ask, OpenPage } from "./browser.js";
import { Chromium, describeInChromium, withView } from "./chromium.js";
import {
  fillLedger,
  keepCheckpoints,
  type LongLedger,
  lookAtAll,
  startUi,
  toldMeanwhile,
  untilAllIsRead,
} from "./long-ledger.js";
import type { UiProcess } from "./ui-process.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FACTS = 4_000;
/** A batch tells of so many facts at the most, and changes lists that are bounded, whatever the ledger has. */
const BATCH_BYTES_MAX = 256 * 1024;
/** A dozen rows more in sight; a list that grows with the jobs would have thousands. */
const NODES_APART_MAX = 200;
/** So many spans are drawn at the most, each of a group, a title, a rectangle and perhaps a text. */
const SPAN_NODES_MAX = 2_000 * 4;
/** The first page, and each time that the list grows all of its pages anew: 1 + 1 + 2 + 3 + 4; and as many because time goes on. */
const JOB_REQUESTS_MAX = 30;
/** It waits for nothing; a busy machine may take its time all the same. */
const ENDING_MS_MAX = 5_000;

let server: NatsTestServer;
let nc: NatsConnection;
let large: LongLedger;
beforeAll(async () => {
  server = await startNatsServer();
  nc = await connect({ servers: server.url });
  large = await fillLedger(server.url, "large", 5_000);
  await keepCheckpoints(large, FACTS);
});
afterAll(async () => {
  await nc?.close();
  await server?.stop();
});

const bucket = () => `OBJ_${subjectsOf("large").checkpointsBucket}`;

/** The page's questions about all of it, and their answers, as far as they do not tell how the answer was come by. */
async function answersOf({ url }: UiProcess, { entries }: LongLedger): Promise<object> {
  const some = [1, 0.3, 0.6, 0.61, 0.2, 0.95].map((share) => Math.max(1, Math.floor(share * entries)));
  const answers: object[] = [];
  for (const at of some) {
    answers.push((await ask<Board>(`${url}api/board?at=${at}`)).json);
    answers.push((await ask<JobsAnswer>(`${url}api/jobs?at=${at}&limit=500`)).json);
    answers.push((await ask<SlotHistory>(`${url}api/slots/history?to=${at}`)).json);
  }
  answers.push((await ask<SlotHistory>(`${url}api/slots/history?from=${entries - 3}`)).json);
  return answers;
}

describe("the visualizer of a long ledger", () => {
  test("given checkpoints, when it is started, then it begins at one, says so, reads the rest, and answers then as one that began at zero", async () => {
    const { ui: checkpointed } = await startUi(large);
    await using _checkpointed = checkpointed;
    await untilAllIsRead(checkpointed);
    await nc.jetstreamManager().then((jsm) => jsm.streams.delete(bucket()));
    const { ui: whole } = await startUi(large);
    await using _whole = whole;
    expect(await answersOf(checkpointed, large)).toEqual(await answersOf(whole, large));
    await keepCheckpoints(large, FACTS);
  });

  test("given checkpoints of which the newest has lost bytes, when it is started at a terminal, then it says which it has left out, where it began, and Ctrl-C ends it", async () => {
    const jsm = await nc.jetstreamManager();
    const all = await openShelf(nc, subjectsOf("large")).list();
    const [before, newest] = all.slice(-2);
    const filter = `$O.${subjectsOf("large").checkpointsBucket}.C.${newest?.object.nuid}`;
    await jsm.streams.purge(bucket(), { filter });
    const running = startProgram(["ui", "--nats", server.url, "--namespace", "large"]);
    await running.saw("stderr", "Ctrl-C ends it");
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stderr).toContain(`checkpoints could not be used (at ${newest?.position}: `);
    expect(stderr).toContain(`; the past before position ${before?.position} is still being read; Ctrl-C ends it`);
    await jsm.streams.delete(bucket());
    await keepCheckpoints(large, FACTS);
  });

  test("given a server that says no more while the ledger is read, when Ctrl-C is pressed, then it ends at once, with the code for that", async () => {
    await using gate = await TcpGate.open(server.port);
    const url = `nats://127.0.0.1:${gate.port}`;
    const { child, ended } = startProgram(["ui", "--nats", url, "--namespace", "large"]);
    await gate.untilSent(`CONSUMER.CREATE.${subjectsOf("large").ledgerStream}`);
    gate.part({ requests: false, answers: true });
    const began = performance.now();
    child.kill("SIGINT");
    expect(await ended).toEqual({ code: 130, stdout: "", stderr: "" });
    expect(performance.now() - began).toBeLessThan(ENDING_MS_MAX);
  });

  test("given an open page, when jobs come and are done, then it is told in small batches, and never of the whole board again", async () => {
    const { ui } = await startUi(large);
    await using _ui = ui;
    const { names, batchBytes, boardBytes } = await toldMeanwhile(large, ui);
    expect(names.filter((name) => name === "board")).toHaveLength(1);
    expect(boardBytes).toBeLessThan(BATCH_BYTES_MAX);
    expect(Math.max(...batchBytes)).toBeLessThan(BATCH_BYTES_MAX);
  });
});

describeInChromium("the page of a long ledger", () => {
  test("given ten times as many jobs, when all views, the past and the lists are looked at, then there are no more elements in the document, and nothing is asked of another host", async () => {
    const small = await fillLedger(server.url, "small", 500);
    await using browser = await Chromium.start();
    const seen = [];
    for (const ledger of [small, large]) {
      const { ui } = await startUi(ledger);
      await using _ui = ui;
      seen.push(await lookAtAll(browser, ui, ledger));
    }
    const [few, many] = seen;
    process.stdout.write(`elements: ${JSON.stringify(seen.map(({ nodes }) => nodes))}\n`);
    for (const [view, nodes] of Object.entries(many?.nodes ?? {}))
      expect([view, nodes - (few?.nodes[view] ?? 0)]).toEqual([
        view,
        expect.toSatisfy((more: number) => more <= NODES_APART_MAX),
      ]);
    for (const { spanNodes } of seen) expect(spanNodes).toBeLessThanOrEqual(SPAN_NODES_MAX);
    expect(few?.jobRows).toBe(500);
    expect(many?.jobRows).toBe(2_000);
    expect(many?.jobRequests).toBeLessThanOrEqual(JOB_REQUESTS_MAX);
    expect(seen.flatMap(({ foreignRequests, complaints }) => [...foreignRequests, ...complaints])).toEqual([]);
  });
});

describeInChromium("the page while the older past is read", () => {
  test("given a moment of the past, when the slots over time are looked at, then the page says from when on they are complete and how far it is, until all is there", async () => {
    const { ui } = await startUi(large);
    await using _ui = ui;
    await untilAllIsRead(ui);
    await using browser = await Chromium.start();
    const { page } = await browser.open(withView(ui.printed, "at=10"));
    let told: SlotHistory["olderPast"] = null;
    await page.route("**/api/slots/history?*", async (route) => {
      const history: SlotHistory = await (await route.fetch()).json();
      await route.fulfill({ json: { ...history, completeFrom: history.to, olderPast: told } });
    });
    // It asks again by itself for as long as more is to come.
    for (const [now, words] of [
      [{ kind: "reading", share: 0.4321 }, /^Complete from .*; the older past is being read: 43 %$/],
      [{ kind: "reading", share: 0.98 }, /: 98 %$/],
      [{ kind: "unreadable", reason: "corrupt at 7" }, /; the older past cannot be read: corrupt at 7$/],
    ] as const) {
      told = now;
      await page.getByRole("navigation").getByRole("button", { name: "Slots" }).click();
      await page.locator("[data-part=older-past]", { hasText: words }).waitFor();
    }
    await page.close();
  });
});

describe("a long ledger that turns out to be corrupt", () => {
  test("given a page of a visualizer that began at a checkpoint, when something is stored that is no entry, then the page is told where, and what was right is still shown, in the end from zero", async () => {
    const { ui } = await startUi(large);
    await using _ui = ui;
    using page = await OpenPage.open(ui.url);
    const { board } = page;
    await nc.jetstream().publish(subjectsOf("large").ledger, "no entry");
    await page.until("the bad news", ({ names }) => names.at(-1) === "broken");
    expect(page.board).toEqual(board);
    await untilAllIsRead(ui);
    const { json } = await ask<SlotHistory>(`${ui.url}api/slots/history`);
    expect(json.completeFrom).toBeNull();
    expect((await ask<Board>(`${ui.url}api/board`)).json).toEqual(board);
  });
});
