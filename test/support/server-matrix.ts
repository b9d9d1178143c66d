/** Runs a suite of tests once for each nats-server version that the project promises to work with. */
import { describe } from "vitest";
import type { NamedVersion } from "../../src/embedded/binary.js";
import { providedServers } from "./nats-server.js";

/**
 * Describes `suite` for every version. A version that is not to be had here is skipped, with the reason in the title,
 * so that it shows in every report. Await it at the top level of the test file.
 */
export async function describeOnEveryServer(title: string, suite: (version: NamedVersion) => void): Promise<void> {
  for (const [version, provided] of await providedServers()) {
    if ("binary" in provided) describe(`${title}, on nats-server ${provided.binary.version}`, () => suite(version));
    else describe.skip(`${title}, on nats-server ${version} (skipped: ${provided.reason})`, () => suite(version));
  }
}
