/** Words about pools: their short names, and why a job waits for one. */
import type { BoardJob } from "../../protocol.js";

/** `resource:ollama` is shown as `ollama`, and `global` as it is. */
export function poolParts(name: string): { readonly kind: string; readonly short: string } {
  const colon = name.indexOf(":");
  return colon === -1 ? { kind: "", short: name } : { kind: name.slice(0, colon), short: name.slice(colon + 1) };
}

type Shortages = NonNullable<BoardJob["blockedBy"]>;
const CAUSES: Readonly<Record<Shortages[number]["cause"], string>> = {
  full: "full",
  paused: "paused",
  "over-capacity": "smaller than needed",
  "no-worker": "no worker",
};

/** Why a job waits, in a few words: `ollama full`; `starts next` where nothing keeps it. */
export function reasonText(blockedBy: BoardJob["blockedBy"]): string {
  if (blockedBy === null) return "";
  if (blockedBy.length === 0) return "starts next";
  return blockedBy
    .map(({ pool, cause }) =>
      pool === "workers"
        ? cause === "no-worker"
          ? CAUSES[cause]
          : "workers busy"
        : `${poolParts(pool).short} ${CAUSES[cause]}`,
    )
    .join(", ");
}
