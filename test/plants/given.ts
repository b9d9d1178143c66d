/** The mistakes that the checkers of small worlds and of clusters are given themselves, in place of a part or beside it. */
import { SHIPPED } from "../exhaustive/code.js";
import { explore } from "../exhaustive/explore.js";
import { PLANTS as CODES } from "../exhaustive/plants.js";
import { WORLDS } from "../exhaustive/worlds.js";
import { BUGS, firstFound } from "../simulation/planted-bugs.js";
import type { Row } from "./table.js";

const STATES_MAX = 200_000;

export async function givenPlants(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { mistake, world: name, code } of CODES) {
    const world = WORLDS.find((other) => other.name === name);
    if (world === undefined) throw new Error(`no world ${name}`);
    const began = performance.now();
    const { fault } = explore(world, { statesMax: STATES_MAX, code: { ...SHIPPED, ...code } });
    const seconds = (performance.now() - began) / 1_000;
    rows.push({ name: mistake, finds: new Map([["states", { what: fault?.broken.rule ?? null, seconds }]]) });
  }
  for (const { bug, planted } of BUGS) {
    const began = performance.now();
    const found = await firstFound(planted);
    const seconds = (performance.now() - began) / 1_000;
    rows.push({ name: `(${bug})`, finds: new Map([["clusters", { what: found?.broken.rule ?? null, seconds }]]) });
  }
  return rows;
}
