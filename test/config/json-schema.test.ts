import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { isPlainObject } from "../../events/json.js";
import { configurationJsonSchema } from "../../src/config/index.js";
import { configurationJsonSchemaText } from "../../src/config/json-schema.js";

const shipped = new URL("../../docs/signalbox.schema.json", import.meta.url);

/** Every property that the schema describes, by path. */
function properties(schema: unknown, path = ""): { path: string; description: unknown }[] {
  if (Array.isArray(schema)) return schema.flatMap((part) => properties(part, path));
  if (!isPlainObject(schema)) return [];
  const own = isPlainObject(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  return [
    ...own.flatMap(([key, value]) => [
      { path: `${path}.${key}`, description: isPlainObject(value) ? value["description"] : undefined },
      ...properties(value, `${path}.${key}`),
    ]),
    ...["anyOf", "oneOf", "allOf", "items"].flatMap((key) => properties(schema[key], path)),
    ...properties(schema["additionalProperties"], `${path}.*`),
  ];
}

describe("the JSON Schema for editors", () => {
  test("given the schema in code, when compared with the shipped file, then they are the same", () => {
    expect(readFileSync(shipped, "utf8"), "run: node dist/src/config/write-schema.js").toBe(
      configurationJsonSchemaText(),
    );
  });

  test("given every key, when an editor hovers over it, then there is a text worth reading", () => {
    const found = properties(configurationJsonSchema());
    expect(found.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        ".nats.tls.ca",
        ".limits.global",
        ".types.*.model",
        ".types.*.backoff.cap",
        ".schedules.*.missed",
        ".webhooks.*.states",
      ]),
    );
    const mute = found.filter(({ description }) => typeof description !== "string" || description.length < 10);
    expect(mute).toEqual([]);
  });

  test.each([
    [{}, true],
    [{ lease: "30s", grace: 500, nats: { url: "nats://h" }, types: { a: { runner: "ollama", model: "m" } } }, true],
    [{ types: { a: { runner: "command", argv: ["sort"], timeout: "10m", killGrace: "1s" } } }, true],
    [{ lease: "10 minutes" }, false],
    [{ types: { a: { runner: "ollama", modell: "m" } } }, false],
    [{ types: { a: { runner: "ollama" } } }, false],
    [{ limits: { global: 0 } }, false],
    [{ nats: { urll: "nats://h" } }, false],
  ])("given %j, when an editor checks it by the shipped schema, then the answer is %s", (value, sound) => {
    const schema = z.fromJSONSchema(JSON.parse(readFileSync(shipped, "utf8")));
    expect(schema.safeParse(value).success).toBe(sound);
  });

  test("given unknown keys, when an editor checks, then they are errors there too", () => {
    const closed = JSON.stringify(configurationJsonSchema()).match(/"additionalProperties":false/g) ?? [];
    // The whole, nats, tls, limits, history, checkpoints, worker, the four runners with their backoff, template, schedule, webhook.
    expect(closed).toHaveLength(18);
  });
});
