/** Bugs that a test plants into a world, to see that they are found. A world without any is what ships. */
export interface Planted {
  /** The server stores an append whatever it expected: the loss of the one thing that fences leaders off (D1). */
  readonly ignoresExpectations?: boolean;
  /** The server acknowledges every so many-th message of the intake and does not store it. */
  readonly losesEvery?: number;
  /** A job's function never returns in every so many-th execution. */
  readonly hangsEvery?: number;
  /** A worker executes every so many-th grant twice. */
  readonly runsTwiceEvery?: number;
  /** Schedulers take every other process for dead. */
  readonly takesAllForDead?: boolean;
  /** What the auditor is shown of an entry, in place of what is stored. */
  readonly shown?: (line: string, position: number) => string;
}
