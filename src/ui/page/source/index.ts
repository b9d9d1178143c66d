/** Where the page gets everything from: the recording inside it if there is one, else the server that it came from. */
import type { Capsule, Source } from "../../protocol.js";
import { CapsuleSource } from "./capsule-source.js";
import { LiveSource } from "./live-source.js";

export { isAbort, SourceFailure, sentenceOf } from "./failure.js";

export function openSource(options: { token: string | null; onCut: (reason: string) => void }): Source {
  const capsule = document.getElementById("capsule")?.textContent;
  return capsule == null ? new LiveSource(options) : new CapsuleSource(JSON.parse(capsule) as Capsule);
}
