/** A chart as a picture of its own: SVG text, in the colours of a printed page, or of a dark one where that is asked for. */
import type { Chart, ChartState, ChartWay, Point } from "./chart.js";
import { arrowPath, trackPath } from "./track.js";
import { LABEL_LINE, STATE_HEAD } from "./ways.js";

/** Room around the chart, and on its left for the dot at which the machine begins. */
export const CHART_MARGIN = 22;

/** So far to the left of its first state a machine begins. */
const START = 16;

/** The short line from where the machine begins to its first state. */
export const startOf = ({ x, y }: Point): readonly Point[] => [
  { x: x - START, y: y + STATE_HEAD / 2 },
  { x, y: y + STATE_HEAD / 2 },
];

const STYLE = [
  ":root{color-scheme:light dark}",
  "text{font:13px system-ui,sans-serif;fill:#1b2733}",
  ".paper{fill:#fbfaf6}",
  ".box{fill:#fff;stroke:#42566b;stroke-width:1.4}",
  ".composite{fill:#42566b12;stroke:#42566b;stroke-dasharray:5 4}",
  ".way{fill:none;stroke:#5b7083;stroke-width:1.3}",
  ".arrow,.dot{fill:#5b7083}",
  ".name{font-weight:600}",
  ".small{font-size:12px;fill:#4a5a69}",
  "@media (prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#a9b8c6}.paper{fill:#10171e}.box{fill:#18222c;stroke:#8aa0b4}" +
    ".composite{fill:#8aa0b414;stroke:#8aa0b4}.way{stroke:#7d93a7}.arrow,.dot{fill:#7d93a7}}",
].join("");

/** One SVG document, without a line break at the end. The same chart gives the same text. */
export function drawSvg(chart: Chart): string {
  const [width, height] = [chart.width + 2 * CHART_MARGIN, chart.height + 2 * CHART_MARGIN];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-CHART_MARGIN} ${-CHART_MARGIN} ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(`The ${chart.machine} machine of signalbox`)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" x="${-CHART_MARGIN}" y="${-CHART_MARGIN}" width="${width}" height="${height}"/>`,
    ...chart.states.filter(({ isComposite }) => isComposite).map(stateSvg),
    ...chart.ways.map(waySvg),
    ...chart.states.filter(({ isComposite }) => !isComposite).map(stateSvg),
    ...chart.ways.map(labelSvg),
    "</svg>",
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function stateSvg({ x, y, width, height, label, inner, isComposite, isFinal, begins }: ChartState): string {
  const parts = [
    `<rect class="${isComposite ? "composite" : "box"}" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`,
  ];
  if (isFinal)
    parts.push(`<rect class="box" x="${x + 3}" y="${y + 3}" width="${width - 6}" height="${height - 6}" rx="6"/>`);
  if (begins === "composite") parts.push(`<circle class="dot" cx="${x + width - 12}" cy="${y + 18}" r="3.5"/>`);
  if (begins === "machine") {
    const points = startOf({ x, y });
    parts.push(`<circle class="dot" cx="${x - START}" cy="${y + STATE_HEAD / 2}" r="4.5"/>`);
    parts.push(`<path class="way" d="${trackPath(points)}"/><path class="arrow" d="${arrowPath(points)}"/>`);
  }
  parts.push(`<text class="name" x="${x + 12}" y="${y + 23}">${escaped(label)}</text>`);
  inner.forEach((line, index) => {
    parts.push(textSvg(line, x + 12, y + STATE_HEAD + 6 + index * LABEL_LINE));
  });
  return parts.join("");
}

function waySvg({ points, happenings }: ChartWay): string {
  const title = happenings.map(({ event, guard, actions }) =>
    [event, guard === null ? "" : `[${guard}]`, actions.length === 0 ? "" : `/ ${actions.join(", ")}`].join(" ").trim(),
  );
  return `<g><title>${escaped(title.join("\n"))}</title><path class="way" d="${trackPath(points)}"/><path class="arrow" d="${arrowPath(points)}"/></g>`;
}

function labelSvg({ label }: ChartWay): string {
  if (label === null) return "";
  return label.lines.map((line, index) => textSvg(line, label.x + 4, label.y + 10 + index * LABEL_LINE)).join("");
}

const textSvg = (text: string, x: number, y: number): string =>
  `<text class="small" x="${x}" y="${y}">${escaped(text)}</text>`;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
