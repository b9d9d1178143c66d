/** Asks a running scheduler, in passing, for what completes a word: within a moment, or not at all. */
import { setTimeout as pause } from "node:timers/promises";
import { PAGE_JOBS_MAX } from "../../api/page.js";
import { openSession, type Session } from "../../client/session.js";
import type { LoadedConfiguration } from "../../config/load.js";
import { readConfiguration } from "../configuration.js";
import type { CommonOptions } from "../options.js";
import type { Terminal } from "../terminal.js";
import type { Candidate, Wanted } from "./complete.js";

/** Longer than this nobody waits for a key. */
const ANSWER_MS_MAX = 300;

/** The candidates; none when nothing answers in time, when it may not be asked, or when the configuration is wrong. */
export async function askInPassing(
  wanted: Wanted,
  given: Readonly<Record<string, string>>,
  terminal: Terminal,
): Promise<readonly Candidate[]> {
  const silent: Terminal = { ...terminal, err: () => {}, out: () => {} };
  const asked = ask(wanted, { ...given, output: "table" }, silent).catch(() => []);
  return await Promise.race([asked, pause(ANSWER_MS_MAX, [])]);
}

async function ask(wanted: Wanted, options: CommonOptions, terminal: Terminal): Promise<readonly Candidate[]> {
  const loaded = readConfiguration(options, terminal);
  const written = fromConfiguration(wanted, loaded);
  if (written !== null) return written;
  const { nats, context, creds } = options;
  const { env, cwd } = terminal;
  const session = await openSession({ loaded, nats, context, creds, env, cwd, onNotice: () => {} });
  try {
    return await fromScheduler(wanted, session);
  } finally {
    await session.close();
  }
}

/** Null if the configuration does not tell. */
function fromConfiguration(wanted: Wanted, { configuration }: LoadedConfiguration): readonly Candidate[] | null {
  if (wanted.kind === "templates") return Object.keys(configuration.templates).map((value) => ({ value }));
  const types = Object.keys(configuration.types);
  return wanted.kind === "types" && types.length > 0 ? types.map((value) => ({ value })) : null;
}

/** Of a long list the first page. */
async function fromScheduler(wanted: Wanted, session: Session): Promise<readonly Candidate[]> {
  switch (wanted.kind) {
    case "jobs": {
      const { states } = wanted;
      const jobs = await session.ask("jobs", { limit: PAGE_JOBS_MAX, ...(states !== null && { states }) });
      return jobs.map(({ id, state, type }) => ({ value: id, text: `${type ?? "–"}, ${state}` }));
    }
    case "groups": {
      const groups = await session.ask("groups");
      return groups.map(({ id, status }) => ({ value: id, text: status }));
    }
    case "pools": {
      const { pools } = await session.ask("slots");
      return pools.map(({ name, used, capacity }) => ({ value: name, text: `${used} of ${capacity} used` }));
    }
    case "resources": {
      const { pools } = await session.ask("slots");
      return pools.flatMap(({ name }) => (name.startsWith("resource:") ? [{ value: `${name.slice(9)}=1` }] : []));
    }
    case "types": {
      const [{ workers }, jobs] = await Promise.all([session.ask("workers"), session.ask("jobs")]);
      const types = [...workers.flatMap((worker) => worker.types ?? []), ...jobs.flatMap(({ type }) => type ?? [])];
      return [...new Set(types)].sort().map((value) => ({ value }));
    }
    case "schedules": {
      const schedules = await session.ask("schedules");
      return schedules.map(({ name, cron }) => ({ value: name, text: cron }));
    }
    case "templates":
      return [];
    default:
      return wanted satisfies never;
  }
}
