/** What `schedule set` is told, checked before anything is sent: the same rules as for the configuration file. */
import type { z } from "zod";
import { scheduleSchema } from "../../config/schedule.js";
import { CliFailure } from "../failure.js";

/** The definition. Throws a usage failure that names each option that is wrong, and how. */
export function scheduleOf(written: object): z.output<typeof scheduleSchema> {
  const read = scheduleSchema.safeParse(written);
  if (read.success) return read.data;
  const wrong = read.error.issues.map(({ path, message }) => `--${path.join(".")} ${message}`);
  throw CliFailure.usage(wrong.join("\n"));
}
