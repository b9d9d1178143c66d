/** A host on loopback that publishes one release of "nats-server": a script that states its version. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { runProgram } from "../../src/embedded/program.js";
import { freshFolder, writeScript } from "./folders.js";

export interface ReleaseHost extends AsyncDisposable {
  readonly baseUrl: string;
  /** The paths asked for so far. */
  readonly asked: readonly string[];
}

/** What the host does other than an honest one. */
export interface Fault {
  /** Publish a checksum that is not the archive's. */
  readonly wrongSum?: boolean;
  /** Take the request and never answer. */
  readonly silent?: boolean;
  /** Put so many bytes before the checksums. */
  readonly paddingBytes?: number;
  /** Answer nobody who asks for the archive before so many have asked; 1 if not given. */
  readonly askedTogether?: number;
}

export async function startReleaseHost(version: string, fault: Fault = {}): Promise<ReleaseHost> {
  const folder = await freshFolder();
  const processors: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
  const name = `nats-server-v${version}-${process.platform}-${processors[process.arch]}`;
  await writeScript(join(folder, name, "nats-server"), `echo "nats-server: v${version}"`);
  await runProgram("tar", ["-czf", join(folder, "archive"), "-C", folder, name], { timeoutMs: 10_000 });
  const archive = await readFile(join(folder, "archive"));
  const sum = createHash("sha256").update(archive).digest("hex");
  const published = fault.wrongSum === true ? sum.replaceAll(/[0-9a-f]/g, "0") : sum;
  const sums = `${" ".repeat(fault.paddingBytes ?? 0)}${published}  ${name}.tar.gz\n`;

  const asked: string[] = [];
  const waiting: ServerResponse[] = [];
  let archivesAsked = 0;
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    if (fault.silent === true) return;
    if (path === `/v${version}/SHA256SUMS`) response.end(sums);
    else if (path === `/v${version}/${name}.tar.gz`) {
      archivesAsked += 1;
      waiting.push(response);
      if (archivesAsked >= (fault.askedTogether ?? 1)) for (const one of waiting.splice(0)) one.end(archive);
    } else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the release host has no port");
  return {
    baseUrl: `http://127.0.0.1:${address.port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
