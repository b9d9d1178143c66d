/** The visualizer: looks at a ledger as one more reader, and shows it to browsers. The front file of its folder. */
import type { Session } from "../client/session.js";
import { untilAborted } from "../until-aborted.js";
import type { MetaFlags } from "./api.js";
import { type Assets, readAssets } from "./assets.js";
import type { Folding } from "./beginning.js";
import { Broadcast } from "./broadcast.js";
import { Following } from "./following.js";
import { isLoopback, newToken } from "./gatekeeping.js";
import { LeaseNews } from "./lease-news.js";
import { otherLimits } from "./limits-answer.js";
import { serveUi, type UiServer } from "./server.js";
import { liveLedger, openCapsule, type Shown } from "./shown.js";
import { type StreamBounds, Streams } from "./streams.js";
import { type WhatIf, WhatIfDesk } from "./what-if.js";

export { NOT_BUILT, readAssets } from "./assets.js";
export { exportPage } from "./export.js";
export { openCapsule, type Shown } from "./shown.js";

export interface UiOptions {
  /** An exported log to look at, or how to come to a server whose ledger goes on. */
  readonly ledger: { readonly capsule: string } | { readonly open: () => Promise<Session> };
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Whether a free one will do where that is taken. */
  readonly orFreePort?: boolean;
  /** Whether the page may act. */
  readonly isActing: boolean;
  /** Who answers what-if questions; null: nobody does. */
  readonly whatIf?: WhatIf | null;
  /** Default: the page as it was built. */
  readonly assets?: Assets;
  readonly bounds?: StreamBounds;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Told how far it is while the ledger is folded, before anything is served. */
  readonly onEntry?: Folding["onEntry"];
}

export interface Ui {
  readonly shown: Shown;
  readonly port: number;
  /** What the page sends with actions, or with everything if the server listens to other machines; null: no token is needed. */
  readonly token: string | null;
  /** False: the page was not built, and only the API answers. */
  readonly hasPage: boolean;
  /** Settles when the signal has aborted and all is closed; rejects if the ledger can be followed no longer for a reason unforeseen. */
  readonly ended: Promise<void>;
}

/**
 * Serves when this resolves. Throws what opening the ledger throws, the signal's reason if it aborts before, or the system's error if
 * the address cannot be listened on.
 */
export async function startUi(options: UiOptions): Promise<Ui> {
  const { ledger, host, port, orFreePort = false, isActing, signal, onEntry = () => {}, bounds = {} } = options;
  const assets = options.assets ?? (await readAssets());
  const { shown, following } = await look(ledger, { signal, onEntry });
  const isOpenToOthers = !isLoopback(host);
  const isAllowed = isActing && shown.command !== null;
  const token = isAllowed || isOpenToOthers ? newToken() : null;
  // What a workload was cannot be read from a part of a log.
  const decides = options.whatIf === undefined ? otherLimits : options.whatIf;
  const whatIf = new WhatIfDesk(shown.begin === null ? decides : null);
  const flags: MetaFlags = { isActing: isAllowed, needsToken: isOpenToOthers, hasWhatIf: whatIf.isOpen };
  const streams = new Streams(bounds);
  const broadcast = new Broadcast(streams, shown.recording);
  const gate = { host, token, needsToken: isOpenToOthers };
  const serveOn = (one: number) => serveUi({ shown, assets, streams, broadcast, gate, flags, whatIf, port: one });
  const server = await serveOn(port)
    .catch((error: unknown) => {
      if (orFreePort && error instanceof Error && "code" in error && error.code === "EADDRINUSE") return serveOn(0);
      throw error;
    })
    .catch(async (error: unknown) => {
      streams.close();
      await following?.session.close();
      throw error;
    });
  const leaseNews = new LeaseNews({ shown, streams, broadcast });
  const ended = untilEnded({ server, broadcast, leaseNews, following, signal });
  return { shown, port: server.port, token, hasPage: assets.size > 0, ended };
}

async function look(
  ledger: UiOptions["ledger"],
  folding: Folding,
): Promise<{ readonly shown: Shown; readonly following: Following | null }> {
  if ("capsule" in ledger) return { shown: await openCapsule(ledger.capsule, folding), following: null };
  const following = await Following.begin({ open: ledger.open, ...folding });
  return { shown: liveLedger(following), following };
}

interface Parts {
  readonly server: UiServer;
  readonly broadcast: Broadcast;
  readonly leaseNews: LeaseNews;
  readonly following: Following | null;
  readonly signal: AbortSignal;
}

async function untilEnded({ server, broadcast, leaseNews, following, signal }: Parts): Promise<void> {
  const over = new AbortController();
  const stopped = untilAborted(signal);
  if (following !== null) void leaseNews.tellOn(AbortSignal.any([signal, over.signal]));
  try {
    // A ledger that has turned out to be corrupt is still shown.
    await Promise.all([following?.follow(broadcast), stopped]);
  } finally {
    over.abort();
    broadcast.close();
    await server.close();
    await following?.session.close();
  }
}

/** What is there of a ledger that goes on, to be exported. It is followed no further. */
export async function liveCapsule(open: () => Promise<Session>, folding: Folding): Promise<Shown & AsyncDisposable> {
  const following = await Following.begin({ open, ...folding });
  return Object.assign(liveLedger(following), { [Symbol.asyncDispose]: () => following.session.close() });
}
