/** The lock on a folder, in both its forms: the abstract name of Linux and the socket file of other systems. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { lockAddress, takeLock, watchLock } from "../../src/embedded/lock.js";
import { freshFolder } from "./folders.js";

const holders: ChildProcess[] = [];
const addresses: string[] = [];
afterEach(async () => {
  for (const holder of holders.splice(0)) holder.kill("SIGKILL");
  // A holder that is killed leaves its socket file, where there is one; that is what the next taker must cope with.
  for (const address of addresses.splice(0)) if (address.startsWith("/")) await rm(address, { force: true });
});

async function freshAddress(platform: NodeJS.Platform): Promise<string> {
  const address = lockAddress(await freshFolder(), platform);
  addresses.push(address);
  return address;
}

/** Another process that asks for the lock, and holds it until it is killed if it gets it. */
async function contender(address: string): Promise<{ process: ChildProcess; said: string }> {
  const module = pathToFileURL(join(import.meta.dirname, "../../dist/src/embedded/lock.js")).href;
  const code = `
    import { takeLock } from ${JSON.stringify(module)};
    console.log((await takeLock(${JSON.stringify(address)})) === null ? "refused" : "held");`;
  const argv = ["--input-type=module", "-e", code];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  holders.push(child);
  const [said] = await once(child.stdout, "data");
  return { process: child, said: String(said).trim() };
}

const forms: readonly NodeJS.Platform[] = process.platform === "linux" ? ["linux", "darwin"] : [process.platform];

describe.each(forms)("the lock of a folder, as on %s", (platform) => {
  test("given a lock that is held, when it is asked for again, then it is refused until it is released", async () => {
    const address = await freshAddress(platform);
    const lock = await takeLock(address);
    expect(lock).not.toBeNull();
    expect(await takeLock(address)).toBeNull();
    await lock?.release();
    const next = await takeLock(address);
    expect(next).not.toBeNull();
    await next?.release();
    expect(existsSync(address)).toBe(false);
  });

  test("given a holder that is killed, then whoever watches is told, and the lock is free", async () => {
    const address = await freshAddress(platform);
    const holder = await contender(address);
    expect(holder.said).toBe("held");
    expect(await takeLock(address)).toBeNull();
    const watch = await watchLock(address);
    expect(watch).not.toBeNull();
    holder.process.kill("SIGKILL");
    await watch?.gone;
    expect((await contender(address)).said).toBe("held");
  });

  test("given a lock that nobody holds, then there is nothing to watch", async () => {
    expect(await watchLock(await freshAddress(platform))).toBeNull();
  });

  test("given many that ask at the same time where a holder was killed, then exactly one gets the lock", async () => {
    const address = await freshAddress(platform);
    const holder = await contender(address);
    holder.process.kill("SIGKILL");
    await once(holder.process, "close");
    const contenders = await Promise.all([1, 2, 3].map(() => contender(address)));
    expect(contenders.map(({ said }) => said).sort()).toEqual(["held", "refused", "refused"]);
  });
});

test("given two folders, then their locks have different addresses", async () => {
  expect(lockAddress(await freshFolder())).not.toBe(lockAddress(await freshFolder()));
});
