/** What is said to the dispatcher, and what it says: the mail that a turn takes, and what is to be done when its entry is stored. */
import type { Fact } from "../../events/facts.js";
import type { FactAddress, JobId, Position } from "../../events/names.js";
import type { Refusal } from "../../projections/commands.js";
import type { Fold } from "../../projections/fold.js";
import type { Report } from "../../projections/reports.js";
import type { Assignment } from "../worker/assignment.js";
import type { AbortCause } from "../worker/ending.js";
import type { IntakeItem, Order } from "./arrivals.js";

/** What a turn may take from the mailbox. */
export type Input =
  | IntakeItem
  | { readonly kind: "report"; readonly report: Report; readonly settled?: Settled }
  | { readonly kind: "request"; readonly order: Order; readonly reply: (answer: Answer) => void }
  /** Facts that the dispatcher itself has reason for: the beginning of a reign, a recovery. Asked again for those that did not fit. */
  | { readonly kind: "own"; readonly facts: (fold: Fold) => readonly Fact[]; readonly settled?: Settled };

/** Told whether what was brought is on record, or never will be because the reign is over. */
export type Settled = (outcome: "recorded" | "dropped") => void;

/** The answer to a request, given after its facts are stored; `position` is where the first of them stands, `id` what they made. */
export type Answer =
  | { readonly ok: true; readonly position: FactAddress | null; readonly id: string | null }
  | { readonly ok: false; readonly refusal: Refusal };

/** To be done when the entry is stored, in this order. */
export type Effect =
  | { readonly kind: "start"; readonly assignment: Assignment }
  | { readonly kind: "abort"; readonly job: JobId; readonly grant: Position; readonly cause: AbortCause }
  | { readonly kind: "recorded"; readonly job: JobId; readonly grant: Position }
  | { readonly kind: "settled"; readonly settled: Settled }
  | { readonly kind: "reply"; readonly reply: (answer: Answer) => void; readonly answer: Answer };

export const NOT_LEADING = { refused: "conflict", reason: "this scheduler does not lead; ask again" } as const;

/** The role is over: whoever was promised an answer gets one, or asks again. */
export function drop(inputs: readonly Input[], effects: readonly Effect[]): void {
  for (const mail of [...inputs, ...effects]) {
    if (mail.kind === "request" || mail.kind === "reply") mail.reply({ ok: false, refusal: NOT_LEADING });
    else if ("settled" in mail) mail.settled?.("dropped");
  }
}
