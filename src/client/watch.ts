/** Watches one job until it has ended: by what the scheduler announces, and by asking, so that nothing is missed. */
import type { Json } from "../../events/json.js";
import type { JobId } from "../../events/names.js";
import { isTerminal } from "../../events/states.js";
import type { JobView } from "../../projections/views/views.js";
import type { Msg } from "../nats/door.js";
import { ClientFailure } from "./failure.js";
import { nextNews } from "./news.js";
import type { Session } from "./session.js";

/** A fact as it is announced: with its address, its time, and whatever else the fact holds. */
export interface AnnouncedFact {
  readonly at: string;
  readonly type: string;
  readonly job: string;
  readonly [key: string]: Json;
}

export interface WatchHooks {
  readonly onFact?: (fact: AnnouncedFact) => void;
  readonly onProgress?: (update: Json) => void;
  /** Called once if no scheduler answers: the job waits in the intake meanwhile. */
  readonly onNoScheduler?: () => void;
}

export interface JobWatch {
  /** Resolves with the job when it is in a terminal state; null if `signal` aborts before. */
  ended(signal: AbortSignal): Promise<JobView | null>;
  close(): void;
}

/** An announcement can be lost with a connection or a scheduler; asking this often makes up for it. */
const ASK_EVERY_MS = 2_000;

/** Subscribes to a job's announcements. Once this resolves no later one is missed, so it may come before the submission. */
export async function watchJob(session: Session, id: string, hooks: WatchHooks = {}): Promise<JobWatch> {
  const { nc, subjects } = session;
  const news = new EventTarget();
  const facts = nc.subscribe(subjects.event(id, ">"), {
    callback: (_error, message) => {
      const fact = read<AnnouncedFact>(message);
      if (fact === null) return;
      hooks.onFact?.(fact);
      news.dispatchEvent(new Event("news"));
    },
  });
  const progress = nc.subscribe(subjects.progress(id as JobId), {
    callback: (_error, message) => {
      const update = read<Json>(message);
      if (update !== null) hooks.onProgress?.(update);
    },
  });
  await nc.flush();

  async function ended(signal: AbortSignal): Promise<JobView | null> {
    let isTold = false;
    while (!signal.aborted) {
      // Listening begins before asking: a fact that comes between the answer and the wait is not slept through.
      const next = nextNews(news, ASK_EVERY_MS, signal);
      try {
        const job = await session.ask("job", { id });
        if (isTerminal(job.state)) {
          news.dispatchEvent(new Event("news"));
          return job;
        }
      } catch (error) {
        if (!(error instanceof ClientFailure) || error.code === "refused") throw error;
        if (error.code === "no-scheduler" && !isTold) {
          isTold = true;
          hooks.onNoScheduler?.();
        }
      }
      await next;
    }
    return null;
  }

  return {
    ended,
    close: () => {
      if (nc.isClosed()) return;
      facts.unsubscribe();
      progress.unsubscribe();
    },
  };
}

/** Announcements are written by the scheduler; what is not JSON is not one. */
function read<T>(message: Msg): T | null {
  try {
    return message.json<T>();
  } catch {
    return null;
  }
}
