/** The text of src/ui/drawing/layouts.ts, computed from the machines. */
import { diagramOfMachine, MACHINE_NAMES } from "../../machines/graph.js";
import { type ChartForm, layoutName, writeLayout } from "../../src/ui/drawing/chart.js";
import { layOut } from "./lay-out.js";

const FORMS: readonly ChartForm[] = ["labelled", "plain"];

export async function layoutsText(): Promise<string> {
  const parts: string[] = [];
  for (const name of MACHINE_NAMES) {
    const diagram = diagramOfMachine(name);
    for (const form of FORMS) {
      const layout = writeLayout(await layOut(diagram, form)).replaceAll("\n", "\n    ");
      parts.push(`  "${layoutName(diagram.machine, form)}": \`\n    ${layout}\`,\n`);
    }
  }
  return `${HEAD}export const LAYOUTS: Readonly<Record<string, string>> = {\n${parts.join("")}};\n`;
}

const HEAD = `/**
 * Where the states and ways of each machine stand in its chart. Written by \`npm run layouts\`, not by hand; \`chart.ts\` reads it.
 */
`;
