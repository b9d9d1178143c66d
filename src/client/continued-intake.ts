/**
 * The intake of an imported ledger with which a scheduler is to go on. It begins far behind all that the old one had given out, so that
 * no default id (`j42`) is given twice; and it takes nothing before the ledger is complete.
 */
import { type IntakeSequence, intakeSequence } from "../../events/names.js";
import { JetStreamLog } from "../log/jetstream.js";
import type { Publisher } from "../log/publisher.js";
import type { JetStreamManager, NatsConnection } from "../nats/door.js";
import { findStream, intakeConfig, openStreams } from "../nats/streams.js";
import type { Subjects } from "../nats/subjects.js";
import { ClientFailure } from "./failure.js";

/** The old intake may have taken more than the ledger has decided, and has told publishers the ids: so many are left free. */
const SEQUENCES_LEFT_FREE = 1_000_000;

export interface ContinuedIntake {
  readonly identity: string;
  /** Up to here everything counts as decided. */
  readonly last: IntakeSequence;
  /** From now on it takes submissions. */
  open(): Promise<void>;
}

interface Place {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly subjects: Subjects;
  readonly publisher: Publisher;
}

/** Makes it, to begin behind `decided`. Throws `ClientFailure` if there is one that holds submissions. */
export async function prepareIntake(place: Place, decided: IntakeSequence): Promise<ContinuedIntake> {
  const { nc, jsm, subjects, publisher } = place;
  const config = intakeConfig(subjects);
  // Nobody submits to this subject: what is submitted meanwhile is refused, and not acknowledged and lost.
  const closed = { ...config, subjects: [`${subjects.namespace}.intake-not-open-yet`] };
  await intakeMustBeEmpty(place);
  if ((await findStream(jsm, config.name)) === null) await jsm.streams.add(closed);
  else await jsm.streams.update(config.name, closed);
  await intakeMustBeEmpty(place);
  // Purging beyond the end of an empty stream moves its end there.
  await jsm.streams.purge(config.name, { seq: decided + SEQUENCES_LEFT_FREE });
  const [subject = ""] = closed.subjects;
  const marker = new TextEncoder().encode("the intake of an imported ledger begins behind this");
  const marked = await publisher.publish({ subject, data: marker });
  if (marked.outcome !== "stored")
    throw new ClientFailure("unanswered", `the intake of ${subjects.namespace} could not be made: ${marked.reason}`);
  const { identity } = await new JetStreamLog({ nc, jsm, stream: config.name, publisher }).state();
  return {
    identity,
    last: intakeSequence(marked.sequence),
    open: async () => {
      await jsm.streams.update(config.name, config);
      await openStreams(nc, subjects);
    },
  };
}

/** Throws `ClientFailure` if there is an intake that holds submissions. */
export async function intakeMustBeEmpty({ jsm, subjects: { intakeStream, namespace } }: Place): Promise<void> {
  if ((await findStream(jsm, intakeStream)) === null) return;
  const { messages } = (await jsm.streams.info(intakeStream)).state;
  if (messages === 0) return;
  throw new ClientFailure(
    "refused",
    `the intake of namespace ${namespace} (stream ${intakeStream}) holds ${messages} messages that no scheduler has decided`,
    { hint: "Import into another --namespace, or delete that stream first." },
  );
}
