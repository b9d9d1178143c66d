/** `signalbox ui` as a process of its own, beside a real scheduler on a real server: what it shows, and to whom. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { jobId } from "../../events/names.js";
import type { JobListItem } from "../../projections/views/views.js";
import type { Board, JobAnswer, JobsAnswer, MachinesAnswer, Meta, Refusal } from "../../src/ui/protocol.js";
import { startWorld, type World } from "../cli/world.js";
import { ask, OpenPage } from "./browser.js";
import { startUiProcess, type UiProcess } from "./ui-process.js";

// Many programs are started here, one after the other, and each takes its time to load.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let world: World;
let ui: UiProcess;
let url: string;

const holder = ["submit", "waits", "--id", "holder", "--params", '{"gate":"g"}'];
/** Two have ended, holder runs, two wait behind it; one has a tag for a browser in its params, its label and its id's neighbours. */
beforeAll(async () => {
  world = await startWorld("limits: {global: 1}\n");
  await world.submitToEnd("hello", { id: "constructor", labels: { book: "<script>alert(1)</script>" } });
  await world.submitToEnd("fails", { id: "broken" });
  await world.run(holder);
  await world.submit("hello", { id: "next", params: { ask: "</script><script>" } });
  await world.submit("hello", { id: "last", priority: -1 });
  ui = await startUiProcess(world);
  ({ url } = ui);
});
afterAll(async () => {
  await ui[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const json = async (args: readonly string[]) => JSON.parse((await world.run([...args, "-o", "json"])).stdout);

/** The board as `slots` and `jobs` say it. */
async function expectCommandLine(board: Board, at: readonly string[]): Promise<void> {
  const [{ pools, position }, jobs] = await Promise.all([json(["slots", ...at]), json(["jobs", ...at])]);
  expect(board.position).toBe(position);
  expect(board.pools.ids).toEqual(pools.map(({ name }: { name: string }) => name));
  for (const { name, holders, ...pool } of pools) {
    const shown = board.pools.byId[name as keyof Board["pools"]["byId"]];
    expect(shown).toMatchObject(pool);
    expect(shown?.holders.ids.map((id) => shown.holders.byId[id])).toMatchObject(holders);
  }
  const states = Object.fromEntries(jobs.map(({ id, state }: JobListItem) => [id, state]));
  const shown = Object.fromEntries(Object.values(board.jobs).map(({ id, state }) => [id, state]));
  expect(shown).toEqual(states);
}

describe("what is shown", () => {
  test("given a running scheduler, when the page asks what is looked at, then it is told, and that nothing can be done", async () => {
    const { json: meta } = await ask<Meta>(`${url}api/meta`);
    expect(meta).toMatchObject({ namespace: "signalbox", source: "live", isActing: false, needsToken: false });
    expect(meta.head?.position).toBeGreaterThan(meta.first?.position ?? 0);
    const { json: machines } = await ask<MachinesAnswer>(`${url}api/machines`);
    expect(machines.machines.map(({ machine }) => machine)).toEqual(["job", "dispatcher", "worker"]);
    expect(machines.machines[0]?.transitions.length).toBeGreaterThan(20);
  });

  test("given any position, when its board is asked for, then it says what slots and jobs say with --at there", async () => {
    const { json: meta } = await ask<Meta>(`${url}api/meta`);
    const last = meta.head?.position ?? 0;
    for (const at of [3, Math.floor(last / 2), last - 1]) {
      const { json: board } = await ask<Board>(`${url}api/board?at=${at}`);
      await expectCommandLine(board, ["--at", String(at)]);
    }
    const { json: now } = await ask<Board>(`${url}api/board`);
    await expectCommandLine(now, []);
    expect(now.waiting.ids).toEqual(["next", "last"]);
    expect(now.jobs[jobId("next")]).toMatchObject({ blockedBy: [{ pool: "global", cause: "full" }] });
  });

  test("given a time, when its board is asked for, then it is that of the last entry until then", async () => {
    const { json: then } = await ask<Board>(`${url}api/board?at=5`);
    const { json: same } = await ask<Board>(`${url}api/board?at=${encodeURIComponent(then.at)}`);
    expect(same.at).toBe(then.at);
    await expectCommandLine(same, ["--at", then.at]);
  });

  test("given jobs, when they are searched page by page, then those come that match, in the order of `jobs`, and how many there are", async () => {
    const { json: all } = await ask<JobsAnswer>(`${url}api/jobs?limit=2&offset=1`);
    expect(all).toMatchObject({ total: 5, offset: 1, jobs: [{ id: "next" }, { id: "last" }] });
    const { json: found } = await ask<JobsAnswer>(`${url}api/jobs?text=BOOK%3D%3Cscript`);
    expect(found).toMatchObject({ total: 1, jobs: [{ id: "constructor" }] });
    const { json: ended } = await ask<JobsAnswer>(`${url}api/jobs?state=failed&state=completed`);
    expect(ended.jobs.map(({ id }) => id)).toEqual(["broken", "constructor"]);
    const { json: past } = await ask<JobsAnswer>(`${url}api/jobs?at=3`);
    expect(past).toMatchObject({ position: 3, total: 1 });
  });

  test("given a job, when it is asked for, then it comes with its history and why it waits, as `job` and `explain` say", async () => {
    const { json: next } = await ask<JobAnswer>(`${url}api/jobs/next`);
    expect(next.job).toEqual(await json(["job", "next"]));
    expect(next.explanation).toEqual(await json(["explain", "next"]));
    const { json: past } = await ask<JobAnswer>(`${url}api/jobs/constructor?at=3`);
    expect(past.job).toEqual(await json(["job", "constructor", "--at", "3"]));
    const { status, json: none } = await ask<JobAnswer>(`${url}api/jobs/nobody`);
    expect({ status, none }).toMatchObject({ status: 404, none: { error: { code: "not-found" } } });
  });

  test("given a tag for browsers in what jobs are asked, when it is shown, then it is text in JSON, and no page may run what is inline", async () => {
    const { headers, text, json: next } = await ask<JobAnswer>(`${url}api/jobs/next`);
    expect(next.job.params["ask"]).toBe("</script><script>");
    expect(text).toContain("</script><script>");
    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBe("no-referrer");
    expect(headers["access-control-allow-origin"]).toBeUndefined();
    const policy = headers["content-security-policy"] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
  });
});

describe("who may ask", () => {
  test.each([
    ["another host's name", { Host: "evil.example:80" }, 403],
    ["a name that only ends like ours", { Host: "127.0.0.1.evil.example" }, 403],
    ["another page", { Origin: "http://evil.example" }, 403],
    ["another page on this machine", { Origin: "http://127.0.0.1:1" }, 403],
    ["a page that hides where it is", { Origin: "null" }, 403],
    ["a link from elsewhere", { "Sec-Fetch-Site": "cross-site" }, 403],
    ["the page itself", { "Sec-Fetch-Site": "same-origin" }, 200],
  ])(
    "given a request of %s, when it comes, then it is answered with what it may have",
    async (_who, headers, status) => {
      for (const path of ["api/meta", "api/stream"]) {
        if (status === 200 && path === "api/stream") continue;
        expect(await ask(`${url}${path}`, { headers })).toMatchObject({ status });
      }
    },
  );

  test("given our own names, when a request comes under one of them, then it is answered", async () => {
    const { port } = new URL(url);
    for (const name of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      expect(await ask<Meta>(`${url}api/meta`, { headers: { Host: name, Origin: `http://${name}` } })).toMatchObject({
        status: 200,
      });
  });

  test("given what is too long, wrong or nowhere, when it is asked, then it is refused with a reason", async () => {
    expect(await ask(`${url}api/meta?${"x".repeat(5_000)}`)).toMatchObject({ status: 413 });
    expect((await ask<Refusal>(`${url}api/jobs?limit=0&what=1`)).json.error.message).toMatch(/limit.*what/);
    expect((await ask<Refusal>(`${url}api/board?at=yesterday`)).json.error.message).toMatch(/812/);
    expect((await ask<Board>(`${url}api/board?at=999999`)).status).toBe(404);
    expect((await ask(`${url}api/nothing`)).status).toBe(404);
    expect((await ask(`${url}api/%ff`)).status).toBe(400);
    expect((await ask(`${url}assets/..%2f..%2fpackage.json`)).text).not.toContain('"version"');
    expect((await ask<Meta>(`${url}api/meta`, { method: "DELETE" })).status).toBe(400);
  });

  test("given a visualizer that only shows, when an action comes, then it is refused and the reason says how to allow it", async () => {
    const { status, json: refused } = await ask(`${url}api/actions/cancel`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Signalbox-Token": "x" },
      body: '{"id":"next"}',
    });
    expect({ status, refused }).toMatchObject({
      status: 403,
      refused: { error: { hint: expect.stringContaining("--actions") } },
    });
  });

  test("given --actions, when an action comes with the token, then the scheduler carries it out, and without or with another one nothing happens", async () => {
    await using acting = await startUiProcess(world, ["--actions"]);
    const { url: page, token } = acting;
    expect(token.length).toBeGreaterThan(40);
    const cancel = (headers: Record<string, string>, body = '{"id":"last"}') =>
      ask(`${page}api/actions/cancel`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body,
      });
    expect(await cancel({})).toMatchObject({ status: 401 });
    expect(await cancel({ "Signalbox-Token": `${token.slice(1)}x` })).toMatchObject({ status: 401 });
    expect(await cancel({ "Signalbox-Token": token, Origin: "http://evil.example" })).toMatchObject({ status: 403 });
    expect(await cancel({ "Signalbox-Token": token, "Content-Type": "text/plain" })).toMatchObject({ status: 400 });
    expect(await cancel({ "Signalbox-Token": token }, "x".repeat(70_000))).toMatchObject({ status: 413 });
    expect(await json(["job", "last"])).toMatchObject({ state: "queued" });
    using open = await OpenPage.open(page);
    expect(await cancel({ "Signalbox-Token": token })).toMatchObject({ status: 200, json: { ok: true } });
    await open.until("the cancel on the board", ({ board }) => board.ended.ids[0] === "last");
    expect(await json(["job", "last"])).toMatchObject({ state: "cancelled" });
    expect(await cancel({ "Signalbox-Token": token }, '{"id":"nobody"}')).toMatchObject({ status: 404 });
    expect((await ask<Meta>(`${page}api/meta`)).json).toMatchObject({ isActing: true, needsToken: false });
    // What nobody may do, nobody may do with the token either.
    const other = await ask(`${page}api/actions/amend`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Signalbox-Token": token },
      body: "{}",
    });
    expect(other.status).toBe(404);
  });

  test("given a server that listens to other machines, when anything is asked without the token, then only the page's own files are given", async () => {
    await using open = await startUiProcess(world, ["--host", "0.0.0.0"]);
    const { url: page, token } = open;
    for (const path of ["api/meta", "api/board", "api/stream"])
      expect(await ask(`${page}${path}`)).toMatchObject({ status: 401, json: { error: { code: "token" } } });
    const { json: meta } = await ask<Meta>(`${page}api/meta`, { headers: { "Signalbox-Token": token } });
    expect(meta).toMatchObject({ needsToken: true, isActing: false });
    expect((await ask(`${page}`)).status).not.toBe(401);
    expect(await ask<Meta>(`${page}api/meta`, { headers: { Host: "evil.example" } })).toMatchObject({ status: 403 });
    using stream = await OpenPage.open(page, { "Signalbox-Token": token });
    expect(stream.board.position).toBeGreaterThan(0);
  });
});

describe("Ctrl-C", () => {
  test("given open pages, when Ctrl-C comes, then the program ends with 0 and the pages are closed", async () => {
    const { running, url: page } = await startUiProcess(world);
    using open = await OpenPage.open(page);
    running.child.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 0 });
    await open.until("the end of the stream", ({ isEnded }) => isEnded);
    await expect(ask(`${page}api/meta`)).rejects.toThrow();
  });
});
