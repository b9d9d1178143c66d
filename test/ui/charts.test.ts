/** The charts of the machines: laid out from the machines as they are, complete, and drawn the same on the page and on the command line. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { diagramOfMachine, MACHINE_NAMES } from "../../machines/graph.js";
import { chartOf } from "../../src/ui/drawing/chart.js";
import { drawPng } from "../../src/ui/drawing/png.js";
import { drawSvg } from "../../src/ui/drawing/svg.js";
import { PACKAGE_FOLDER } from "../../src/version.js";
import { startProgram } from "../cli/world.js";
import { PROGRAM } from "../support/program.js";
import { layoutsText } from "./layouts-text.js";

const PAGE_GZIPPED_MAX = 250_000;
/** ELK takes two seconds, on a machine that has nothing else to do. */
const LAYOUT_MS_MAX = 120_000;

describe("the charts", () => {
  test(
    "given the machines as they are, when they are laid out, then it is what the page has: else run npm run layouts",
    async () => {
      const written = await readFile(join(PACKAGE_FOLDER, "src/ui/drawing/layouts.ts"), "utf8");
      expect(written).toBe(await layoutsText());
    },
    LAYOUT_MS_MAX,
  );

  test.each(MACHINE_NAMES)(
    "given the %s machine, when it is drawn, then every state, event and guard of it is there",
    (name) => {
      const diagram = diagramOfMachine(name);
      const chart = chartOf(diagram, "labelled");
      const svg = drawSvg(chart ?? { machine: name, width: 0, height: 0, states: [], ways: [] });
      const states = chart?.states.map(({ id }) => id) ?? [];
      for (const { from, to, event, guard } of diagram.transitions) {
        expect(states).toContain(from);
        expect(states).toContain(to);
        expect(svg).toContain(event);
        if (guard !== null) expect(svg).toContain(`[${guard}]`);
      }
    },
  );

  test("given no two places that are the same, when states are placed, then none lies on another, but in the one that it belongs to", () => {
    for (const name of MACHINE_NAMES) {
      const states =
        chartOf(diagramOfMachine(name), "labelled")?.states.filter(({ isComposite }) => !isComposite) ?? [];
      expect(states.length).toBeGreaterThan(3);
      for (const [index, a] of states.entries())
        for (const b of states.slice(index + 1)) {
          const isApart =
            a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
          expect(isApart, `${a.id} and ${b.id}`).toBe(true);
        }
    }
  });

  test("given graph --format svg, when it is called, then it prints one picture, the same each time, and needs no server", async () => {
    const run = () => startProgram(["graph", "job", "--format", "svg"]).ended;
    const [one, another] = await Promise.all([run(), run()]);
    expect(one).toMatchObject({ code: 0, stderr: "" });
    expect(one.stdout).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(another.stdout).toBe(one.stdout);
  });

  test("given a chart, when it is drawn as PNG, then it is the SVG in twice its size, with its words, the same each time", async () => {
    const chart = chartOf(diagramOfMachine("worker"), "labelled");
    if (chart === null) throw new Error("the worker machine is not laid out");
    const svg = drawSvg(chart);
    const png = Buffer.from(await drawPng(svg));
    expect(png.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
    const { width, height } = /width="(?<width>\d+)" height="(?<height>\d+)"/.exec(svg)?.groups ?? {};
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * Number(width), 2 * Number(height)]);
    expect(png.equals(await drawPng(svg))).toBe(true);
    for (const one of ["RECORDED", "reporting"]) {
      const without = svg.replace(`>${one}<`, "><");
      expect(without).not.toBe(svg);
      expect(png.equals(await drawPng(without)), `${one} can be read`).toBe(false);
    }
  });

  test("given graph --format png, when it is called, then it writes that picture", async () => {
    const args = [PROGRAM, "graph", "worker", "--format", "png"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { encoding: "buffer" });
    const chart = chartOf(diagramOfMachine("worker"), "labelled");
    expect(chart !== null && stdout.equals(await drawPng(drawSvg(chart)))).toBe(true);
  });
});

describe("the bundle of the page", () => {
  test("given the built page, when its files are compressed, then they are small, and the page has nothing inline", async () => {
    const folder = join(PACKAGE_FOLDER, "dist/page");
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    let bytes = 0;
    for (const entry of entries.filter((one) => one.isFile()))
      bytes += gzipSync(await readFile(join(entry.parentPath, entry.name))).length;
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(PAGE_GZIPPED_MAX);
    const html = await readFile(join(folder, "index.html"), "utf8");
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)/);
    expect(html).not.toMatch(/https?:/);
  });
});
