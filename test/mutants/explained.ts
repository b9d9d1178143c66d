/** Mutants that no test can find, or need not: why, one by one. Whoever is neither found nor explained here fails `npm run mutate`. */

/** The line as it stands and as the mutant has it, with all white space as one blank. */
export type Change = readonly [before: string, after: string];

export interface Explained {
  /** From the root. */
  readonly file: string;
  /** Why nothing that anybody could see is different, or why what is different does not matter. */
  readonly why: string;
  readonly changes: readonly Change[];
}
