/** Configuration: signalbox.yaml, durations, limits on the command line, and the choice of the NATS server. */

export { durationSchema, formatDuration, parseDuration } from "../../events/duration.js";
export {
  type ConnectionChoice,
  type ConnectionSources,
  chooseConnection,
} from "./connection.js";
export type { Environment } from "./environment.js";
export type { Backoff } from "./job-type.js";
export { configurationJsonSchema } from "./json-schema.js";
export {
  applyLimitsChange,
  type LimitsChange,
  limitsChangeSchema,
  parseLimitAssignments,
} from "./limits-keys.js";
export { type ConfigurationSources, type LoadedConfiguration, loadConfiguration } from "./load.js";
export { type ConfigurationProblem, describeProblems } from "./problems.js";
export { scheduleSchema } from "./schedule.js";
export type { Configuration } from "./schema.js";
export type { WebhookOptions } from "./webhook.js";
