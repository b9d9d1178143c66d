/** The HTTP runner against a real server: what is sent, and what becomes of each kind of answer. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RunnerOptionsError } from "../../src/runners/environment.js";
import { httpRunner } from "../../src/runners/http.js";
import { retryAfterMs, retryAfterMsMax } from "../../src/runners/http-answer.js";
import { httpOptions } from "../../src/runners/options.js";
import type { Outcome } from "../../src/runners/runner.js";
import { aRun, failed, fromEnvironment, result, type TestRun } from "./a-run.js";

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
type Answer = (response: ServerResponse) => void;

let server: Server;
let url = "";
let received: Received[] = [];
let answer: Answer = (response) => response.end();
const environment = { API_KEY: "s3cret", BROKEN: "a\nb" };

beforeEach(async () => {
  received = [];
  server = createServer(async (request: IncomingMessage, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
    const { method, headers } = request;
    received.push({ method, url: request.url, headers, body });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}`;
});
afterEach(async () => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
});

function run(options: object = {}, given: TestRun = aRun({ tone: "dark" })): Promise<Outcome> {
  const parsed = httpOptions.parse({ url: `${url}/jobs?key=hidden`, ...options });
  return httpRunner(parsed, { ledger: "test", environment }).run(given);
}
const status =
  (code: number, headers: Record<string, string> = {}, body = ""): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body);

describe("the request", () => {
  it("given a job, when it is run, then the other side gets it as JSON with its id as the idempotency key and its grant", async () => {
    answer = status(200);
    const it = aRun({ text: "漢字 🚂".repeat(30_000) });
    await run({ headers: { Authorization: `Bearer ${fromEnvironment("API_KEY")}`, "Idempotency-Key": "mine" } }, it);
    const [request] = received;
    expect(request).toMatchObject({ method: "POST", url: "/jobs?key=hidden" });
    expect(request?.headers).toMatchObject({
      authorization: "Bearer s3cret",
      "content-type": "application/json",
      "idempotency-key": "chapter-7",
      "signalbox-grant": String(it.grant),
    });
    expect(JSON.parse(request?.body ?? "")).toEqual({
      job: "chapter-7",
      attempt: 2,
      grant: it.grant,
      type: "story",
      params: it.params,
    });
  });

  it("given another method, when the job is run, then it is used", async () => {
    await run({ method: "PUT" });
    expect(received[0]?.method).toBe("PUT");
  });

  it("given a header whose variable is missing or cannot be sent, when the runner is made, then the error names it and no value", () => {
    const make = (value: string) => (): unknown =>
      httpRunner(httpOptions.parse({ url, headers: { "X-Key": value } }), { ledger: "test", environment });
    expect(make(fromEnvironment("NO_KEY"))).toThrow(RunnerOptionsError);
    expect(make(fromEnvironment("NO_KEY"))).toThrow(/^headers\.X-Key refers to the environment variable "NO_KEY"/);
    expect(make(fromEnvironment("BROKEN"))).toThrow(/^headers\.X-Key holds a character that HTTP cannot send/);
  });
});

describe("an answer", () => {
  it.each<[string, Answer, unknown]>([
    ["JSON", status(200, { "content-type": "application/json" }, '{"words": 300}'), { words: 300 }],
    ["JSON without saying so", status(201, {}, "[1]"), [1]],
    ["text", status(200, { "content-type": "text/plain" }, "Once 🚂"), "Once 🚂"],
    ["nothing", status(204), null],
  ])("given %s, when the status is good, then it is the result", async (_what, given, expected) => {
    answer = given;
    expect(await run()).toEqual({ outcome: "completed", result: expected });
  });

  it("given text that calls itself JSON, when it is read, then the run has failed and may be retried", async () => {
    answer = status(200, { "content-type": "application/problem+json; charset=utf-8" }, "{oops");
    expect(failed(await run())).toMatchObject({ retryable: true, error: { code: "response-unreadable" } });
  });

  it("given an encoding that was not asked for, when it is read, then the error names it", async () => {
    answer = (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("{}"));
    expect(failed(await run()).error).toMatchObject({
      code: "response-unreadable",
      message: expect.stringContaining("gzip"),
    });
    expect(received[0]?.headers["accept-encoding"]).toBe("identity");
  });

  it("given an endless answer, when it passes the bound, then the connection is closed and the run has failed for good", async () => {
    let closed: Promise<void> | undefined;
    answer = (response) => {
      closed = new Promise((resolve) => response.once("close", resolve));
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(10_000)));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    const outcome = failed(await run({ responseBytesMax: 100_000 }));
    expect(outcome).toMatchObject({ retryable: false, error: { code: "response-too-large" } });
    expect(outcome.error.message).toContain("more than 100000 bytes");
    await closed;
  });

  it.each([
    [400, false],
    [401, false],
    [404, false],
    [409, false],
    [408, true],
    [425, true],
    [429, true],
    [500, true],
    [503, true],
  ])("given status %i, when it is read, then retryable is %s", async (code, retryable) => {
    answer = status(code, {}, "because \u001b[31mso");
    const outcome = failed(await run());
    expect(outcome).toMatchObject({ retryable, error: { code: "http-status" } });
    expect(outcome.error.message).toMatch(new RegExp(`^${url}/jobs answered ${code} [\\w' ]+: because so$`));
    expect(outcome).not.toHaveProperty("retryAfterMs");
  });

  it("given Retry-After, when the status may pass, then the wait is handed on", async () => {
    answer = status(429, { "retry-after": "7" });
    expect(failed(await run()).retryAfterMs).toBe(7_000);
    answer = status(400, { "retry-after": "7" });
    expect(failed(await run())).not.toHaveProperty("retryAfterMs");
  });

  it.each([
    ["120", 120_000],
    ["0", 0],
    ["Tue, 01 Dec 2026 08:00:30 GMT", 30_000],
    ["Tue, 01 Dec 2026 07:00:00 GMT", 0],
    ["99999999999", retryAfterMsMax],
    ["soon", null],
    ["", null],
  ])("given Retry-After %j, when it is read at eight o'clock, then the wait is %s ms", (text, expected) => {
    expect(retryAfterMs({ "retry-after": text }, Date.parse("2026-12-01T08:00:00Z"))).toBe(expected);
  });

  it("given a redirect, when it is read, then it is not followed and the error says where it would have gone", async () => {
    answer = status(307, { location: "http://elsewhere.example/in?token=x" });
    const outcome = failed(await run());
    expect(outcome).toMatchObject({ retryable: false, error: { code: "redirect-refused" } });
    expect(outcome.error.message).toContain("a redirect to http://elsewhere.example/in; redirects are not followed");
    expect(outcome.error.message).not.toMatch(/token|hidden/);
    expect(received).toHaveLength(1);
  });

  it("given a redirect whose body does not end, when the run settles, then the connection is closed", async () => {
    let closed: Promise<void> | undefined;
    answer = (response) => {
      closed = new Promise((resolve) => response.once("close", resolve));
      response.writeHead(302, { location: "/login" }).write("moved");
    };
    expect(failed(await run()).error.code).toBe("redirect-refused");
    await closed;
  });

  it("given expected statuses, when one of them comes it is completed, and another good one is not", async () => {
    answer = status(404, {}, '"none"');
    expect(result(await run({ expectStatus: [404, 202] }))).toBe("none");
    answer = status(200);
    expect(failed(await run({ expectStatus: [202] }))).toMatchObject({
      retryable: false,
      error: { code: "http-status" },
    });
  });
});

describe("a broken exchange", () => {
  it("given no server, when the job is run, then it may be retried and the error says where and why", async () => {
    const outcome = failed(await run({ url: "http://127.0.0.1:1/x" }));
    expect(outcome).toMatchObject({ retryable: true, error: { code: "unreachable" } });
    expect(outcome.error.message).toMatch(/^the exchange with http:\/\/127\.0\.0\.1:1\/x broke: .*ECONNREFUSED/);
  });

  it.each<[string, Answer]>([
    ["before the headers", (response) => response.destroy()],
    [
      "amid the body",
      (response) => response.writeHead(200, { "content-length": "100" }).write("half", () => response.destroy()),
    ],
  ])("given a connection that breaks %s, when the job is run, then it may be retried", async (_when, given) => {
    answer = given;
    expect(failed(await run())).toMatchObject({ retryable: true, error: { code: "unreachable" } });
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["before the headers", () => {}],
    ["amid the body", (response) => response.writeHead(200).write("half")],
  ])(
    "given an abort %s, when the run settles, then the server has seen the end of the request",
    async (_when, given) => {
      const it = aRun();
      let closed: Promise<void> | undefined;
      const arrived = new Promise<void>((resolve) => {
        answer = (response) => {
          closed = new Promise((gone) => response.once("close", gone));
          given(response);
          resolve();
        };
      });
      const ending = run({}, it);
      await arrived;
      it.abort("cancelled by ann");
      expect(failed(await ending).error).toEqual({ code: "aborted", message: "the run was aborted: cancelled by ann" });
      await closed;
      expect(received).toHaveLength(1);
    },
  );

  it("given an abort in the very moment of starting, when the run settles, then it has been aborted", async () => {
    const it = aRun();
    const ending = run({}, it);
    it.abort("at once");
    expect(failed(await ending).error.code).toBe("aborted");
  });

  it("given a run that is already aborted, when it should start, then nothing is sent", async () => {
    const it = aRun();
    it.abort("too late");
    expect(failed(await run({}, it)).error.code).toBe("aborted");
    expect(received).toEqual([]);
  });
});
