/** Opens a page in the browser that this person uses. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};
const OPENER_ELSEWHERE = ["xdg-open"] as const;

/**
 * Opens the URL; false if there is no way to. Everybody on this machine sees the arguments of a program, so a URL with a token
 * goes by way of a file that only this person can read. Whatever is left of that is removed by the returned disposer.
 */
export async function openBrowser(
  url: string,
  isSecret: boolean,
): Promise<{ isOpen: boolean; remove: () => Promise<void> }> {
  const folder = isSecret ? await mkdtemp(join(tmpdir(), "signalbox-ui-")) : null;
  const remove = async () => {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  };
  const target = folder === null ? url : await wayTo(url, folder);
  const [program, ...args] = OPENERS[process.platform] ?? OPENER_ELSEWHERE;
  const child = spawn(program, [...args, target], { stdio: "ignore", detached: true });
  const isOpen = await new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("spawn", () => resolve(true));
  });
  child.unref();
  return { isOpen, remove };
}

async function wayTo(url: string, folder: string): Promise<string> {
  const file = join(folder, "open.html");
  await writeFile(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${url}">`, { mode: 0o600 });
  return pathToFileURL(file).href;
}
