/** `graph`: draws a machine from its code. */
import { type Command, Option } from "commander";
import { DRAWING_FORMATS, type DrawingFormat, drawMachine, MACHINE_NAMES } from "../../../machines/graph.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { commonOptionsOf } from "../options.js";
import { takesNoRows } from "../printing.js";
import type { Terminal } from "../terminal.js";

export function defineGraph(command: Command, terminal: Terminal): void {
  takesNoRows(command);
  command
    .description(
      "Draws the machine of a job, of the dispatcher or of a worker's seat, computed from the code that runs.",
    )
    .argument("[machine]", `which one: ${MACHINE_NAMES.join(", ")}`, "job")
    .addOption(
      new Option("--format <format>", "form of the drawing (default: mermaid; json with -o json)").choices(
        DRAWING_FORMATS,
      ),
    )
    .action((name: string, own: { format?: DrawingFormat }, self: Command) => {
      const machine = MACHINE_NAMES.find((known) => known === name);
      if (machine === undefined)
        throw CliFailure.usage(`there is no machine "${name}"; machines are ${MACHINE_NAMES.join(", ")}`);
      const { output } = commonOptionsOf(self);
      const drawing = drawMachine(machine, own.format ?? (output === "table" ? "mermaid" : "json"));
      terminal.out(output === "jsonl" && own.format === undefined ? JSON.stringify(JSON.parse(drawing)) : drawing);
    });
  addExamples(command, ["signalbox graph job", "signalbox graph dispatcher --format dot"]);
}
