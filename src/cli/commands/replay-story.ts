/** A replay without a screen: each fact as a line, in the order of the ledger. */
import { setTimeout as pause } from "node:timers/promises";
import { position } from "../../../events/names.js";
import { readMessages } from "../../client/reader.js";
import { entryOf } from "../../log/entry.js";
import type { Log } from "../../log/log.js";
import { type Condition, type Range, Reel, Rounds, type ToldFact } from "../../replay/index.js";
import { CliFailure } from "../failure.js";
import type { Interrupt } from "../interrupt.js";
import type { Output } from "../options.js";
import type { ProgressShown } from "../progress-lines.js";
import { SPEED_MAX, type Speed } from "../replay/speed.js";
import { sentenceOf } from "../sentence.js";
import type { Terminal } from "../terminal.js";
import { cutToWidth, fillToWidth, oneLine } from "../text-width.js";

export interface Story {
  readonly ledger: Log;
  readonly range: Range;
  readonly speed: Speed;
  readonly condition: Condition | null;
  /** As it was given. */
  readonly conditionText: string;
}

/** Ends at the first fact that meets the condition; throws `CliFailure` if there is a condition and no such fact. */
export async function tellStory(
  story: Story,
  output: Output,
  interrupt: Interrupt,
  progress: ProgressShown,
): Promise<void> {
  const { range, condition, conditionText } = story;
  const lines = new StoryLines(output, progress.terminal);
  const isMet = await tell(story, lines, interrupt, progress).finally(() => progress.end());
  await lines.end();
  if (interrupt.signal.aborted) throw interrupt.failure();
  if (condition !== null && !isMet)
    throw CliFailure.notFound(`no fact from position ${range.from} to ${range.to} meets ${conditionText}`);
}

/** True if it ended at a fact that meets the condition. */
async function tell(
  { ledger, range, speed, condition }: Story,
  lines: StoryLines,
  { signal }: Interrupt,
  progress: ProgressShown,
): Promise<boolean> {
  const reel = new Reel(condition);
  const clock = new StoryClock(speed);
  const rounds = new Rounds();
  progress.begin();
  for await (const message of readMessages(ledger, 0, range.to)) {
    const entry = entryOf(message);
    const isTold = message.sequence >= range.from;
    if (isTold) await clock.until(entry.at, signal);
    if (signal.aborted) return false;
    let isOver = false;
    reel.apply(position(message.sequence), entry, (told) => {
      if (!isTold || isOver) return;
      lines.add(told, reel);
      isOver = reel.met !== null;
    });
    await lines.flush();
    if (isOver) return true;
    await rounds.giveWay();
    if (!isTold || speed === SPEED_MAX)
      progress.show({
        share: message.sequence / range.to,
        count: message.sequence,
        text: `${message.sequence} of ${range.to} entries`,
      });
  }
  return false;
}

/** Lets the time between entries pass, at some speed. */
class StoryClock {
  readonly #speed: Speed;
  #begun: { readonly ledgerMs: number; readonly ownMs: number } | null = null;

  constructor(speed: Speed) {
    this.#speed = speed;
  }

  async until(at: string, signal: AbortSignal): Promise<void> {
    if (this.#speed === SPEED_MAX) return;
    const atMs = Date.parse(at);
    this.#begun ??= { ledgerMs: atMs, ownMs: performance.now() };
    const { ledgerMs, ownMs } = this.#begun;
    for (;;) {
      const restMs = ownMs + (atMs - ledgerMs) / this.#speed - performance.now();
      if (restMs <= 0 || signal.aborted) return;
      // A timer that is set further ahead than this goes off at once.
      await pause(Math.min(restMs, TIMER_MS_MAX), undefined, { signal }).catch(() => {});
    }
  }
}

const TIMER_MS_MAX = 2 ** 31 - 1;
const ADDRESS_WIDTH = 8;

/** The lines in the form that was asked for, written as they come. */
class StoryLines {
  readonly #output: Output;
  readonly #terminal: Terminal;
  #text = "";
  #count = 0;

  constructor(output: Output, terminal: Terminal) {
    this.#output = output;
    this.#terminal = terminal;
  }

  add({ address, at, fact }: ToldFact, { fold }: Reel): void {
    this.#count += 1;
    if (this.#output === "table") {
      const { dim } = this.#terminal.colors;
      const place = fillToWidth(address, ADDRESS_WIDTH);
      const room = this.#terminal.width - at.length - place.length - 4;
      const sentence = oneLine(sentenceOf(fact, fact.type === "StartGranted" ? fold.slots : null));
      this.#text += `${dim(at)}  ${dim(place)}  ${cutToWidth(sentence, Math.max(room, 1))}\n`;
      return;
    }
    const line = JSON.stringify({ position: address, at, fact });
    if (this.#output === "jsonl") this.#text += `${line}\n`;
    else this.#text += `${this.#count === 1 ? "[\n" : ",\n"}${line}`;
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = "";
    if (text !== "") await this.#terminal.writeAll(text);
  }

  async end(): Promise<void> {
    if (this.#output === "json") this.#text += this.#count === 0 ? "[]\n" : "\n]\n";
    await this.flush();
  }
}
