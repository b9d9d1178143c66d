/** Pools by the names that people give them. */
import { describe, expect, test } from "vitest";
import { poolNamed } from "../../projections/pool-name.js";
import { ledger } from "../support/ledger-builder.js";

describe("a pool's name", () => {
  const { fold } = ledger()
    .elected()
    .limits({ global: 1, types: { story: 1, news: 1 }, resources: { ollama: 1, story: 1 } });

  test.each([
    ["global", "global"],
    ["resource:ollama", "resource:ollama"],
    ["ollama", "resource:ollama"],
    ["news", "type:news"],
    ["type:story", "type:story"],
  ])("given %s, then it is %s", (asked, name) => {
    expect(poolNamed(fold, asked)).toEqual({ name });
  });

  test.each([
    [
      "gpu",
      "not-found",
      "there is no pool gpu; pools are global, type:news, type:story, resource:ollama, resource:story",
    ],
    ["constructor", "not-found", "there is no pool constructor; "],
    ["", "not-found", "there is no pool ; "],
    ["story", "invalid", "story is ambiguous: type:story or resource:story"],
  ])("given %j, then it is refused as %s, and the reason is told", (asked, refused, reason) => {
    expect(poolNamed(fold, asked)).toEqual({ refused, reason: expect.stringContaining(reason) });
  });
});
