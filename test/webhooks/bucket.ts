/** The bucket in which positions are kept, as a server would keep it; it can be away, or not answer. */
import { expect } from "vitest";
import type { KeyValue } from "../../src/nats/key-value.js";
import { POSITIONS_KEY } from "../../src/webhooks/positions.js";

export class Bucket implements KeyValue {
  text: string | null = null;
  puts = 0;
  isAway = false;
  isSilent = false;

  async get(key: string): Promise<string | null> {
    expect(key).toBe(POSITIONS_KEY);
    return this.text;
  }

  async put(key: string, text: string): Promise<void> {
    expect(key).toBe(POSITIONS_KEY);
    this.puts += 1;
    if (this.isAway) throw new Error("the server is away");
    if (this.isSilent) await new Promise(() => {});
    this.text = text;
  }

  get settled(): unknown {
    return (JSON.parse(this.text ?? "{}") as { settled?: unknown }).settled;
  }
}
