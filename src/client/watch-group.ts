/** Watches a group until all its members have ended: by what the scheduler announces, and by asking, so that nothing is missed. */
import type { GroupListItem } from "../../projections/views/views.js";
import { ClientFailure } from "./failure.js";
import { nextNews } from "./news.js";
import type { Session } from "./session.js";

export interface GroupWatchHooks {
  /** How it stands, each time that it was asked about. */
  readonly onStanding?: (group: GroupListItem) => void;
  /** Called once if no scheduler answers. */
  readonly onNoScheduler?: () => void;
}

/** Its members' ends are not announced to those who watch a group: how it gets on is asked for. */
const ASK_EVERY_MS = 1_000;
/** A submission that was acknowledged just now may not be decided yet. For so long an unknown group may be about to come. */
const UNDECIDED_MS_MAX = 3_000;

/**
 * Resolves with how the group stands when it has ended; null if `signal` aborts before. Throws `ClientFailure` with `not-found`
 * if there is no such group.
 */
export async function watchGroup(
  session: Session,
  id: string,
  signal: AbortSignal,
  hooks: GroupWatchHooks = {},
): Promise<GroupListItem | null> {
  const { nc, subjects } = session;
  const news = new EventTarget();
  const ends = nc.subscribe(subjects.event(id, "GroupEnded"), {
    callback: () => void news.dispatchEvent(new Event("news")),
  });
  const begun = performance.now();
  let isTold = false;
  try {
    await nc.flush();
    while (!signal.aborted) {
      // Listening begins before asking: an end that comes between the answer and the wait is not slept through.
      const next = nextNews(news, ASK_EVERY_MS, signal);
      try {
        const group = await session.ask("group", { id, limit: 1 });
        hooks.onStanding?.(group);
        if (group.status !== "running") return group;
      } catch (error) {
        if (!(error instanceof ClientFailure) || error.code === "refused") throw error;
        if (error.code === "not-found" && performance.now() - begun > UNDECIDED_MS_MAX) throw error;
        if (error.code === "no-scheduler" && !isTold) {
          isTold = true;
          hooks.onNoScheduler?.();
        }
      }
      await next;
    }
    return null;
  } finally {
    if (!nc.isClosed()) ends.unsubscribe();
  }
}
