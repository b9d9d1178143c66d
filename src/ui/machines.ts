/** The machines as the page draws them: read off the code that runs. */
import { diagramOfMachine, MACHINE_NAMES } from "../../machines/graph.js";
import type { MachinesAnswer } from "./protocol.js";

let drawn: MachinesAnswer | null = null;

export function machinesAnswer(): MachinesAnswer {
  drawn ??= { machines: MACHINE_NAMES.map(diagramOfMachine) };
  return drawn;
}
