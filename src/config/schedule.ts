/** `schedules.<name>` of signalbox.yaml, and of the command that sets one (DEC-010). */
import { z } from "zod";
import { MISSED_POLICIES } from "../../events/facts.js";
import { cronProblem } from "./cron.js";
import { nameSchema } from "./job-type.js";

export const scheduleSchema = z.strictObject({
  template: nameSchema.describe("The template of the jobs that this schedule submits"),
  cron: z
    .string()
    .superRefine((text, context) => {
      const message = cronProblem(text);
      if (message !== null) context.addIssue({ code: "custom", message });
    })
    .describe("When: minute, hour, day of the month, month, weekday, for example '0 6 * * *'"),
  timezone: z
    .string()
    .refine(isTimezone, { error: "is not a known time zone; write one such as Europe/Berlin or UTC" })
    .default("UTC")
    .describe("Time zone in which cron is read, for example Europe/Berlin. Default UTC"),
  enabled: z.boolean().default(true).describe("false keeps the schedule but does not run it. Default true"),
  missed: z
    .enum(MISSED_POLICIES)
    .default("skip")
    .describe("What to do about times that passed while no scheduler ran. Default skip"),
});

/** A zone's name, not an offset such as +01:00, which some machines know and others do not. */
function isTimezone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
