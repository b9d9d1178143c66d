/** Waiting for what the scheduler announces, which may be lost, and so never for longer than a while. */

/** Resolves with the next `fact` event, after `msMax`, or when `signal` aborts. */
export function nextNews(news: EventTarget, signal: AbortSignal, msMax: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      news.removeEventListener("fact", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, msMax);
    news.addEventListener("fact", done);
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
  });
}
