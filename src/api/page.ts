/** How much is answered at once. Whoever asks knows it too, without what it takes to answer. */

/** Jobs in one answer at the most; ask for the rest with `offset`. */
export const PAGE_JOBS_MAX = 500;
