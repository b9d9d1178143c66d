/**
 * Fetches nats-server from its official release: the archive for this machine, verified by the published SHA256SUMS.
 */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "./errors.js";
import { runProgram } from "./program.js";

/** Where the project publishes its releases; below it stand `v<version>/<file>`. */
export const RELEASE_BASE_URL = "https://github.com/nats-io/nats-server/releases/download";

/** A machine without internet must learn it soon. The bound covers the redirects, up to the answer's first byte. */
const answerTimeoutMs = 4_000;
const sumsTimeoutMs = 10_000;
const archiveTimeoutMs = 120_000;
const unpackTimeoutMs = 60_000;
const sumsBytesMax = 64 * 1024;
/** The archives have some 7 MB; one that is ten times as large is not one. */
const archiveBytesMax = 64 * 1024 * 1024;

/**
 * Downloads and unpacks release `version` into `work` and returns the binary's path there.
 * Throws if the host cannot be reached, there is no archive for this machine, or its checksum differs.
 */
export async function fetchRelease(baseUrl: string, version: string, work: string): Promise<string> {
  const name = `nats-server-v${version}-${systemName()}-${processorName()}`;
  const archiveName = `${name}.tar.gz`;
  const folderUrl = `${baseUrl}/v${version}`;
  const sums = await download(`${folderUrl}/SHA256SUMS`, sumsBytesMax, sumsTimeoutMs);
  const published = publishedSum(sums.toString("utf8"), archiveName);
  const archive = await download(`${folderUrl}/${archiveName}`, archiveBytesMax, archiveTimeoutMs);
  const actual = createHash("sha256").update(archive).digest("hex");
  if (actual !== published)
    throw new Error(`${folderUrl}/${archiveName} has the SHA-256 ${actual}, but SHA256SUMS says ${published}: refused`);
  const file = join(work, archiveName);
  await writeFile(file, archive);
  // Only the one member is unpacked, so that nothing else in an archive can reach the disk.
  const argv = ["-xzf", file, "-C", work, `${name}/nats-server`];
  await runProgram("tar", argv, { timeoutMs: unpackTimeoutMs });
  return join(work, name, "nats-server");
}

function publishedSum(sums: string, archiveName: string): string {
  for (const line of sums.split("\n")) {
    const [sum, name] = line.trim().split(/\s+\*?/);
    if (name === archiveName && sum !== undefined && /^[0-9a-f]{64}$/.test(sum)) return sum;
  }
  throw new Error(`the release's SHA256SUMS has no line for ${archiveName}`);
}

async function download(url: string, bytesMax: number, timeoutMs: number): Promise<Buffer> {
  const controller = new AbortController();
  const answer = setTimeout(() => controller.abort(new Error(`no answer in ${answerTimeoutMs} ms`)), answerTimeoutMs);
  const whole = setTimeout(() => controller.abort(new Error(`not complete in ${timeoutMs} ms`)), timeoutMs);
  try {
    const response = await fetch(url, { signal: controller.signal });
    clearTimeout(answer);
    if (!response.ok || response.body === null) throw new Error(`the host answered ${response.status}`);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body) {
      bytes += part.byteLength;
      if (bytes > bytesMax) throw new Error(`more than the ${bytesMax} bytes that it may have`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch (error) {
    // fetch says only "fetch failed"; what a person needs ("ENOTFOUND") is in the cause.
    const reason = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    throw new Error(`${url}: ${reason}`, { cause: error });
  } finally {
    clearTimeout(answer);
    clearTimeout(whole);
    controller.abort();
  }
}

/** The system's name in the names of the archives. */
function systemName(): string {
  if (process.platform === "linux" || process.platform === "darwin" || process.platform === "freebsd")
    return process.platform;
  throw new Error(`no archive is known for the system ${process.platform}`);
}

/** The processor's name in the names of the archives. */
function processorName(): string {
  const names: Readonly<Record<string, string>> = {
    x64: "amd64",
    arm64: "arm64",
    ia32: "386",
    arm: "arm7",
    s390x: "s390x",
  };
  const name = names[process.arch];
  if (name === undefined) throw new Error(`no archive is known for the processor ${process.arch}`);
  return name;
}
