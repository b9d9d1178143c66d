/** Submits one job: checks what can be checked here, publishes it to the intake, and says under which id it will be known. */
import { defaultJobId, intakeSequence } from "../../events/names.js";
import { utf8Bytes } from "../../events/submission.js";
import { ClientFailure, START_ONE } from "./failure.js";
import type { Session } from "./session.js";
import { faultOfSubmission, faultOfType } from "./submission-check.js";

export interface Submitted {
  readonly id: string;
  /** The message's sequence in the intake: the server has stored it. */
  readonly sequence: number;
}

/** A submission as it is written (contract, section 1): `delay` and `timeout` may be text such as `5m`. */
export type SubmissionRequest = Readonly<Record<string, unknown>>;

/**
 * Publishes a submission. Without a type its template must say the type. Throws `ClientFailure`: `invalid` if it cannot be
 * taken whatever the scheduler, `no-scheduler` if nothing takes it, `unanswered` if it is not known whether it was stored.
 */
export async function submitJob(
  session: Session,
  type: string | null,
  submission: SubmissionRequest,
): Promise<Submitted> {
  const { subjects, namespace } = session;
  checkSubmission(type, submission);
  const known = type ?? typeOfTemplate(session, submission["template"]);
  // Only the scheduler knows what type an unknown template has: then it is a batch of one, whose subject names no type.
  const subject = known === null ? subjects.submit : `${subjects.submit}.${known}`;
  const text = JSON.stringify(known === null ? [submission] : submission);
  const bytesMax = session.nc.info?.max_payload ?? Number.POSITIVE_INFINITY;
  const bytes = utf8Bytes(text);
  if (bytes > bytesMax)
    throw new ClientFailure(
      "invalid",
      `the submission is ${bytes} bytes; this server takes messages of at most ${bytesMax}`,
    );

  const stored = await session.publish({ subject, data: new TextEncoder().encode(text) });
  if (stored.outcome === "stored") {
    const given = defaultJobId(intakeSequence(stored.sequence), known === null ? 0 : null);
    const own = submission["id"];
    return { id: typeof own === "string" ? own : given, sequence: stored.sequence };
  }
  if (stored.reason.startsWith("no stream")) throw nothingTakesJobs(namespace);
  throw new ClientFailure("unanswered", `it is not known whether the job was stored: ${stored.reason}`, {
    hint: "With --id a submission can be repeated safely: a second one with the same id changes nothing.",
  });
}

export const nothingTakesJobs = (namespace: string): ClientFailure =>
  new ClientFailure(
    "no-scheduler",
    `nothing takes jobs of namespace ${namespace} here: no scheduler has run on this server`,
    { hint: START_ONE },
  );

function checkSubmission(type: string | null, submission: SubmissionRequest): void {
  const invalid = (reason: string) => new ClientFailure("invalid", reason);
  const typeFault = type === null ? null : faultOfType(type);
  if (typeFault !== null) throw invalid(typeFault);
  if (type === null && submission["template"] === undefined)
    throw invalid("name a job type, or a template with --template");
  const fault = faultOfSubmission(submission);
  if (fault !== null) throw invalid(fault);
}

function typeOfTemplate({ configuration }: Session, template: unknown): string | null {
  const { templates } = configuration;
  return typeof template === "string" && Object.hasOwn(templates, template)
    ? (templates[template]?.type ?? null)
    : null;
}
