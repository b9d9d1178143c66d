/**
 * One state of a world, in a few words of 32 bits. Beliefs, turns and intakes are named by their numbers; the rest is bits.
 *
 * Nothing here names a position of the ledger. What an append depends on is whether the ledger still ends where the entry was
 * decided from, and that is one of four standings; once it has moved on, it never ends there again.
 */

export type State = Uint32Array;

/** The belief that the ledger leads to. */
export const LEDGER = 0;
/** How much is left to be sent: two bits for each thing that may be; and how many jobs were submitted. */
export const UNSENT = 1;
export const SENT_JOBS = 2;
/** How many faults of each kind may still happen. */
export const FAULTS = 3;
/** The intake from the first item on that somebody has not decided, and how many of its items the ledger has. */
export const INTAKE = 4;
/** Appends of dispatchers that are gone, which may still be stored: the numbers of their turns. */
export const ORPHANS = 5;
export const ORPHANS_MAX = 2;
const DISPATCHERS = ORPHANS + ORPHANS_MAX;
export const wordsEach = 4;

/** The words of dispatcher `d`. */
export const at = (d: number): number => DISPATCHERS + d * wordsEach;
/** The belief that its fold had after the last entry that it knows to be stored, the turn whose entry is in flight, the rest. */
export const FOLD = 0;
export const TURN = 1;
export const SHELL = 2;
export const SEATS = 3;

export interface Field {
  readonly shift: number;
  readonly mask: number;
}
const field = (shift: number, bits: number): Field => ({ shift, mask: 2 ** bits - 1 });

/** Of FAULTS. */
export const CRASHES = field(0, 2);
export const RIVALS = field(2, 2);
export const LOSSES = field(4, 2);
export const LATE_APPENDS = field(6, 2);
export const STOPS = field(8, 2);

/** Of INTAKE. */
export const LIST = field(0, 24);
export const DECIDED = field(24, 4);

/** Of SHELL: the state of the dispatcher machine, by its number. */
export const NODE = field(0, 3);
/** Does the ledger still end where its fold ends, or where its entry in flight was decided from? */
export const STANDING = field(3, 2);
export const OPEN = 0;
/** The ledger ends with its entry. */
export const STORED = 1;
/** The ledger went another way. */
export const PASSED = 2;
/** Its entry is stored, and others came after. */
export const STORED_AND_PASSED = 3;
/** What the server has answered to the append. */
export const ANSWER = field(5, 2);
export const NONE_YET = 0;
export const YES = 1;
export const NO = 2;
/** Another copy of its append is still under way. */
export const COPY = field(7, 1);
/** Its clock has made a step since its last entry. */
export const TICKED = field(8, 1);
/** The grace of the workers before it is not over yet. */
export const GRACED = field(9, 1);
/** Its election is stored, as far as it knows. */
export const CROWNED = field(10, 1);
/** Workers in the ledger, oldest first, whose process is this dispatcher's. */
export const OWNED = field(11, 4);
/** Items of the intake that its fold has decided. */
export const TAKEN = field(15, 4);

export const word = (state: State, index: number): number => state[index] as number;
export const get = (state: State, index: number, { shift, mask }: Field): number =>
  ((state[index] as number) >>> shift) & mask;
export function put(state: State, index: number, { shift, mask }: Field, value: number): void {
  state[index] = ((state[index] as number) & ~(mask << shift)) | (value << shift);
}

export const shell = (state: State, d: number, of: Field): number => get(state, at(d) + SHELL, of);
export const setShell = (state: State, d: number, of: Field, value: number): void =>
  put(state, at(d) + SHELL, of, value);
