/** A whole ledger as one document, for a page that has no server: boards at a bounded number of moments, facts, jobs, spans. */
import { jobsView } from "../../projections/views/views.js";
import { ClientFailure } from "../client/failure.js";
import { readMessages } from "../client/reader.js";
import { jobAt, metaOf } from "./api.js";
import { patchesBetween } from "./board-patches.js";
import { machinesAnswer } from "./machines.js";
import { lineOf } from "./news.js";
import type { Board, Capsule, FactLine, Frame, JobAnswer } from "./protocol.js";
import { recordingFrom, type Shown } from "./shown.js";
import { slotHistory } from "./slot-history.js";

const FRAMES_MAX = 400;
/** So that a page comes to any frame by few patches. */
const KEY_FRAME_EVERY = 50;
const FACTS_MAX = 10_000;
const JOBS_MAX = 1_000;

/** `signal` gives up. Throws what the ledger throws. */
export async function capsuleOf(shown: Shown, exportedAt: string, signal: AbortSignal): Promise<Capsule> {
  const { recording, ledger, begin } = shown;
  const begins = begin?.head.position ?? 0;
  const head = { position: recording.fold.head.position, at: recording.fold.head.at };
  const frames: Frame[] = [];
  const facts: FactLine[] = [];
  let factsLeft = 0;
  const again = recordingFrom(begin);
  let before: Board | null = null;
  for await (const message of readMessages(ledger, begins, head.position)) {
    signal.throwIfAborted();
    facts.push(...again.apply(message).map(lineOf));
    if (facts.length > 2 * FACTS_MAX) factsLeft += facts.splice(0, facts.length - FACTS_MAX).length;
    if (!isFrame(message.sequence - begins, head.position - begins)) continue;
    const board = again.board();
    const { position: at, at: time } = board;
    const isKey = frames.length % KEY_FRAME_EVERY === 0;
    frames.push(
      before === null || isKey
        ? { kind: "key", board }
        : { kind: "delta", position: at, at: time, patches: patchesBetween(before, board) },
    );
    before = board;
  }
  factsLeft += facts.splice(0, Math.max(0, facts.length - FACTS_MAX)).length;
  const jobs = await jobsAtEnd(shown, signal);
  const counts = Object.values(again.fold.counts).reduce((sum, count) => sum + count, 0);
  return {
    ...{ version: 1, exportedAt, frames, facts, factsLeft, jobs, jobsLeft: counts - jobs.length },
    meta: { ...metaOf(shown, { isActing: false, needsToken: false, hasWhatIf: false }), source: "capsule" },
    machines: machinesAnswer(),
    history: slotHistory(again.spans, { from: again.first ?? head, to: head, pools: [] }),
  };
}

async function jobsAtEnd(shown: Shown, signal: AbortSignal): Promise<JobAnswer[]> {
  const { fold } = shown.recording;
  const jobs: JobAnswer[] = [];
  for (const { id } of jobsView(fold, { limit: JOBS_MAX })) {
    const job = await jobAt(shown, id, fold.head.position, signal).catch((error: unknown) => {
      if (error instanceof ClientFailure && error.code === "not-found") return null;
      throw error;
    });
    // A part of a log does not tell of jobs that had ended before it.
    if (job !== null) jobs.push(job);
  }
  return jobs;
}

/** The first and the last entry, and others evenly between them. */
function isFrame(at: number, last: number): boolean {
  if (last <= FRAMES_MAX || at === 1 || at === last) return true;
  const frameOf = (one: number) => Math.floor((one * (FRAMES_MAX - 2)) / last);
  return frameOf(at) !== frameOf(at - 1);
}
