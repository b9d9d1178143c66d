/** The life of a job in the auditor's own words: which fact may come in which state, and where it leads. */

const waits = { scheduled: "scheduled", queued: "queued" };
const failed = { granted: "failed", running: "failed", cancelling: "cancelled" };
const endsAs = (end: string) => ({ granted: end, running: end, cancelling: end });

/** Fact → state before → state after. A failure that names the time of another attempt leads to `retrying` instead. */
const LIFE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  JobDue: { scheduled: "queued", retrying: "queued" },
  JobAmended: waits,
  JobMoved: { ...waits, retrying: "retrying" },
  StartDenied: { queued: "queued" },
  StartGranted: { queued: "granted" },
  RunStarted: { granted: "running", cancelling: "cancelling" },
  // That a run ended counts also where the word that it began was lost.
  RunCompleted: endsAs("completed"),
  RunSkipped: endsAs("skipped"),
  RunCancelled: endsAs("cancelled"),
  RunFailed: failed,
  RunTimedOut: failed,
  LeaseExpired: failed,
  CancelRequested: { granted: "cancelling", running: "cancelling" },
  JobCancelled: { scheduled: "cancelled", queued: "cancelled", retrying: "cancelled" },
};

const ENDS = new Set(["completed", "skipped", "failed", "cancelled", "rejected"]);
const HOLDS = new Set(["granted", "running", "cancelling"]);

export const isEnd = (state: string): boolean => ENDS.has(state);
export const holdsSlots = (state: string): boolean => HOLDS.has(state);
export const isJobFact = (type: string): boolean => Object.hasOwn(LIFE, type);

/** A runner may say that trying again cannot help. A time limit and a lost worker say nothing of the kind (DEC-007, DEC-008). */
export const isMishap = (type: string): boolean => type === "RunTimedOut" || type === "LeaseExpired";

/** The state after a fact, or null where it may not come. */
export function stateAfter(type: string, before: string): string | null {
  const after = Object.hasOwn(LIFE, type) ? LIFE[type] : undefined;
  return after?.[before] ?? null;
}
