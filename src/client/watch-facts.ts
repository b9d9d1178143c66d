/** Hears of every fact that the scheduler announces, whatever it is about. */
import { nextNews } from "./news.js";
import type { Session } from "./session.js";

export interface FactsWatch {
  /** Resolves when a fact was announced since the last call, after `msMax`, or when `signal` aborts. */
  next(msMax: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Once this resolves no later announcement is missed, unless it is lost on its way: so ask now and then without one. */
export async function watchFacts({ nc, subjects }: Session): Promise<FactsWatch> {
  const news = new EventTarget();
  let isNew = false;
  const facts = nc.subscribe(subjects.event("*", "*"), {
    callback: () => {
      isNew = true;
      news.dispatchEvent(new Event("news"));
    },
  });
  await nc.flush();
  return {
    next: async (msMax, signal) => {
      if (!isNew && !signal.aborted) await nextNews(news, msMax, signal);
      isNew = false;
    },
    close: () => {
      if (!nc.isClosed()) facts.unsubscribe();
    },
  };
}
