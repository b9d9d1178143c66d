/** The client's code for "no responders". */
const NO_RESPONDERS = "503";

/** Whether a request failed because nobody listens to its subject. */
export const nobodyListens = (error: unknown): boolean => (error as { code?: unknown }).code === NO_RESPONDERS;
