import { scaleLog } from "d3-scale";
import { line as path } from "d3-shape";
import { bottomAxis, frame, gridLines, logTicks, sideAxis, type Tick } from "../src/plot/axes.js";
import { saveFigure } from "../src/plot/save.js";
import { element, group, label, page, QUIET } from "../src/plot/svg.js";
import type { Benchmark } from "./catalogue.js";
import { findBenchmark } from "./catalogue.js";
import type { Cell, Row } from "./measure.js";
import type { Report } from "./session.js";
import { formatBytes } from "../src/bytes.js";
import { overlap } from "./table.js";

/** Panels side by side: one for each benchmark and number of ranks, over the size; without sizes, over the ranks. */
export async function plotReport(file: string, report: Report): Promise<void> {
  await saveFigure(file, reportSvg(report), 1.5);
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

interface Panel {
  readonly title: string;
  readonly yLabel: string;
  readonly xLabel: string;
  readonly xTicks: readonly number[];
  readonly formatX: (x: number) => string;
  /** By side. */
  readonly curves: readonly (readonly Point[])[];
}

const COLOURS = ["#2a6fdb", "#d9622b", "#2f9e62", "#8a4fbf", "#b8860b", "#5b6770"];
const CELL = { width: 620, height: 460, left: 96, top: 46, right: 28, bottom: 74 };
const HEADER = 96;

/** The picture as SVG. Local. */
export function reportSvg(report: Report): string {
  const panels = panelsOf(report);
  const columns = Math.min(panels.length, panels.length > 4 ? 3 : 2) || 1;
  const rows = Math.max(1, Math.ceil(panels.length / columns));
  const names = report.sides.map(({ name }) => name);
  return page(
    columns * CELL.width,
    HEADER + rows * CELL.height,
    label(CELL.left, 34, "tsmpi bench", { size: 24, weight: 600, anchor: "start" }),
    label(CELL.left, 62, `${report.processor}, node ${report.node}`, { colour: QUIET, anchor: "start" }),
    legend(names, columns * CELL.width - CELL.right),
    ...panels.map((panel, i) => {
      const [column, row] = [i % columns, Math.floor(i / columns)];
      return group(column * CELL.width + CELL.left, HEADER + row * CELL.height + CELL.top, drawPanel(panel));
    }),
  );
}

function panelsOf({ tables }: Report): Panel[] {
  const unsized = new Map<Benchmark, Row[]>();
  const panels: Panel[] = [];
  for (const { name, rows } of tables) {
    const benchmark = findBenchmark(name);
    if (benchmark.sizes !== undefined) {
      const title = `${name}, ${rows[0]?.ranks} ranks`;
      panels.push(panelOf(benchmark, title, rows, "message size", ({ bytes }) => bytes, formatBytes));
    } else unsized.set(benchmark, [...(unsized.get(benchmark) ?? []), ...rows]);
  }
  for (const [benchmark, rows] of unsized)
    panels.push(panelOf(benchmark, benchmark.name, rows, "ranks", ({ ranks }) => ranks, String));
  return panels.filter(({ curves }) => curves.some((points) => points.length > 0));
}

function panelOf(
  benchmark: Benchmark,
  title: string,
  rows: readonly Row[],
  xLabel: string,
  xOf: (row: Row) => number,
  formatX: (x: number) => string,
): Panel {
  const { yLabel, yOf } = quantityOf(benchmark);
  const sides = rows[0]?.cells.length ?? 0;
  const curves = Array.from({ length: sides }, (_, side) =>
    rows.flatMap((row): Point[] => {
      const cell = row.cells[side];
      const [x, y] = [xOf(row), cell ? yOf(cell, row, cell.seconds) : 0];
      if (!cell || !(x > 0 && y > 0)) return [];
      return [{ x, y, low: yOf(cell, row, cell.min), high: yOf(cell, row, cell.max) }];
    }),
  );
  const xs = curves.flat().map(({ x }) => x);
  const all = [...new Set(xs)].sort((a, b) => a - b);
  const every = Math.ceil(all.length / 7);
  return { title, yLabel, xLabel, xTicks: all.filter((_, i) => i % every === 0), formatX, curves };
}

/** What stands on the upright axis; `seconds` is that of the cell, or the end of its spread. */
function quantityOf({ metric }: Benchmark): {
  yLabel: string;
  yOf: (cell: Cell, row: Row, seconds: number) => number;
} {
  if (metric === "bandwidth")
    return { yLabel: "MB/s", yOf: (_, { bytes }, seconds) => bytes / seconds / 1e6 };
  if (metric === "overlap") return { yLabel: "overlap (%)", yOf: (cell) => Math.max(1, overlap(cell)) };
  if (metric === "latency") return { yLabel: "µs", yOf: (_cell, _row, seconds) => seconds * 1e6 };
  return { yLabel: "ms", yOf: (_cell, _row, seconds) => seconds * 1e3 };
}

function drawPanel({ title, xLabel, yLabel, xTicks, formatX, curves }: Panel): string {
  const width = CELL.width - CELL.left - CELL.right;
  const height = CELL.height - CELL.top - CELL.bottom;
  const points = curves.flat();
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const x = scaleLog([Math.min(...xs) / 1.5, Math.max(...xs) * 1.5], [0, width]);
  const range: [number, number] = [Math.min(...ys) / 1.4, Math.max(...ys) * 1.4];
  const y = scaleLog(range, [height, 0]).clamp(true);
  const bottom = xTicks.map((value): Tick => ({ position: x(value), text: formatX(value) }));
  const side = logTicks(y, range);
  return group(
    0,
    0,
    label(0, -20, title, { size: 18, weight: 600, anchor: "start" }),
    gridLines(width, height, bottom, side),
    ...curves.map((curve, i) => drawCurve(curve, x, y, COLOURS[i % COLOURS.length])),
    frame(width, height),
    group(0, height, bottomAxis(width, bottom, xLabel)),
    sideAxis(height, side, "left", yLabel),
  );
}

/** The medians, and a faint upright line from the least to the most. */
function drawCurve(
  points: readonly Point[],
  x: (value: number) => number,
  y: (value: number) => number,
  colour: string,
): string {
  const stroke = path<Point>((point) => x(point.x), (point) => y(point.y)); // prettier-ignore
  return group(
    0,
    0,
    ...points.map((p) => {
      const at = { x1: x(p.x), x2: x(p.x), y1: y(p.low), y2: y(p.high) };
      return element("line", { ...at, stroke: colour, "stroke-width": 5, "stroke-opacity": 0.18 });
    }),
    element("path", { d: stroke([...points]) ?? "", fill: "none", stroke: colour, "stroke-width": 2.5 }),
    ...points.map((p) => element("circle", { cx: x(p.x), cy: y(p.y), r: 3.5, fill: colour })),
  );
}

/** Names in the colours of their curves, right-aligned at `right`. */
function legend(names: readonly string[], right: number): string {
  const GAP = 150;
  return group(
    right - GAP * names.length,
    34,
    ...names.flatMap((name, i) => [
      element("rect", { x: GAP * i, y: -4, width: 26, height: 6, fill: COLOURS[i % COLOURS.length] }),
      label(GAP * i + 34, 0, name, { anchor: "start" }),
    ]),
  );
}
