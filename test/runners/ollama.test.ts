/** The Ollama runner against the fake server, over real HTTP. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JsonObject } from "../../events/json.js";
import { ollamaRunner } from "../../src/runners/ollama.js";
import { ollamaAddress } from "../../src/runners/ollama-address.js";
import { ollamaOptions } from "../../src/runners/options.js";
import type { Outcome } from "../../src/runners/runner.js";
import { FakeOllama } from "../support/fake-ollama.js";
import { aRun, failed, result, type TestRun } from "./a-run.js";

let fake: FakeOllama;
beforeEach(async () => {
  fake = new FakeOllama();
  await fake.start();
});
afterEach(async () => {
  await fake.stop();
  vi.restoreAllMocks();
});

function run(
  given: TestRun | JsonObject,
  options: object = {},
  environment: Record<string, string> = { OLLAMA_HOST: fake.url },
): Promise<Outcome> {
  const it = "updates" in given ? (given as TestRun) : aRun(given as JsonObject);
  return ollamaRunner(ollamaOptions.parse({ model: "llama3.2", ...options }), { ledger: "test", environment }).run(it);
}
const tokensOf = (it: TestRun): string =>
  it.updates.map((update) => (update as { readonly token: string }).token).join("");

describe("an answer", () => {
  it("given a prompt, when the answer has come, then it is the result with its counts, and was progress before", async () => {
    const it = aRun({ prompt: "Tell me a story" });
    expect(
      result(await run(it, { keepAlive: "5m", system: "Be brief", options: { temperature: 0, top_k: 3 } })),
    ).toEqual({
      text: "Once upon a time.",
      model: "llama3.2",
      doneReason: "stop",
      promptTokens: 7,
      evalTokens: 4,
      totalMs: 5,
    });
    expect(tokensOf(it)).toBe("Once upon a time.");
    expect(fake.requests).toEqual([
      {
        path: "/api/generate",
        model: "llama3.2",
        body: {
          model: "llama3.2",
          prompt: "Tell me a story",
          system: "Be brief",
          options: { temperature: 0, top_k: 3 },
          keep_alive: "5m",
          stream: true,
        },
      },
    ]);
  });

  it("given messages, when the answer has come, then the result is the next message", async () => {
    const params = {
      messages: [{ role: "user", content: "Hello 漢字" }],
      options: { temperature: 1 },
      format: { type: "object" },
    };
    expect(result(await run(params, { system: "Be brief", options: { temperature: 0, top_k: 3 } }))).toMatchObject({
      message: { role: "assistant", content: "Once upon a time." },
    });
    expect(fake.requests[0]).toMatchObject({
      path: "/api/chat",
      body: {
        messages: [
          { role: "system", content: "Be brief" },
          { role: "user", content: "Hello 漢字" },
        ],
        options: { temperature: 1, top_k: 3 },
        format: { type: "object" },
      },
    });
  });

  it("given a system message or param of its own, when a job is run, then the type's system prompt gives way", async () => {
    await run(
      {
        messages: [
          { role: "system", content: "Own" },
          { role: "user", content: "Hi" },
        ],
      },
      { system: "Type's" },
    );
    await run({ prompt: "Hi", system: "Own" }, { system: "Type's" });
    expect(fake.requests[0]?.body["messages"]).toHaveLength(2);
    expect(fake.requests[1]?.body["system"]).toBe("Own");
  });

  it("given a thousand fast tokens, when they come, then watchers get them all in a few messages", async () => {
    fake.tokens = Array.from({ length: 1_000 }, (_, index) => ` ${index}🚂`);
    const it = aRun({ prompt: "Count" });
    await run(it);
    expect(tokensOf(it)).toBe(fake.tokens.join(""));
    expect(it.updates.length).toBeLessThan(200);
  });

  it("given an answer that is held amid, when some tokens have come, then watchers have them already", async () => {
    fake.hold(2);
    const it = aRun({ prompt: "Tell" });
    const ending = run(it);
    await it.update(() => tokensOf(it) === "Once upon");
    expect(fake.now).toBe(1);
    fake.release();
    expect(result(await ending)).toMatchObject({ text: "Once upon a time." });
  });

  it("given an answer without end, when it passes the bound, then the run has failed and the connection is closed", async () => {
    fake.tokens = Array.from({ length: 10_000 }, () => "again ".repeat(1_000));
    expect(failed(await run({ prompt: "Loop" })).error.code).toBe("answer-too-long");
    await fake.until((it) => it.aborted === 1);
    expect([fake.now, fake.completed]).toEqual([0, 0]);
  });
});

describe("params", () => {
  it.each<[JsonObject, RegExp]>([
    [{}, /either prompt .* or messages/],
    [{ prompt: "a", messages: [] }, /and not both/],
    [{ prompt: "a", model: "mistral" }, /params\.model is not taken: this type runs llama3\.2/],
    [{ prompt: 7 }, /params\.prompt: /],
    [{ prompt: "a", tempreature: 1 }, /tempreature/],
    [{ messages: [{ role: "user" }] }, /params\.messages\.0\.content: /],
    [{ prompt: "a", images: ["not base64!"] }, /params\.images\.0: must be base64 text/],
  ])("given %j, when the job is run, then it fails for good and nothing is sent", async (params, expected) => {
    const outcome = failed(await run(params));
    expect(outcome).toMatchObject({ retryable: false, error: { code: "params-refused" } });
    expect(outcome.error.message).toMatch(expected);
    expect(fake.total).toBe(0);
  });

  it("given an image whose text is also the path of a file, when it is sent, then it is the image and not the file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "signalboxollama"));
    try {
      // Base64 has the slash among its letters: the path is padded to a multiple of four, so that it is valid base64.
      const stem = join(folder, "secret");
      const path = stem + "x".repeat((4 - (stem.length % 4)) % 4);
      await writeFile(path, "private");
      await run({ prompt: "Describe", images: [path, "aGk="] });
      await run({ messages: [{ role: "user", content: "Describe", images: [path] }] });
      expect(fake.requests[0]?.body["images"]).toEqual([path, "aGk="]);
      expect(fake.requests[1]?.body["messages"]).toEqual([{ role: "user", content: "Describe", images: [path] }]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("an error", () => {
  it("given no server, when the job is run, then it may be retried and the message says what to do", async () => {
    const outcome = failed(await run({ prompt: "a" }, { host: "http://127.0.0.1:1" }));
    expect(outcome).toMatchObject({ retryable: true, error: { code: "ollama-unreachable" } });
    expect(outcome.error.message).toContain(
      "no Ollama server at http://127.0.0.1:1: start it with `ollama serve` or set OLLAMA_HOST",
    );
  });

  it("given a model that is not there, when the job is run, then it fails for good and the message says how to get it", async () => {
    const outcome = failed(await run({ prompt: "a" }, { model: "mistral" }));
    expect(outcome).toMatchObject({ retryable: false, error: { code: "model-missing" } });
    expect(outcome.error.message).toContain("`ollama pull mistral`");
    expect(outcome.error.message).toContain("model 'mistral' not found");
  });

  it.each([
    [400, false],
    [404, false],
    [429, true],
    [500, true],
    [503, true],
  ])(
    "given status %i, when the job is run, then retryable is %s, and nothing is printed on standard output",
    async (status, retryable) => {
      const printed = vi.spyOn(console, "log");
      fake.failNext({ status, error: "server busy", contentType: "text/plain" });
      const outcome = failed(await run({ prompt: "a" }));
      expect(outcome).toMatchObject({ retryable, error: { code: "ollama-status" } });
      expect(outcome.error.message).toMatch(new RegExp(`answered ${status} and said server busy$`));
      expect(printed).not.toHaveBeenCalled();
    },
  );

  it.each([
    ["an error inside the answer", "out of memory", /broke off: out of memory$/],
    ["a connection that breaks", "break", /broke off: /],
  ])(
    "given %s, when it comes after some tokens, then the run has failed and may be retried",
    async (_what, error, expected) => {
      fake.failNext({ afterTokens: 2, error });
      const it = aRun({ prompt: "a" });
      fake.hold(2);
      const ending = run(it);
      await it.update(() => tokensOf(it) === "Once upon");
      fake.release();
      const outcome = failed(await ending);
      expect(outcome).toMatchObject({ retryable: true, error: { code: "ollama-broke-off" } });
      expect(outcome.error.message).toMatch(expected);
    },
  );
});

describe("an abort", () => {
  it.each([
    ["before the answer has begun", 0],
    ["amid the answer", 2],
  ])(
    "given an abort %s, when the run has settled, then the server sees the connection closed",
    async (_when, tokens) => {
      fake.hold(tokens);
      const it = aRun({ prompt: "Tell" });
      const ending = run(it);
      await fake.until((server) => server.now === 1);
      if (tokens > 0) await it.update(() => tokensOf(it) === "Once upon");
      it.abort("cancelled by ann");
      expect(failed(await ending).error).toEqual({ code: "aborted", message: "the run was aborted: cancelled by ann" });
      await fake.until((server) => server.aborted === 1);
      expect([fake.now, fake.total, fake.completed]).toEqual([0, 1, 0]);
    },
  );

  it("given runs that are aborted and started one after the other, when they are counted by the server, then it has never seen two", async () => {
    fake.hold(1);
    for (let index = 0; index < 20; index++) {
      const it = aRun({ prompt: "Tell" });
      const ending = run(it);
      await fake.until((server) => server.total === index + 1);
      it.abort("next");
      await ending;
    }
    expect([fake.total, fake.peak]).toEqual([20, 1]);
  });

  it("given an abort in the very moment of starting, when the run settles, then it has been aborted", async () => {
    const it = aRun({ prompt: "a" });
    const ending = run(it);
    it.abort("at once");
    expect(failed(await ending).error.code).toBe("aborted");
  });

  it("given a run that is already aborted, when it should start, then nothing is sent", async () => {
    const it = aRun({ prompt: "a" });
    it.abort("too late");
    expect(failed(await run(it)).error.code).toBe("aborted");
    expect(fake.total).toBe(0);
  });

  it("given two runs of one runner, when one is aborted, then the other goes on", async () => {
    fake.hold(2);
    const runner = ollamaRunner(ollamaOptions.parse({ model: "llama3.2", host: fake.url }), {
      ledger: "test",
      environment: {},
    });
    const [first, second] = [aRun({ prompt: "a" }), aRun({ prompt: "b" })];
    const endings = [runner.run(first), runner.run(second)];
    await fake.until((server) => server.now === 2);
    first.abort("only this");
    await fake.until((server) => server.aborted === 1);
    fake.release();
    expect((await Promise.all(endings)).map(({ outcome }) => outcome)).toEqual(["failed", "completed"]);
    expect([fake.peak, fake.peakByModel.get("llama3.2")]).toEqual([2, 2]);
  });
});

describe("the address", () => {
  it.each([
    [undefined, undefined, "http://127.0.0.1:11434/"],
    ["http://gpu:8080", "other:1", "http://gpu:8080/"],
    [undefined, "gpu", "http://gpu:11434/"],
    [undefined, "gpu:80", "http://gpu/"],
    [undefined, ":9999", "http://127.0.0.1:9999/"],
    [undefined, "0.0.0.0", "http://127.0.0.1:11434/"],
    [undefined, "http://gpu", "http://gpu/"],
    [undefined, "https://gpu/ollama", "https://gpu/ollama"],
    [undefined, " ", "http://127.0.0.1:11434/"],
  ])("given the option %s and OLLAMA_HOST %s, when a runner is made, then it uses %s", (host, variable, expected) => {
    expect(ollamaAddress(host, { OLLAMA_HOST: variable }).href).toBe(expected);
  });

  it("given an OLLAMA_HOST that is no address, when a runner is made, then the error names it", () => {
    expect(() => ollamaAddress(undefined, { OLLAMA_HOST: "http://[" })).toThrow(/^OLLAMA_HOST is "http:\/\/\["/);
  });
});
