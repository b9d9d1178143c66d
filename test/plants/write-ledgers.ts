/** Sound ledgers for the checker of damages: of simulated worlds, with what is in them. */
import { writeFile } from "node:fs/promises";
import { drawPlan } from "../simulation/draw-plan.js";
import { plainSettings, submit } from "../simulation/plain.js";
import type { Plan } from "../simulation/plan.js";
import { World } from "../simulation/world.js";

const SEEDS = [3, 14, 15, 92, 65, 35];

/** A plain world with two slots, which are both taken, and two reigns: whatever is drawn, these are there. */
const plain: Plan = {
  seed: 1,
  settings: { ...plainSettings, hardness: { durationMsMax: 500, instant: 0, failing: 0 }, spanMs: 10_000 },
  happenings: [
    ...submit(1_000, 10),
    { atMs: 5_000, kind: "crash", node: 0, forMs: 1_000 },
    { atMs: 5_000, kind: "crash", node: 1, forMs: 1_500 },
  ],
};

export async function writeLedgers(file: string): Promise<void> {
  const ledgers: unknown[] = [];
  for (const plan of [plain, ...SEEDS.map(drawPlan)]) {
    const { lines, broken } = await new World(plan).run();
    if (broken.length > 0) throw new Error(`a world is not sound: ${broken[0]?.text}`);
    ledgers.push(lines.map((line): unknown => JSON.parse(line)));
  }
  await writeFile(file, JSON.stringify(ledgers));
}
