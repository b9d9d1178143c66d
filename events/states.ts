/** The one set of status names, used by log, CLI, API and UI alike (DEC-006). */

export const JOB_STATES = [
  "scheduled",
  "queued",
  "granted",
  "running",
  "cancelling",
  "retrying",
  "completed",
  "skipped",
  "failed",
  "cancelled",
  "rejected",
] as const;
export type JobState = (typeof JOB_STATES)[number];

/** A state that never changes again (INV-007). */
export const TERMINAL_STATES = ["completed", "skipped", "failed", "cancelled", "rejected"] as const;
export type TerminalState = (typeof TERMINAL_STATES)[number];

/** A job holds its slots exactly in these states; asserted by the fold, not assumed. */
export const SLOT_HOLDING_STATES = ["granted", "running", "cancelling"] as const;
export type SlotHoldingState = (typeof SLOT_HOLDING_STATES)[number];

export const ATTEMPT_OUTCOMES = ["completed", "skipped", "failed", "timed-out", "cancelled", "lost"] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

const terminal: ReadonlySet<string> = new Set(TERMINAL_STATES);
const slotHolding: ReadonlySet<string> = new Set(SLOT_HOLDING_STATES);

export const isTerminal = (state: string): state is TerminalState => terminal.has(state);
export const isSlotHolding = (state: string): state is SlotHoldingState => slotHolding.has(state);
