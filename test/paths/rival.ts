/** Another dispatcher, of which no more is seen than its election in the ledger. */
import type { Log } from "../../src/log/log.js";

interface Header {
  readonly id: string;
  readonly epoch: number;
  readonly at: string;
  readonly intake: object;
}

/** Writes its election, which follows on what is stored; `at` is the time if nothing is. */
export async function writeRival(ledger: Log, subject: string, at: string): Promise<void> {
  const { last } = await ledger.state();
  const previous = await headerAt(ledger, last);
  const epoch = (previous?.epoch ?? 0) + 1;
  const process = { host: "elsewhere", pid: 1, startedAt: "1" };
  const entry = {
    ...{ v: 1, id: `rival-${epoch}`, prev: previous?.id ?? null, epoch },
    at: previous?.at ?? at,
    intake: previous?.intake ?? { sequence: 0, taken: 0 },
    facts: [{ type: "DispatcherElected", epoch, dispatcher: "rival", process, version: "test" }],
  };
  await ledger.append({ subject, data: Buffer.from(JSON.stringify(entry)), expectedLast: last });
}

async function headerAt(ledger: Log, position: number): Promise<Header | null> {
  const stored = position === 0 ? null : await ledger.read(position);
  return stored === null ? null : (JSON.parse(Buffer.from(stored.data).toString("utf8")) as Header);
}
