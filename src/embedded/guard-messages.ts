/**
 * What a scheduler and the guard of its server say to each other: lines of JSON, down the guard's stdin and up its
 * stdout.
 */
import { z } from "zod";
import { serverRecordSchema } from "./record.js";

/** The first line down. After it comes only the end of the stream, which means: stop the server and end. */
export const guardOrderSchema = z.strictObject({
  binary: z.string(),
  /** Both without links: they are also the names of the locks. */
  stateDir: z.string(),
  storeDir: z.string(),
  /** Null: any free one. */
  port: z.number().int().nullable(),
  maxPayloadBytes: z.number().int().nullable(),
  syncInterval: z.string().nullable(),
});
export type GuardOrder = z.infer<typeof guardOrderSchema>;

/** The lines up. */
export const guardReportSchema = z.discriminatedUnion("report", [
  /** Another guard has this folder; the reporting one has changed nothing and ends. */
  z.strictObject({ report: z.literal("held"), folder: z.string() }),
  /** The server answers: at first, and again after each restart. */
  z.strictObject({ report: z.literal("ready"), record: serverRecordSchema }),
  /** A line of the server's log, as it is. */
  z.strictObject({ report: z.literal("log"), line: z.string() }),
  /** Something that the guard itself has noticed or done. */
  z.strictObject({ report: z.literal("notice"), text: z.string() }),
  /** The guard gives up and ends. */
  z.strictObject({ report: z.literal("failed"), text: z.string() }),
]);
export type GuardReport = z.infer<typeof guardReportSchema>;
