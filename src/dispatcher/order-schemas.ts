/** What each command takes, key by key, as it comes from outside. A key that is not known is an error. */
import { z } from "zod";
import { CAPACITY_MAX } from "../../events/limits.js";
import { type GroupId, JOB_ID_PATTERN, type JobId, NAME_PATTERN, type ReservationId } from "../../events/names.js";
import { amendmentSchema, chosenId } from "../../events/submission.js";
import { durationSchema, scheduleSchema } from "../config/index.js";

const idOf = (what: string) => {
  const error = `must be a ${what}'s id`;
  return z.string({ error }).regex(JOB_ID_PATTERN, { error });
};
const id = idOf("job").transform((text) => text as JobId);
const reason = z.string({ error: "must be text" }).max(500).optional();

export const CANCEL_REASON_DEFAULT = "cancelled on request";
export const cancelSchema = z.strictObject({
  id: id.optional(),
  group: idOf("group")
    .transform((text) => text as GroupId)
    .optional(),
  reason,
});
/** `as`: the id of the new job; one is given by default. */
export const retrySchema = z.strictObject({ id, as: chosenId.optional() });
export const amendSchema = amendmentSchema.extend({ id });
const yes = z.literal(true, { error: "can only be true" }).optional();
export const moveSchema = z.strictObject({
  id,
  first: yes,
  last: yes,
  before: id.optional(),
  after: id.optional(),
});
export const poolSchema = z.strictObject({ pool: z.string({ error: "must be a pool's name" }) });
/** `{"set": {"resources.ollama": 2, "global": null}}`, the keys of the command line; or the same nested as in the file. */
export const limitsSchema = z.strictObject({ set: z.record(z.string(), z.unknown()) });

const scheduleName = z
  .string({ error: "must be a schedule's name" })
  .regex(NAME_PATTERN, { error: "must be a name of letters, digits, _ and -" });
export const scheduleOrderSchema = z.strictObject({
  name: scheduleName,
  action: z.enum(["set", "enable", "disable", "trigger", "rm"], {
    error: "must be set, enable, disable, trigger or rm",
  }),
  /** As under `schedules` in signalbox.yaml; only with `set`. */
  schedule: scheduleSchema.optional(),
});

const reservation = idOf("reservation").transform((text) => text as ReservationId);
const unitsError = `must be a whole number from 0 to ${CAPACITY_MAX}`;
const units = z
  .number({ error: unitsError })
  .int({ error: unitsError })
  .min(0, { error: unitsError })
  .max(CAPACITY_MAX, { error: unitsError });
/** A holder is silent for no shorter and no longer than this before its slots are taken from it. */
const LEASE_MS_MIN = 500;
const LEASE_MS_MAX = 86_400_000;
const lease = durationSchema.refine((ms) => ms >= LEASE_MS_MIN && ms <= LEASE_MS_MAX, {
  error: "must be from 500ms to 1d",
});
export const reserveSchema = z.strictObject({
  id: reservation,
  resources: z.record(z.string().regex(NAME_PATTERN), units, { error: "must be an object of tag: units" }).optional(),
  lease: lease.optional(),
  /** Who will hold it, for people. */
  holder: z.string({ error: "must be text" }).max(200).optional(),
});
export const releaseSchema = z.strictObject({ id: reservation, reason });
export const renewSchema = z.strictObject({ id: reservation });
