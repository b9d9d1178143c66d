/**
 * The intake of an imported ledger with which a scheduler is to go on. It begins far behind all that the old one had given out, so that
 * no default id (`j42`) is given twice; and it takes nothing before the ledger is complete.
 */
import { type IntakeSequence, intakeSequence } from "../../events/names.js";
import { JetStreamLog } from "../log/jetstream.js";
import type { Publisher } from "../log/publisher.js";
import type { JetStreamManager, NatsConnection } from "../nats/door.js";
import { findStream, intakeConfig } from "../nats/streams.js";
import type { Subjects } from "../nats/subjects.js";
import { ClientFailure } from "./failure.js";

/** The old intake may have taken more than the ledger has decided, and has told publishers the ids: so many are left free. */
const SEQUENCES_LEFT_FREE = 1_000_000;

interface Place {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly subjects: Subjects;
  readonly publisher: Publisher;
}

export interface IntakeBegin {
  readonly identity: string;
  /** Up to here everything counts as decided. */
  readonly last: IntakeSequence;
}

export class ContinuedIntake {
  readonly #place: Place;

  private constructor(place: Place) {
    this.#place = place;
  }

  /**
   * Makes it, or takes the one that is there if it is empty, and closes it: what is submitted from now on is refused, and not acknowledged
   * and lost. Throws `ClientFailure` if there is one that holds submissions.
   */
  static async close(place: Place): Promise<ContinuedIntake> {
    const { jsm, subjects } = place;
    const closed = { ...intakeConfig(subjects), subjects: [closedSubject(subjects)] };
    await mustBeEmpty(place);
    if ((await findStream(jsm, closed.name)) === null) await jsm.streams.add(closed);
    // Also where it was just made: that these credentials may change it is to be known before anything else is written.
    await jsm.streams.update(closed.name, closed);
    await mustBeEmpty(place);
    return new ContinuedIntake(place);
  }

  /** Lets it begin far behind `decided`. */
  async moveBehind(decided: IntakeSequence): Promise<IntakeBegin> {
    const { nc, jsm, subjects, publisher } = this.#place;
    const { intakeStream: stream, namespace } = subjects;
    // Purging beyond the end of an empty stream moves its end there; a message keeps it there.
    await jsm.streams.purge(stream, { seq: decided + SEQUENCES_LEFT_FREE });
    const data = new TextEncoder().encode("the intake of an imported ledger begins behind this");
    const marked = await publisher.publish({ subject: closedSubject(subjects), data });
    if (marked.outcome !== "stored")
      throw new ClientFailure("unanswered", `the intake of ${namespace} could not be made: ${marked.reason}`);
    const { identity } = await new JetStreamLog({ nc, jsm, stream, publisher }).state();
    return { identity, last: intakeSequence(marked.sequence) };
  }

  /** From now on it takes submissions. */
  async open(): Promise<void> {
    const { jsm, subjects } = this.#place;
    await jsm.streams.update(subjects.intakeStream, intakeConfig(subjects));
  }
}

/** Nobody submits to this subject. */
const closedSubject = ({ namespace }: Subjects): string => `${namespace}.intake-not-open-yet`;

async function mustBeEmpty({ jsm, subjects: { intakeStream, namespace } }: Place): Promise<void> {
  if ((await findStream(jsm, intakeStream)) === null) return;
  const { messages } = (await jsm.streams.info(intakeStream)).state;
  if (messages === 0) return;
  throw new ClientFailure(
    "refused",
    `the intake of namespace ${namespace} (stream ${intakeStream}) holds ${messages} messages that no scheduler has decided`,
    { hint: "Import into another --namespace, or delete that stream first." },
  );
}
