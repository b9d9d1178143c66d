/** `signalbox ui` as a process of its own, for as long as a test needs it. */
import { startProgram } from "../cli/world.js";

export interface UiProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** Settles when the page can be opened. */
export async function startUiProcess(natsUrl: string, args: readonly string[] = []): Promise<UiProcess> {
  const running = startProgram(["ui", ...args, "-o", "json"], { env: { NATS_URL: natsUrl }, msMax: null });
  let said = "";
  running.child.stdout?.on("data", (text: string) => {
    said += text;
  });
  await running.saw("stdout", "}\n");
  const { url }: { url: string } = JSON.parse(said);
  return {
    url,
    port: Number(new URL(url).port),
    [Symbol.asyncDispose]: async () => {
      running.child.kill("SIGKILL");
      await running.ended;
    },
  };
}
