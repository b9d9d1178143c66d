/**
 * The audit of a scheduler that runs: what it says of its slots is compared with what its ledger says at that very position, and what
 * the workers say they run with who holds slots. All of it is asked over the wire, of each by itself.
 */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { position } from "../../events/names.js";
import type { Difference } from "../../projections/audit/differences.js";
import {
  type ClaimedRun,
  type Holdings,
  type RunningWorker,
  suspectedRuns,
} from "../../projections/audit/run-differences.js";
import type { Worker } from "../../projections/slots.js";
import { entryOf } from "../log/entry.js";
import type { Log } from "../log/log.js";
import { type RunningAnswer, runningSchema } from "../worker/protocol.js";
import { type Audit, type AuditedWorker, type Auditing, ofLedger, Recomputation, refusal } from "./audit.js";
import { readMessages } from "./reader.js";
import type { Session } from "./session.js";

/** Of the scheduler's answer what is compared. It is not believed, not even in its form. */
const statedSchema = z.object({
  position: z.number().int().nonnegative(),
  pools: z.array(
    z.object({
      name: z.string(),
      capacity: z.number(),
      used: z.number(),
      paused: z.boolean(),
      holders: z.array(
        z.object({
          job: z.string(),
          units: z.number(),
          grant: z.number(),
          worker: z.string(),
          reservation: z.literal(true).exactOptional(),
        }),
      ),
    }),
  ),
});

/** What is suspected in each of so many rounds is so: an order on its way is there by then, and so is the word of an end. */
const ROUNDS = 3;
const BETWEEN_ROUNDS_MS = 1_000;
const WORKER_ANSWER_MS = 2_000;
const WORKERS_ASKED_AT_ONCE = 50;

/** Throws `ClientFailure` with `no-scheduler` when none answers, or if the ledger cannot be read. */
export async function auditScheduler(session: Session, auditing: Auditing): Promise<Audit> {
  // 1. What the scheduler says, and as of which position.
  const answer: unknown = await session.ask("slots");
  const ledger = await session.ledger();
  const { last } = await ledger.state();
  const both = new Recomputation();
  const read = statedSchema.safeParse(answer);
  if (!read.success) {
    const text = `what the scheduler answers are no slots: ${z.prettifyError(read.error).split("\n")[0]}`;
    return both.audit({ workers: [], differences: [ofLedger(text)] });
  }
  const stated = read.data;
  if (stated.position > last) {
    const text = `the scheduler answers as of position ${stated.position}, and its ledger ends at ${last}`;
    return both.audit({ workers: [], differences: [ofLedger(text)] });
  }
  // 2. The same from zero, up to that position.
  const found = await readUpTo(both, ledger, stated.position, auditing);
  if (found.length > 0 || auditing.signal.aborted) return both.audit({ workers: [], differences: found });
  const differences = both.differences(stated.pools, "the scheduler");
  const audited = both.audit({ workers: [], differences });
  // 3. What the workers run.
  const { workers, confirmed } = await auditWorkers(both, session, ledger, auditing);
  return { ...audited, workers, differences: [...differences, ...confirmed] };
}

async function readUpTo(both: Recomputation, ledger: Log, last: number, auditing: Auditing): Promise<Difference[]> {
  const { signal, onEntry } = auditing;
  try {
    for await (const message of readMessages(ledger, both.fold.head.position, last)) {
      const differences = both.read(position(message.sequence), entryOf(message));
      if (differences.length > 0) return differences;
      onEntry(message.sequence, last);
      if (signal.aborted) break;
    }
    return [];
  } catch (error) {
    return [refusal(error)];
  }
}

interface Round {
  readonly workers: readonly AuditedWorker[];
  readonly suspected: readonly Difference[];
}

async function auditWorkers(
  both: Recomputation,
  session: Session,
  ledger: Log,
  auditing: Auditing,
): Promise<{ readonly workers: readonly AuditedWorker[]; readonly confirmed: readonly Difference[] }> {
  let round = await askAll(both, session, ledger, auditing);
  for (let rounds = 1; rounds < ROUNDS && round.suspected.length > 0 && !auditing.signal.aborted; rounds += 1) {
    await delay(BETWEEN_ROUNDS_MS, undefined, { signal: auditing.signal }).catch(() => {});
    const before = new Set(round.suspected.map(({ text }) => text));
    const next = await askAll(both, session, ledger, auditing);
    round = { ...next, suspected: next.suspected.filter(({ text }) => before.has(text)) };
  }
  return { workers: round.workers, confirmed: round.suspected };
}

async function askAll(both: Recomputation, session: Session, ledger: Log, auditing: Auditing): Promise<Round> {
  const toTheEnd = async () => readUpTo(both, ledger, (await ledger.state()).last, auditing);
  const found = await toTheEnd();
  const { holdings: before, workers } = both.fold.slots;
  const answers = await answersOf(Object.values<Worker>(workers), session);
  found.push(...(await toTheEnd()));
  const { holdings: after, workers: workersAfter } = both.fold.slots;
  const suspected: Difference[] = [...found];
  for (const answer of answers) {
    if (answer.running === null) continue;
    const said: RunningWorker = { worker: answer.worker, running: answer.running };
    const looked: readonly Holdings[] = [before, after];
    const unexplained = said.running.filter(({ job, grant }) =>
      looked.every((held) => held[job]?.grant !== grant || held[job].worker !== answer.worker),
    );
    const grantees = await granteesOf(unexplained, ledger);
    const looks = { before, after, granteeOf: ({ job, grant }: ClaimedRun) => grantees.get(`${job} ${grant}`) ?? null };
    const isKnown = answer.worker in workers || answer.worker in workersAfter;
    if (!isKnown && said.running.length > 0)
      suspected.push({ ...ofLedger(`${answer.worker} runs jobs, and has not joined`), worker: answer.worker });
    suspected.push(...suspectedRuns(said, looks));
  }
  const audited = answers.map(({ worker, running }) => ({ worker, running: running?.length ?? null }));
  return { workers: audited, suspected };
}

interface Answered {
  readonly worker: string;
  /** Null: no answer. */
  readonly running: RunningAnswer["running"] | null;
}

/** Those in processes of their own are asked one by one; the one inside is asked by way of its scheduler, and may be none of these. */
async function answersOf(workers: readonly Worker[], session: Session): Promise<Answered[]> {
  const { subjects } = session;
  const inside = await askRunning(session, `${subjects.query}.running`);
  const answers: Answered[] = inside === null ? [] : [inside];
  const others = workers.filter(({ id }) => id !== inside?.worker);
  for (let begin = 0; begin < others.length; begin += WORKERS_ASKED_AT_ONCE) {
    const some = others.slice(begin, begin + WORKERS_ASKED_AT_ONCE);
    const asked = some.map(async ({ id, remote }): Promise<Answered> => {
      const answer = remote ? await askRunning(session, subjects.running(id)) : null;
      return { worker: id, running: answer?.running ?? null };
    });
    answers.push(...(await Promise.all(asked)));
  }
  return answers;
}

/** Null if nobody answers, or with something else: an older worker, or one in another language that does not know the question. */
async function askRunning({ nc }: Session, subject: string): Promise<RunningAnswer | null> {
  try {
    const message = await nc.request(subject, "{}", { timeout: WORKER_ANSWER_MS });
    const read = runningSchema.safeParse(message.json());
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}

/** To whom these grants were given, as the ledger has it; of those that are held, the projection tells. */
async function granteesOf(runs: readonly ClaimedRun[], ledger: Log): Promise<ReadonlyMap<string, string>> {
  const grantees = new Map<string, string>();
  for (const { job, grant } of runs) {
    const message = grant > 0 ? await ledger.read(grant) : null;
    if (message === null) continue;
    for (const fact of entryOf(message).facts)
      if (fact.type === "StartGranted" && fact.job === job) grantees.set(`${job} ${grant}`, fact.worker);
  }
  return grantees;
}
