/** Ctrl-C for commands that wait: the first one ends the waiting in order, a second one ends the program at once. */
import { CliFailure, EXIT } from "./failure.js";

export interface Interrupt extends Disposable {
  /** Aborts with the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Resolves with the first SIGINT or SIGTERM. */
  readonly received: Promise<void>;
  /** What to throw when the command ended by it; its exit code is the usual one for the signal. */
  failure(message?: string): CliFailure;
}

/** Listens for SIGINT and SIGTERM until disposed. */
export function listenForInterrupt(): Interrupt {
  const aborted = new AbortController();
  let received: "SIGINT" | "SIGTERM" = "SIGINT";
  const onSignal = (name: "SIGINT" | "SIGTERM") => {
    if (aborted.signal.aborted) process.exit(name === "SIGINT" ? EXIT.interrupted : EXIT.terminated);
    received = name;
    aborted.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: aborted.signal,
    received: new Promise((resolve) => aborted.signal.addEventListener("abort", () => resolve(), { once: true })),
    failure: (message) => CliFailure.interrupted(received, message),
    [Symbol.dispose]: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
