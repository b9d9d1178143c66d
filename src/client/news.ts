/** Waiting for the next thing that somebody tells us, without relying on being told. */

/** Resolves with the next `news` event, after `msMax`, or when `signal` aborts, whichever comes first. */
export function nextNews(target: EventTarget, msMax: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      target.removeEventListener("news", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, msMax);
    target.addEventListener("news", done);
    signal.addEventListener("abort", done);
  });
}
