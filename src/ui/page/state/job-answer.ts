/** One job as of the moment that is shown, asked again when something was recorded about it. */
import { useComputed } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { JobAnswer } from "../../protocol.js";
import { type Answer, useAnswer } from "./answer.js";
import { useSession } from "./session.js";

/** A waiting job's reasons change with what others do: asked this often at the most. */
const ASK_AGAIN_MS = 2_000;

export function useJobAnswer(id: string | null): Answer<JobAnswer> {
  const { source, playhead, feed, now } = useSession();
  const at = playhead.at.value;
  const ticks = useComputed(() => (playhead.isLive.value ? Math.floor(now.value / ASK_AGAIN_MS) : 0));
  const touched = useRef("");
  if (playhead.isLive.value) {
    const facts = feed.facts.value;
    for (let index = facts.length - 1; index >= Math.max(0, facts.length - 200); index -= 1) {
      const fact = facts[index];
      if (fact?.job !== id) continue;
      touched.current = fact?.address ?? "";
      break;
    }
  }
  const key = id === null ? "" : JSON.stringify([id, at ?? null, touched.current, ticks.value]);
  return useAnswer(key, (signal) => source.job(id ?? "", at, signal));
}
