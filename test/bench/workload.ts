/** What the bench submits: small jobs that do nothing, so that only the scheduler is measured. */
export const NOOP_TYPE = "noop";

export const SUBMISSION = { params: { n: 1 }, labels: { bench: "1" } };

export const submissionBytes = (): Uint8Array => new TextEncoder().encode(JSON.stringify(SUBMISSION));

/** Many in one message, as `<ns>.submit` takes them. */
export const batchBytes = (jobs: number): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(Array.from({ length: jobs }, () => ({ type: NOOP_TYPE, ...SUBMISSION }))));
