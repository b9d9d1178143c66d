/** What-if, side by side: a row for each thing that is measured, a column for each variant; the past comes first. */

import { formatDuration } from "../../events/duration.js";
import type { ComparedColumn, Comparison } from "../client/comparison.js";
import { type Column, drawTable } from "./table.js";
import type { Terminal } from "./terminal.js";

interface Row {
  readonly title: string;
  readonly cell: (of: ComparedColumn) => string;
}

/** So many variants stand beside the past at the most, fewer where the terminal is narrow; the others in tables below. */
const VARIANTS_PER_TABLE = 5;
const GAP_COLUMNS = 2;
const NOTHING = "–";

export function comparisonText({ variants, assumptions, position, at, from }: Comparison, terminal: Terminal): string {
  const { dim } = terminal.colors;
  const rows = rowsOf(variants);
  const tables = sideBySide(variants, rows, terminal.width).map((shown) => drawTable(rows, columnsOf(shown), terminal));
  const range = `the log up to position ${position}${at === null ? "" : `, ${at}`}${from === null ? "" : `; measured from ${from} on`}`;
  const told = [range, "assumed:", ...assumptions.map((one) => `- ${one}`)].map((line) => dim(line));
  return [...tables, told.join("\n")].join("\n\n");
}

/** Who stands in which table: the past in each, and as many variants as fit, but at least one. */
function sideBySide(variants: readonly ComparedColumn[], rows: readonly Row[], width: number): ComparedColumn[][] {
  const [past, ...others] = variants;
  if (past === undefined) return [];
  const widthOf = (variant: ComparedColumn) =>
    Math.max(variant.name.length, ...rows.map(({ cell }) => cell(variant).length)) + GAP_COLUMNS;
  const first = Math.max(...rows.map(({ title }) => title.length)) + widthOf(past);
  const tables: ComparedColumn[][] = [];
  let room = 0;
  for (const variant of others) {
    const table = tables[tables.length - 1];
    room -= widthOf(variant);
    if (table !== undefined && room >= 0 && table.length <= VARIANTS_PER_TABLE) {
      table.push(variant);
      continue;
    }
    tables.push([past, variant]);
    room = width - first - widthOf(variant);
  }
  return tables;
}

function columnsOf(shown: readonly ComparedColumn[]): Column<Row>[] {
  const variants = shown.map(
    (variant, index): Column<Row> => ({
      title: index === 0 ? variant.name.toUpperCase() : variant.name,
      text: ({ cell }) => cell(variant),
      align: "right",
    }),
  );
  return [{ title: "", text: ({ title }) => title }, ...variants];
}

function rowsOf(variants: readonly ComparedColumn[]): Row[] {
  const types = inOrder(variants.flatMap(({ waits }) => waits.map(({ type }) => type)));
  const pools = [...new Set(variants.flatMap((variant) => variant.pools.map(({ pool }) => pool)))];
  const waits = types.flatMap((type) =>
    (["p50Ms", "p95Ms", "maxMs"] as const).map(
      (part): Row => ({
        title: `${type} waits, ${part.slice(0, -2)}`,
        cell: (of) => {
          const wait = of.waits.find((one) => one.type === type);
          return wait === undefined ? NOTHING : formatDuration(wait[part]);
        },
      }),
    ),
  );
  const busy = pools.map(
    (name): Row => ({
      title: `${name} busy`,
      cell: (of) => {
        const found = of.pools.find(({ pool }) => pool === name);
        return found === undefined ? NOTHING : `${Math.round(found.busy * 100)} % of ${found.capacity}`;
      },
    }),
  );
  return [
    ...waits,
    ...busy,
    { title: "makespan", cell: ({ makespanMs }) => (makespanMs === null ? NOTHING : formatDuration(makespanMs)) },
    { title: "starts", cell: ({ starts }) => String(starts) },
    { title: "overtakes", cell: ({ overtakes }) => String(overtakes) },
    { title: "left waiting", cell: ({ waiting }) => String(waiting) },
  ];
}

const inOrder = (names: readonly string[]): string[] => [...new Set(names)].sort();
