/** What happened in a round, as it happened: told in full only when something went wrong. */

export interface Told {
  readonly ms: number;
  readonly text: string;
}

/** A fault that struck, for the tally. Times count from the beginning of the round. */
export interface Struck {
  readonly kind: string;
  readonly ms: number;
  /** It took the leader away, so that another one had to lead before things could go on. */
  readonly tookLeader: boolean;
  healedMs: number | null;
}

export class Story {
  readonly told: Told[] = [];
  readonly struck: Struck[] = [];
  /** When each reign was seen to begin. */
  readonly elections: number[] = [];
  /** What must not be, in one line each. */
  readonly complaints: string[] = [];
  readonly #beganMs = performance.now();

  get ms(): number {
    return Math.round(performance.now() - this.#beganMs);
  }

  tell(text: string): void {
    this.told.push({ ms: this.ms, text });
  }

  complain(text: string): void {
    this.complaints.push(text);
    this.tell(`VIOLATION: ${text}`);
  }

  strike(kind: string, tookLeader: boolean): Struck {
    const struck: Struck = { kind, ms: this.ms, tookLeader, healedMs: null };
    this.struck.push(struck);
    return struck;
  }

  /** From each loss of a leader to the reign that followed. */
  takeoversMs(): readonly number[] {
    const lost = this.struck.filter(({ tookLeader }) => tookLeader);
    return lost.flatMap(({ ms }, index) => {
      const until = lost[index + 1]?.ms ?? Number.POSITIVE_INFINITY;
      const next = this.elections.find((elected) => elected >= ms && elected <= until);
      return next === undefined ? [] : [next - ms];
    });
  }

  lines(): readonly string[] {
    return this.told.map(({ ms, text }) => `${(ms / 1_000).toFixed(3).padStart(8)}  ${text}`);
  }
}
