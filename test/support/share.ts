/**
 * SIGNALBOX_TEST_SHARE makes fewer runs of what is tried at random, or on all of many: for those who run these tests thousands of
 * times over (`npm run mutate`).
 */
const SHARE = Number(process.env["SIGNALBOX_TEST_SHARE"] ?? 1);

/** So many of all; at least one. */
export const shareOf = (all: number): number => Math.ceil(all * SHARE);

/** As large a share of these, evenly spread. */
export const shareOfAll = <T>(all: readonly T[]): readonly T[] =>
  all.filter((_, index) => Math.floor(index * SHARE) > Math.floor((index - 1) * SHARE));
