/** The queue between a source that awaits room and a reader: neither waits for the other when that one is gone. */
import { describe, expect, test } from "vitest";
import { Backlog } from "../../src/log/backlog.js";

describe("a backlog", () => {
  test("given a full one, when the reader takes everything, then the source goes on", async () => {
    const backlog = new Backlog<number>(2);
    expect(backlog.push(1)).toBeUndefined();
    const room = backlog.push(2);
    expect(await backlog.take()).toEqual([1, 2]);
    await room;
    expect(backlog.push(3)).toBeUndefined();
  });

  test("given a full one whose reader has gone, when its end is told, then the source waits neither then nor with what it still has", async () => {
    const backlog = new Backlog<number>(2);
    const pushes = [backlog.push(1), backlog.push(2)];
    backlog.end();
    await Promise.all(pushes);
    for (const late of [3, 4, 5]) expect(backlog.push(late)).toBeUndefined();
    expect(await backlog.take()).toEqual([1, 2]);
    expect(await backlog.take()).toBeNull();
  });

  test("given an end with an error, when the rest is taken, then the error comes after it", async () => {
    const backlog = new Backlog<number>(2);
    backlog.push(1);
    backlog.end({ error: new Error("lost") });
    expect(await backlog.take()).toEqual([1]);
    await expect(backlog.take()).rejects.toThrow("lost");
  });
});
