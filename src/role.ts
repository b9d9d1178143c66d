/** Waits until it is settled whether a scheduler leads or stands by: only then is it known who answers. */
import type { Fold } from "../projections/fold.js";
import { askLeader } from "./api/leadership.js";
import type { Dispatcher } from "./dispatcher/dispatcher.js";
import { NotAnswered } from "./dispatcher/questions.js";
import type { NatsConnection } from "./nats/door.js";
import type { Scheduler } from "./scheduler.js";

/** The role of a scheduler, and who leads if it does not. */
export type Role =
  | { readonly role: "leading" }
  | {
      /** `starting`: the leader on record neither answers nor is gone for sure; it is waited for. */
      readonly role: "standby" | "starting";
      readonly leader: string | null;
    };

/** How often the scheduler is asked. */
const POLL_MS = 50;
/** A leader that is paused is waited for at least 5 s before it is replaced. */
const SETTLE_MS_MAX = 15_000;

/**
 * Resolves when the scheduler leads, or stands by behind a leader that answers; after 15 s with `starting`; with null if
 * `over` settles before.
 */
export async function untilRole(
  { dispatcher, subjects }: Scheduler,
  nc: NatsConnection,
  over: Promise<unknown>,
): Promise<Role | null> {
  let isOver = false;
  void over.then(() => {
    isOver = true;
  });
  const deadline = performance.now() + SETTLE_MS_MAX;
  let leader: string | null = null;
  while (!isOver) {
    if (dispatcher.leads) return { role: "leading" };
    if (dispatcher.state === "standby") {
      leader = await askAgain(dispatcher, (fold) => fold.leader?.dispatcher ?? null);
      // Without a leader that answers, it is about to lead itself.
      if (leader !== null && (await askLeader(nc, subjects, leader)) === "leads")
        return dispatcher.leads ? { role: "leading" } : { role: "standby", leader };
    }
    if (performance.now() > deadline) return { role: "starting", leader };
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return null;
}

/**
 * Asks the projection until it answers. Two schedulers that start together both want to lead: whose election is refused has no answer to
 * what was asked of it, and is no worse for it.
 */
export async function askAgain<T>(dispatcher: Dispatcher, ask: (fold: Fold) => T): Promise<T> {
  for (;;) {
    try {
      return await dispatcher.query(ask);
    } catch (error) {
      if (!(error instanceof NotAnswered)) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
