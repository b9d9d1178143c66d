/** The JSON Schema of signalbox.yaml, for editors: completion, hover texts and checks while typing. */
import { z } from "zod";
import { configurationSchema } from "./schema.js";

/** Draft 7, because that is what YAML editors understand best. Made from the schema that checks the file, so that they agree. */
export function configurationJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configurationSchema, {
    target: "draft-7",
    // What may be written, not what the program makes of it.
    io: "input",
    // Checks that JSON Schema has no words for (a time zone, a cron expression) are left to the program.
    unrepresentable: "any",
  });
  return { ...schema, title: "signalbox.yaml", description: "Configuration of the job scheduler signalbox" };
}

/** The text of the schema file that is shipped. */
export function configurationJsonSchemaText(): string {
  return `${JSON.stringify(configurationJsonSchema(), null, 2)}\n`;
}
