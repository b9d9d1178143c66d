/** The options of the runners, and the factory. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createRunner } from "../../src/runners/index.js";
import { commandOptions, httpOptions, natsOptions, ollamaOptions } from "../../src/runners/options.js";
import { fromEnvironment } from "./a-run.js";

const context = { ledger: "test", environment: {} };

describe("options", () => {
  it("given only what is needed, when they are parsed, then the rest has its defaults", () => {
    expect(commandOptions.parse({ argv: ["true"] })).toEqual({
      argv: ["true"],
      successExitCodes: [0],
      skipExitCodes: [],
      outputBytesMax: 65_536,
      killGrace: 5_000,
    });
    expect(httpOptions.parse({ url: "https://example.org/" })).toEqual({
      url: "https://example.org/",
      method: "POST",
      responseBytesMax: 1_048_576,
    });
    expect(ollamaOptions.parse({ model: "llama3.2" })).toEqual({ model: "llama3.2" });
    expect(natsOptions.parse({})).toEqual({});
    expect(commandOptions.parse({ argv: ["true"], killGrace: "2m" }).killGrace).toBe(120_000);
  });

  it.each<[string, z.ZodType, object, string]>([
    ["an unknown key", ollamaOptions, { model: "m", modell: "m" }, ""],
    ["no model", ollamaOptions, {}, "model"],
    ["an address of another kind", ollamaOptions, { model: "m", host: "ftp://gpu" }, "host"],
    ["an address without a scheme", ollamaOptions, { model: "m", host: "gpu:11434" }, "host"],
    ["a command as one text", commandOptions, { argv: "convert - png:-" }, "argv"],
    ["an empty command", commandOptions, { argv: [] }, "argv.0"],
    ["a nameless program", commandOptions, { argv: [""] }, "argv.0"],
    ["a NUL character", commandOptions, { argv: ["echo", "a\0b"] }, "argv.1"],
    ["a name that is not a variable's", commandOptions, { argv: ["a"], env: { "A=B": "" } }, "env.A=B"],
    ["an exit code above 255", commandOptions, { argv: ["a"], skipExitCodes: [256] }, "skipExitCodes.0"],
    ["no success", commandOptions, { argv: ["a"], successExitCodes: [] }, "successExitCodes"],
    ["an endless grace", commandOptions, { argv: ["a"], killGrace: "2h" }, "killGrace"],
    ["an output that would fill the memory", commandOptions, { argv: ["a"], outputBytesMax: 1e9 }, "outputBytesMax"],
    ["a method without a body", httpOptions, { url: "https://x/", method: "GET" }, "method"],
    ["a header's name with a blank", httpOptions, { url: "https://x/", headers: { "A B": "" } }, "headers.A B"],
    ["a key for remote workers", natsOptions, { url: "https://x/" }, ""],
  ])("given %s, when they are parsed, then they are refused at that key", (_what, schema, value, path) => {
    const parsed = schema.safeParse(value);
    expect(parsed.error?.issues[0]?.path.join(".")).toBe(path);
  });

  it("given editors that want a JSON Schema, when it is made, then every key has a description", () => {
    for (const schema of [ollamaOptions, commandOptions, httpOptions, natsOptions]) {
      const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
      for (const [key, property] of Object.entries(properties)) expect(property, key).toHaveProperty("description");
    }
  });
});

describe("the factory", () => {
  it("given a kind, when a runner is made, then it is one, and for remote workers there is none", () => {
    expect(createRunner("ollama", ollamaOptions.parse({ model: "m" }), context)).toHaveProperty("run");
    expect(createRunner("command", commandOptions.parse({ argv: ["true"] }), context)).toHaveProperty("run");
    expect(createRunner("http", httpOptions.parse({ url: "https://x/" }), context)).toHaveProperty("run");
    expect(createRunner("nats", {}, context)).toBeNull();
  });

  it("given a secret that is not set, when a runner is made, then it is refused", () => {
    const options = httpOptions.parse({ url: "https://x/", headers: { A: fromEnvironment("NOT_SET") } });
    expect(() => createRunner("http", options, context)).toThrow(/"NOT_SET"/);
  });
});
