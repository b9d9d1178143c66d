/** `signalbox ui` as a process, and the URL that it printed. */
import type { Running, World } from "../cli/world.js";

/** It is killed if a test file forgets it for so long. */
const RUN_MS_MAX = 180_000;

export interface UiProcess extends AsyncDisposable {
  readonly running: Running;
  /** As it was printed, with the token if there is one. */
  readonly printed: string;
  /** Up to the fragment; ends with `/`. */
  readonly url: string;
  readonly token: string;
}

export async function startUiProcess(world: Pick<World, "start">, args: readonly string[] = []): Promise<UiProcess> {
  const running = world.start(["ui", ...args, "-o", "json"], { runMsMax: RUN_MS_MAX });
  let said = "";
  running.child.stdout?.on("data", (text: string) => {
    said += text;
  });
  await running.saw("stdout", "}\n");
  const { url: printed } = JSON.parse(said);
  const [url = "", token = ""] = printed.split("#token=");
  return {
    ...{ running, printed, url, token },
    [Symbol.asyncDispose]: async () => {
      running.child.kill("SIGINT");
      await running.ended;
    },
  };
}
