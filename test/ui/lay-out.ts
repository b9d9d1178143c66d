/** Lays a machine out with ELK. Done when the machines change, not where they are shown: ELK is larger than all the rest. */
import elkModule, { type ElkExtendedEdge, type ElkNode } from "elkjs/lib/elk.bundled.js";
import type { Diagram, DiagramState } from "../../machines/drawing.js";
import type { Box, ChartForm, Layout, Point } from "../../src/ui/drawing/chart.js";
import { innerLines, labelSize, stateSize, wayKey, wayLines, waysOf } from "../../src/ui/drawing/ways.js";

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.json.edgeCoords": "ROOT",
  "elk.json.shapeCoords": "ROOT",
  "elk.spacing.nodeNode": "22",
  "elk.spacing.edgeNode": "12",
  "elk.spacing.edgeEdge": "10",
  "elk.spacing.edgeLabel": "2",
  "elk.layered.spacing.nodeNodeBetweenLayers": "28",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  // The order in which the machine declares its states is the order in which people tell about them.
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
  "elk.layered.thoroughness": "60",
};
const LAST = { "elk.layered.layering.layerConstraint": "LAST" };

const elk = new elkModule.default();

export async function layOut(diagram: Diagram, form: ChartForm): Promise<Layout> {
  const nodeOf = (state: DiagramState): ElkNode =>
    state.states.length > 0
      ? {
          id: state.id,
          layoutOptions: { "elk.padding": "[top=40,left=24,bottom=16,right=16]" },
          children: state.states.map(nodeOf),
        }
      : {
          id: state.id,
          ...stateSize(state.label, innerLines(state, diagram.transitions)),
          ...(state.isFinal && { layoutOptions: LAST }),
        };
  const edges = waysOf(diagram).map((way): ElkExtendedEdge => {
    const lines = wayLines(way);
    const labels = form === "plain" ? [] : [{ text: lines.join("\n"), ...labelSize(lines) }];
    return { id: wayKey(way.from, way.to), sources: [way.from], targets: [way.to], labels };
  });
  const graph: ElkNode = {
    id: diagram.machine,
    layoutOptions: OPTIONS,
    children: diagram.states.map(nodeOf),
    edges,
  };
  const placed: ElkNode = await elk.layout(graph);
  const states = new Map(placedNodes(placed).map((node) => [node.id, boxOf(node)]));
  const ways = new Map(
    (placed.edges ?? []).map(({ id, sections = [], labels = [] }) => {
      const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }): Point[] => [
        startPoint,
        ...bendPoints,
        endPoint,
      ]);
      return [id, { points, label: labels[0] === undefined ? null : boxOf(labels[0]) }] as const;
    }),
  );
  return { width: placed.width ?? 0, height: placed.height ?? 0, states, ways };
}

function placedNodes(node: ElkNode): ElkNode[] {
  return (node.children ?? []).flatMap((child) => [child, ...placedNodes(child)]);
}

const boxOf = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box>): Box => ({ x, y, width, height });
