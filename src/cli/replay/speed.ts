/** How fast a replay goes: seconds of the ledger in a second, or as fast as it can be shown. */
import { InvalidArgumentError } from "commander";

/** `Infinity` is as fast as it can be shown. */
export type Speed = number;

export const SPEED_MAX: Speed = Number.POSITIVE_INFINITY;
const SPEED_LEAST = 0.01;
const SPEED_MOST = 1_000_000;

/** What + and - go through. */
const SPEEDS: readonly Speed[] = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400, SPEED_MAX];

export const faster = (speed: Speed): Speed => SPEEDS.find((other) => other > speed) ?? SPEED_MAX;
export const slower = (speed: Speed): Speed => SPEEDS.findLast((other) => other < speed) ?? speed;

export const speedText = (speed: Speed): string => (speed === SPEED_MAX ? "max" : `×${speed}`);

/** Reads `60`, `0.5` or `max`. */
export function readSpeed(text: string): Speed {
  if (text === "max") return SPEED_MAX;
  const speed = /^\d{1,7}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (speed >= SPEED_LEAST && speed <= SPEED_MOST) return speed;
  throw new InvalidArgumentError(
    `Give a number from ${SPEED_LEAST} to ${SPEED_MOST}: 1 is real time, 60 a minute in a second; or max.`,
  );
}
