/**
 * Scripts for two clients of one server, drawn from a seed or written down for a fault, and what comes of them: so that the simulated
 * log can be held against the real one, outcome by outcome.
 */
import type { Append, AppendOutcome, Log, LogState, StoredMessage } from "../../src/log/log.js";
import { eventually } from "../embedded/folders.js";
import { Chance } from "./chance.js";

/** One client's two logs. */
export interface Client {
  readonly ledger: Log;
  readonly intake: Log;
}

/** A server with two clients, and what can be done to them. */
export interface TwoClients {
  readonly clients: readonly [Client, Client];
  readonly ledgerSubject: string;
  readonly intakeSubject: string;
  /** From now on the first client gets no answers, until its connection is cut. */
  dropAnswers(): void;
  /** Breaks the first client's connection when so much of what it sends has left; all of that arrives. */
  cutAfter(sent: string): Promise<void>;
  /** The server stops where it is, and goes on. */
  freeze(): Promise<void>;
  thaw(): void;
  /** The server is killed, frozen or not, and started again; settles when both clients are connected. */
  restart(): Promise<void>;
}

/** What happened, without what may differ: identities, times, the wording of reasons. */
export type Transcript = readonly string[];

const STEPS = 60;

export async function playRandomly(seed: number, stage: TwoClients): Promise<Transcript> {
  const chance = new Chance(seed, "script");
  const transcript: string[] = [];
  for (let step = 0; step < STEPS; step += 1) transcript.push(await playStep(chance, step, stage));
  return transcript;
}

async function playStep(chance: Chance, step: number, stage: TwoClients): Promise<string> {
  const { clients } = stage;
  const who = chance.whole(0, 1);
  const which = chance.one(["ledger", "intake"] as const);
  const log = mustBe(clients[who])[which];
  const subject = which === "ledger" ? stage.ledgerSubject : stage.intakeSubject;
  const { last } = await log.state();
  const says = (what: string) => `${step} ${who} ${which} ${what}`;
  // The same from both: which of two rivals is first is chance.
  const message: Append = { subject, data: bytesOf(`step ${step}`) };
  // Right, or wrong in either direction.
  const expectedLast = chance.weighted([
    [4, last],
    [1, Math.max(0, last - chance.whole(1, 3))],
    [1, last + chance.whole(1, 3)],
  ]);
  switch (chance.one(["append", "expect", "expect", "rivals", "read", "follow", "trim"] as const)) {
    case "append":
      return says(`appends: ${tellOutcome(await log.append(message))}`);
    case "expect":
      return says(`expects ${expectedLast}: ${tellOutcome(await log.append({ ...message, expectedLast }))}`);
    case "rivals": {
      const both = clients.map((client) => client[which].append({ ...message, expectedLast }));
      return says(
        `and its rival expect ${expectedLast}: ${(await Promise.all(both)).map(tellOutcome).sort().join(" and ")}`,
      );
    }
    case "read": {
      const sequence = chance.whole(1, last + 2);
      return says(`reads ${sequence}: ${tellMessage(await log.read(sequence))}`);
    }
    case "follow": {
      const after = chance.whole(0, last + 1);
      return says(`follows after ${after}: ${await tellFollowed(log, after, last)}`);
    }
    case "trim": {
      const sequence = chance.whole(0, last);
      const trimmed = await log.trim(sequence).then(
        () => "done",
        () => "refused",
      );
      return says(`trims up to ${sequence}: ${trimmed}; ${tellState(await log.state())}`);
    }
  }
}

/** What a fault leads to, on whatever server. */
export const FAULT_SCRIPTS: Readonly<Record<string, (stage: TwoClients) => Promise<Transcript>>> = {
  "an acknowledgement is lost, and the append is tried again": async (stage) => {
    const { first, second, append } = actors(stage);
    stage.dropAnswers();
    const appending = append(first, "lost ack", 0);
    await untilLast(second, 1);
    await stage.cutAfter("lost ack");
    const outcome = await appending;
    const found = await first.read(1);
    return [outcome, tellMessage(found), await append(first, "lost ack", 0), await append(first, "the next", 1)];
  },
  "an append lands after its sender was told that nobody knows": async (stage) => {
    const { first, second, append } = actors(stage);
    await stage.freeze();
    const appending = append(first, "comes late", 0);
    await stage.cutAfter("comes late");
    const outcome = await appending;
    stage.thaw();
    await untilLast(second, 1);
    return [outcome, tellMessage(await first.read(1)), await append(first, "comes late", 0)];
  },
  "a server is killed with an append unread": async (stage) => {
    const { first, append } = actors(stage);
    const before = await append(first, "before", 0);
    await stage.freeze();
    const appending = append(first, "never read", 1);
    await stage.restart();
    const outcome = await appending;
    return [before, outcome, tellState(await first.state()), await append(first, "again", 1)];
  },
  "an append does not wait for the one before, and a rival takes its place": async (stage) => {
    const { first, second, append } = actors(stage);
    await append(second, "the rival's", 0);
    const [one, two] = await Promise.all([append(first, "first", 0), append(first, "decided from the first", 1)]);
    return [one, two, await tellFollowed(first, 0, 2)];
  },
  "followers are at work while the server is restarted again and again": async (stage) => {
    const { intake } = stage.clients[1];
    const { append } = actors(stage);
    const seen: string[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const batch of intake.follow(0, stop.signal)) seen.push(...batch.map(tellMessage));
    })();
    const outcomes: string[] = [];
    for (const round of [1, 2, 3]) {
      for (const n of [1, 2, 3]) outcomes.push(await append(stage.clients[0].intake, `${round}.${n}`));
      await stage.restart();
    }
    await eventually("everything has come", () => (seen.length >= 9 ? true : null));
    stop.abort();
    await following;
    return [...outcomes, ...seen];
  },
};

function actors(stage: TwoClients) {
  const [{ ledger: first }, { ledger: second }] = stage.clients;
  const append = async (log: Log, text: string, expectedLast?: number): Promise<string> => {
    const subject = log === first || log === second ? stage.ledgerSubject : stage.intakeSubject;
    return tellOutcome(
      await log.append({ subject, data: bytesOf(text), ...(expectedLast !== undefined && { expectedLast }) }),
    );
  };
  return { first, second, append };
}

/** Follows from a position until what was there has come, or something is wrong. */
async function tellFollowed(log: Log, after: number, last: number): Promise<string> {
  // Behind the end nothing comes, and nobody wants to wait for it.
  if (after === last) return "at the end";
  const stop = new AbortController();
  const seen: string[] = [];
  try {
    for await (const batch of log.follow(after, stop.signal)) {
      seen.push(...batch.map(tellMessage));
      if (seen.length >= last - after) stop.abort();
    }
    return seen.join(", ");
  } catch (error) {
    return `${(error as { code?: string }).code ?? "an error"} after ${seen.length}`;
  }
}

const untilLast = (log: Log, last: number): Promise<true> =>
  eventually(`the log ends at ${last}`, async () => ((await log.state()).last === last ? true : null));

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const tellState = ({ first, last }: LogState): string => `${first} to ${last}`;
const tellOutcome = (outcome: AppendOutcome): string =>
  outcome.outcome === "stored" ? `stored as ${outcome.sequence}` : outcome.outcome;
const tellMessage = (message: StoredMessage | null): string =>
  message === null ? "nothing" : `${message.sequence} "${new TextDecoder().decode(message.data)}"`;

function mustBe<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("there is no such client");
  return value;
}
