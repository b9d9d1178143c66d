/** docs/worker-protocol.md: what it shows as JSON is what is said. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { z } from "zod";
import {
  abortOrderSchema,
  farewellSchema,
  helloSchema,
  leaseSchema,
  obeyedSchema,
  renewalSchema,
  runningSchema,
  startOrderSchema,
  wordSchema,
} from "../../src/worker/protocol.js";

const page = readFileSync(new URL("../../docs/worker-protocol.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^```json (\S+)\n([\s\S]*?)^```$/gm)].map(([, kind = "", text = ""]) => ({
  kind,
  text,
}));
const aWord = { worker: "w1", job: "j1", grant: 1 };

/** What each kind of example is read as. */
const readers: Readonly<Record<string, (value: unknown) => ReturnType<z.ZodType["safeParse"]>>> = {
  hello: (value) => helloSchema.safeParse(value),
  lease: (value) => leaseSchema.strict().safeParse(value),
  "start-order": (value) => startOrderSchema.strict().safeParse(value),
  "abort-order": (value) => abortOrderSchema.strict().safeParse(value),
  obeyed: (value) => obeyedSchema.strict().safeParse(value),
  word: (value) => wordSchema.safeParse(value),
  "word-ended": (ended) => wordSchema.safeParse({ ...aWord, ended }),
  running: (value) => runningSchema.strict().safeParse(value),
  renewal: (value) => renewalSchema.safeParse(value),
  farewell: (value) => farewellSchema.safeParse(value),
};

test("given the page, then it shows every kind of message", () => {
  expect(new Set(examples.map(({ kind }) => kind))).toEqual(new Set(Object.keys(readers)));
});

test.each(examples.map(({ kind, text }, index) => [kind, index + 1, text] as const))(
  "given the example of a %s (number %i on the page), then it is read as what it is",
  (kind, _number, text) => {
    expect(readers[kind]?.(JSON.parse(text))).toMatchObject({ success: true });
  },
);

test("given the page, then every outcome that a worker may report is shown on it", () => {
  const shown = examples.filter(({ kind }) => kind === "word-ended").map(({ text }) => JSON.parse(text).outcome);
  for (const outcome of ["completed", "skipped", "cancelled", "failed", "timed-out", "lost"])
    expect(shown).toContain(outcome);
});
