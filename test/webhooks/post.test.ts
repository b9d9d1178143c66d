/** One attempt over real HTTP, with the clock in the test's hands. */

import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../src/embedded/port.js";
import { endpointOf } from "../../src/webhooks/endpoint.js";
import { post } from "../../src/webhooks/post.js";
import { HookServer } from "../support/hook-server.js";
import { VirtualClock } from "../support/virtual-clock.js";

const announcement = { id: "12.3-done", event: "job.completed", body: '{"event":"job.completed"}' };
const endpoint = (url: string) =>
  endpointOf("done", { url, secret: "s", states: ["completed"], types: null, timeoutMs: 5_000 }, {});

let hooks: HookServer;
let clock: VirtualClock;
beforeEach(async () => {
  hooks = await HookServer.start();
  clock = new VirtualClock("2026-01-01T00:00:00.999Z");
});
afterEach(() => hooks[Symbol.asyncDispose]());

const attempt = (path: string, signal = new AbortController().signal) =>
  post(endpoint(hooks.url(path)), announcement, { clock, signal });

describe("an attempt", () => {
  test("given an endpoint that takes it, when it is made, then it has the headers, the time of sending and the body, and no alarm is left", async () => {
    expect(await attempt("/done")).toEqual({ kind: "delivered" });
    const [call] = hooks.calls;
    expect(call?.body).toBe(announcement.body);
    expect(call?.headers).toMatchObject({
      "signalbox-event": "job.completed",
      "signalbox-delivery": "12.3-done",
      "signalbox-timestamp": "1767225600",
      "signalbox-signature": expect.stringMatching(/^t=1767225600,v1=[0-9a-f]{64}$/),
      "content-length": String(announcement.body.length),
    });
    expect(clock.alarms).toBe(0);
  });

  test.each([200, 201, 202, 204, 299])("given an answer %i, then it is delivered", async (status) => {
    hooks.statuses.set("/", status);
    expect(await attempt("/")).toEqual({ kind: "delivered" });
  });

  test.each([302, 304, 400, 404, 410, 429, 500, 503])(
    "given an answer %i, then it has failed, and says so",
    async (status) => {
      hooks.statuses.set("/", status);
      const message = expect.stringMatching(new RegExp(`^${hooks.url("/")} answered ${status} `));
      expect(await attempt("/")).toEqual({ kind: "failed", error: { code: "http-status", message } });
      expect(hooks.calls.map(({ path }) => path)).toEqual(["/"]);
    },
  );

  test("given no answer within the timeout, then it has failed at that moment", async () => {
    hooks.held.add("/");
    const posted = attempt("/");
    await hooks.until("/", 1);
    await clock.pass(4_999);
    expect(await Promise.race([posted, Promise.resolve("pending")])).toBe("pending");
    await clock.pass(1);
    expect(await posted).toEqual({
      kind: "failed",
      error: { code: "timed-out", message: `${hooks.url("/")} did not answer within 5 s` },
    });
  });

  test("given it is aborted, then that is neither success nor failure", async () => {
    hooks.held.add("/");
    const abort = new AbortController();
    const posted = attempt("/", abort.signal);
    await hooks.until("/", 1);
    abort.abort();
    expect(await posted).toEqual({ kind: "aborted" });
    expect(await attempt("/", abort.signal)).toEqual({ kind: "aborted" });
    expect(hooks.calls).toHaveLength(1);
    expect(clock.alarms).toBe(0);
  });

  test("given nobody listens, then it says what broke", async () => {
    const url = `http://127.0.0.1:${await freePort()}/x?key=hidden`;
    const posted = await post(endpoint(url), announcement, { clock, signal: new AbortController().signal });
    const message = expect.stringMatching(/^the exchange with http:\/\/127\.0\.0\.1:\d+\/x broke: .*ECONNREFUSED/);
    expect(posted).toEqual({ kind: "failed", error: { code: "unreachable", message } });
  });

  test("given an answer without end, when its status has come, then that counts, and the rest is cut off", async () => {
    let isCut: () => void = () => {};
    const cut = new Promise<void>((resolve) => {
      isCut = resolve;
    });
    await using endless = createServer((_request, response) => {
      response.once("close", isCut);
      response.writeHead(200);
      const more = () => {
        while (response.write(Buffer.alloc(16 * 1024)));
      };
      response.on("drain", more);
      more();
    });
    endless.listen(0, "127.0.0.1");
    await once(endless, "listening");
    const address = endless.address();
    const port = typeof address === "object" ? address?.port : 0;
    const url = `http://127.0.0.1:${port}/`;
    expect(await post(endpoint(url), announcement, { clock, signal: new AbortController().signal })).toEqual({
      kind: "delivered",
    });
    await cut;
  });
});
