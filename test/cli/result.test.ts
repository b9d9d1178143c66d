/** Results: small ones stand in the ledger, large ones under their digest in the object store; both can be fetched. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWorld, type World } from "./world.js";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const submitWriting = (id: string, chars: number) =>
  world.run(["submit", "writes", "--id", id, "--params", JSON.stringify({ chars }), "--wait", "-o", "json"]);

describe("job --result", () => {
  // The quotes count too: 64 kB are 65,536 bytes of JSON.
  test("given a result of 64 kB, when it is looked for, then it stands in the ledger", async () => {
    const { stdout } = await submitWriting("small", 65_534);
    expect(JSON.parse(stdout).result).toHaveLength(65_534);
    expect(JSON.parse((await world.run(["job", "small", "--result"])).stdout)).toBe("x".repeat(65_534));
  });

  test("given a larger result, when it is looked for, then the ledger has its digest and the object store the rest", async () => {
    const { stdout } = await submitWriting("large", 300_000);
    expect(JSON.parse(stdout).result).toEqual({
      stored: { bucket: "SIGNALBOX_RESULTS", digest: expect.stringMatching(/^sha256-[0-9a-f]{64}$/), bytes: 300_002 },
    });
    expect(JSON.parse((await world.run(["job", "large", "--result"])).stdout)).toBe("x".repeat(300_000));
  });

  test("given a job that did not complete, when its result is asked for, then it is said to have none", async () => {
    await world.submitToEnd("skips", { id: "idle" });
    const { code, stderr } = await world.run(["job", "idle", "--result"]);
    expect(code).toBe(1);
    expect(stderr).toContain("idle is skipped and has no result");
  });
});
