/** `webhooks.<name>` of signalbox.yaml: an endpoint that is told when jobs end (DEC-009). */
import { z } from "zod";
import { formatDuration } from "../../events/duration.js";
import { TERMINAL_STATES } from "../../events/states.js";
import { webAddress } from "../runners/options.js";
import { hasMalformedReference } from "./environment.js";
import { nameSchema, waitSchema } from "./job-type.js";

/** Each endpoint reads the ledger for itself, so that a slow one holds up no other. More than this is a mistake. */
const webhooksMax = 20;
const timeoutDefaultMs = 10_000;
/** A delivery occupies one of its endpoint's few seats meanwhile: whoever needs longer answers first and works then. */
const timeoutMsMax = 120_000;

const reference = "$" + "{env:NAME}";

const webhookSchema = z
  .strictObject({
    url: webAddress.describe(
      "Where a job that has ended is POSTed as JSON. User and password become Basic credentials",
    ),
    secret: z
      .string({ error: `must be text, in quotes, or ${reference}` })
      .min(1)
      .refine((text) => !hasMalformedReference(text), { error: `has a malformed reference; write ${reference}` })
      .optional()
      .describe(
        `Key of the signature in Signalbox-Signature; ${reference} keeps it out of this file. Default: unsigned`,
      ),
    states: z
      .array(z.enum(TERMINAL_STATES))
      .min(1)
      .optional()
      .describe("Only jobs that ended in one of these states, for example [failed]. Default: all of them"),
    types: z.array(nameSchema).min(1).optional().describe("Only jobs of these types. Default: all of them"),
    timeout: waitSchema(1)
      .refine((ms) => ms <= timeoutMsMax, { error: `may be at most ${formatDuration(timeoutMsMax)}` })
      .default(timeoutDefaultMs)
      .describe("An attempt that is not answered within this has failed and is tried again. Default 10s"),
  })
  .transform(({ url, secret, states, types, timeout }) => ({
    url,
    secret: secret ?? null,
    states: states ?? [...TERMINAL_STATES],
    /** Null: every type. */
    types: types ?? null,
    timeoutMs: timeout,
  }));

export type WebhookOptions = z.output<typeof webhookSchema>;

export const webhooksSchema = z
  .record(nameSchema, webhookSchema)
  .refine((webhooks) => Object.keys(webhooks).length <= webhooksMax, { error: `may be at most ${webhooksMax}` });
