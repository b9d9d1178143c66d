/** What the bench submits: small jobs that do nothing, so that only the scheduler is measured. */
export const NOOP_TYPE = "noop";

export const submissionBytes = (): Uint8Array => new TextEncoder().encode('{"params":{"n":1},"labels":{"bench":"1"}}');
