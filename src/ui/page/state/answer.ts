/** A question to the source, asked again when its key changes. The answer before stays until the new one is there. */
import { useEffect, useRef, useState } from "preact/hooks";
import { isAbort, SourceFailure, sentenceOf } from "../source/index.js";

export interface Answer<T> {
  readonly value: T | null;
  /** Why there is no new answer; null if there is one, or it is awaited. */
  readonly problem: string | null;
  readonly isAsking: boolean;
}

/** What is not there has no answer; where nobody answers, the last one still holds. */
function after<T>(before: Answer<T>, error: unknown): Answer<T> {
  return error instanceof SourceFailure && error.code === "not-found" ? { ...before, value: null } : before;
}

export function useAnswer<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ value: null, problem: null, isAsking: true });
  const latest = useRef(ask);
  latest.current = ask;
  // The key stands for everything that the question depends on.
  useEffect(() => {
    if (key === "") return;
    const asking = new AbortController();
    setAnswer((before) => ({ ...before, isAsking: true }));
    latest.current(asking.signal).then(
      (value) => {
        if (!asking.signal.aborted) setAnswer({ value, problem: null, isAsking: false });
      },
      (error: unknown) => {
        if (!isAbort(error) && !asking.signal.aborted)
          setAnswer((before) => ({ ...after(before, error), problem: sentenceOf(error), isAsking: false }));
      },
    );
    return () => asking.abort();
  }, [key]);
  return answer;
}
