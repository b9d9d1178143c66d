/** What the page may ask, path by path, and the answers: always JSON, always bounded. */
import type { Position } from "../../events/names.js";
import type { AsOf } from "../../projections/views/views.js";
import { jobsPage } from "../../projections/views/views.js";
import { answerQuery } from "../api/queries.js";
import type { Answers } from "../client/questions.js";
import { answeredValue } from "../client/reader.js";
import type { Until } from "../client/until.js";
import { entryOf } from "../log/entry.js";
import { VERSION } from "../version.js";
import { factAt, factsPage, parsePlace } from "./fact-pages.js";
import { machinesAnswer } from "./machines.js";
import type { FactAnswer, FactsAnswer, JobAnswer, JobsAnswer, Meta, SlotHistory } from "./protocol.js";
import { factsAsked, historyAsked, jobsAsked, momentAsked, nothingAsked, readQuestion } from "./questions.js";
import { RequestRefused } from "./refusal.js";
import type { Shown } from "./shown.js";
import { slotHistory } from "./slot-history.js";

export interface Asked {
  /** The path below `/api/`, in parts, decoded. */
  readonly path: readonly string[];
  readonly parameters: URLSearchParams;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export type MetaFlags = Pick<Meta, "isActing" | "needsToken" | "hasWhatIf">;

/** Answers one question. Throws `RequestRefused`, or what the ledger throws. */
export async function answer(shown: Shown, flags: MetaFlags, { path, parameters, signal }: Asked): Promise<unknown> {
  const [name, of, ...rest] = path;
  const isAbout = (wanted: string) => name === wanted && of === undefined;
  if (isAbout("meta")) {
    readQuestion(nothingAsked, parameters);
    return metaOf(shown, flags);
  }
  if (isAbout("machines")) {
    readQuestion(nothingAsked, parameters);
    return machinesAnswer();
  }
  if (isAbout("board")) {
    const at = await shown.moments.positionOf(readQuestion(momentAsked, parameters).at ?? null);
    return shown.moments.board(at, signal);
  }
  if (isAbout("jobs")) return jobsAnswer(shown, parameters, signal);
  if (isAbout("facts")) return factsAnswer(shown, parameters);
  if (rest.length === 0 && name === "jobs" && of !== undefined) return jobAnswer(shown, of, parameters, signal);
  if (rest.length === 0 && name === "facts" && of !== undefined) return factAnswer(shown, of, parameters);
  if (rest.length === 0 && name === "slots" && of === "history") return historyAnswer(shown, parameters);
  throw new RequestRefused("not-found", `there is nothing at /api/${path.join("/")}`);
}

export function metaOf({ namespace, source, recording }: Shown, flags: MetaFlags): Meta {
  const { position, at } = recording.fold.head;
  const head = recording.first === null ? null : { position, at };
  return { version: VERSION, namespace, source, ...flags, first: recording.first, head };
}

async function jobsAnswer({ moments }: Shown, parameters: URLSearchParams, signal: AbortSignal): Promise<JobsAnswer> {
  const { at, state, offset, limit, ...filter } = readQuestion(jobsAsked, parameters);
  const wanted = { ...filter, ...(state !== undefined && { states: state }) };
  return moments.ask(
    await moments.positionOf(at ?? null),
    (fold) => ({
      position: fold.head.position,
      at: fold.head.at,
      ...jobsPage(fold, { ...wanted, limit }, offset),
      offset,
    }),
    signal,
  );
}

async function jobAnswer(
  shown: Shown,
  id: string,
  parameters: URLSearchParams,
  signal: AbortSignal,
): Promise<JobAnswer> {
  const at = await shown.moments.positionOf(readQuestion(momentAsked, parameters).at ?? null);
  return jobAt(shown, id, at, signal);
}

/** A job as `signalbox job` and `explain` tell it, as of a position. */
export async function jobAt(shown: Shown, id: string, at: Position, signal: AbortSignal): Promise<JobAnswer> {
  const { ledger, moments } = shown;
  const ask = async <Name extends "job" | "explain">(name: Name) =>
    // `name` decides which view is computed, and so what comes out.
    answeredValue(
      await answerQuery({
        // As of that entry, whatever the time is: looked at again, the same is seen.
        ...{ name, args: { id }, ledger, now: null },
        status: { role: "reader", state: "reading", dispatcher: "none" },
        query: (question) => moments.ask(at, question, signal),
      }),
    ) as Answers[Name];
  const job = await ask("job");
  const explanation = await ask("explain");
  const { head } = await moments.ask(at, (fold) => ({ head: fold.head }), signal);
  return { position: head.position, at: head.at, job, explanation };
}

async function factsAnswer({ ledger, recording, begin }: Shown, parameters: URLSearchParams): Promise<FactsAnswer> {
  const { before, after, limit, text, type, job } = readQuestion(factsAsked, parameters);
  if (before !== undefined && after !== undefined)
    throw new RequestRefused("invalid", "before and after: give one of them, not both");
  const from =
    before !== undefined
      ? ({ way: "before", place: before } as const)
      : after !== undefined
        ? ({ way: "after", place: after } as const)
        : null;
  const wanted = { from, limit, text: text ?? null, types: type ?? [], job: job ?? null };
  return factsPage({ ledger, begins: begin?.head.position ?? 0, now: recording.fold }, wanted);
}

async function factAnswer({ ledger }: Shown, address: string, parameters: URLSearchParams): Promise<FactAnswer> {
  readQuestion(nothingAsked, parameters);
  const place = parsePlace(address);
  if (place === null) throw new RequestRefused("invalid", "the address of a fact is one such as 812.3");
  return factAt(ledger, place);
}

async function historyAnswer(shown: Shown, parameters: URLSearchParams): Promise<SlotHistory> {
  const { from, to, pool = [] } = readQuestion(historyAsked, parameters);
  const { recording } = shown;
  const [begin, end] = [
    await momentOf(shown, from ?? { position: Math.min(1, recording.fold.head.position) }),
    await momentOf(shown, to ?? null),
  ];
  if (begin.position > end.position) throw new RequestRefused("invalid", "from is behind to");
  // Looked at together: the two change at once.
  const {
    recording: { spans },
    olderPast,
  } = shown;
  return slotHistory(spans, { from: begin, to: end, pools: pool }, olderPast);
}

/** The last entry at a moment. Before the first one nothing has a time. */
async function momentOf({ moments, recording, ledger }: Shown, when: Until | null): Promise<AsOf> {
  const { head } = recording.fold;
  const position = await moments.positionOf(when);
  if (position === head.position) return { position, at: head.at };
  const message = await ledger.read(Math.max(1, position));
  return { position, at: message === null ? head.at : entryOf(message).at };
}
