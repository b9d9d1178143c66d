/** `graph`: draws a machine from its code. */
import { type Command, Option } from "commander";
import {
  DRAWING_FORMATS,
  type DrawingFormat,
  diagramOfMachine,
  drawMachine,
  MACHINE_NAMES,
  type MachineName,
} from "../../../machines/graph.js";
import { chartOf } from "../../ui/drawing/chart.js";
import { drawSvg } from "../../ui/drawing/svg.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { commonOptionsOf } from "../options.js";
import { takesNoRows } from "../printing.js";
import type { Terminal } from "../terminal.js";

/** SVG is drawn by the visualizer's own code, from the same machines; PNG is that SVG as pixels. */
const FORMATS = [...DRAWING_FORMATS, "svg", "png"] as const;
type TextFormat = DrawingFormat | "svg";
type Format = TextFormat | "png";

export function defineGraph(command: Command, terminal: Terminal): void {
  takesNoRows(command);
  command
    .description(
      "Draws the machine of a job, of the dispatcher or of a worker's seat, computed from the code that runs.",
    )
    .argument("[machine]", `which one: ${MACHINE_NAMES.join(", ")}`, "job")
    .addOption(
      new Option("--format <format>", "form of the drawing (default: mermaid; json with -o json)").choices(FORMATS),
    )
    .action(async (name: string, own: { format?: Format }, self: Command) => {
      const machine = MACHINE_NAMES.find((known) => known === name);
      if (machine === undefined)
        throw CliFailure.usage(`there is no machine "${name}"; machines are ${MACHINE_NAMES.join(", ")}`);
      if (own.format === "png") return writePng(machine, terminal);
      const { output } = commonOptionsOf(self);
      const drawing = draw(machine, own.format ?? (output === "table" ? "mermaid" : "json"));
      terminal.out(output === "jsonl" && own.format === undefined ? JSON.stringify(JSON.parse(drawing)) : drawing);
    });
  addExamples(command, [
    "signalbox graph job",
    "signalbox graph job --format svg > job.svg",
    "signalbox graph job --format png > job.png",
  ]);
}

async function writePng(machine: MachineName, terminal: Terminal): Promise<void> {
  if (terminal.isInteractive)
    throw CliFailure.usage(
      "a PNG is nothing that a terminal can show",
      `Write it to a file: signalbox graph ${machine} --format png > ${machine}.png`,
    );
  // Loaded only here: the renderer is larger than all the rest of this command.
  const { drawPng } = await import("../../ui/drawing/png.js");
  await terminal.writeBytes(await drawPng(draw(machine, "svg")));
}

function draw(machine: MachineName, format: TextFormat): string {
  if (format !== "svg") return drawMachine(machine, format);
  const chart = chartOf(diagramOfMachine(machine), "labelled");
  if (chart === null) throw new Error(`the ${machine} machine has changed and was not laid out: npm run layouts`);
  return drawSvg(chart);
}
