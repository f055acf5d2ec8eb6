import { extent } from "d3-array";
import { scaleLinear, scaleLog } from "d3-scale";
import { line as path } from "d3-shape";
import { bottomAxis, frame, gridLines, linearTicks, logTicks, sideAxis } from "./axes.js";
import { element, group, label, page } from "./svg.js";

/** How an iterative solver converged. */
export interface Curve {
  readonly title?: string;
  /** What the numbers are, such as `residual norm`. */
  readonly label: string;
  /** One number before each iteration and one after the last; those that are not positive are left out. */
  readonly values: readonly number[];
}

const COLOUR = "#2a6fdb";

/** A curve of a number per iteration on a logarithmic scale, as an SVG picture of its own. Local. */
export function curveSvg(curve: Curve, width = 960, height = 600): string {
  const [left, top, right, bottom] = [100, 70, 40, 80];
  const heading = label(left, 36, curve.title ?? "Convergence", { size: 22, weight: 600, anchor: "start" });
  const body = drawCurve(curve, width - left - right, height - top - bottom, "left");
  return page(width, height, heading, group(left, top, body));
}

/** The curve in a frame whose upper left corner is the origin; its axis stands on the given side. */
export function drawCurve(curve: Curve, width: number, height: number, side: "left" | "right"): string {
  const points = curve.values
    .map((value, iteration) => ({ value, iteration }))
    .filter(({ value }) => value > 0);
  const [low = 1, high = 1] = extent(points, ({ value }) => value);
  const range: [number, number] = [low / 1.3, high * 1.3];
  const last = Math.max(1, curve.values.length - 1);
  const x = scaleLinear([0, last], [0, width]);
  const y = scaleLog(range, [height, 0]);
  const xTicks = linearTicks(x, Math.min(8, last)).filter(({ text }) => Number.isInteger(Number(text)));
  const yTicks = logTicks(y, range);
  const stroke = path<(typeof points)[number]>(({ iteration }) => x(iteration), ({ value }) => y(value)); // prettier-ignore
  const dots = points.map(({ value, iteration }) => {
    return element("circle", { cx: x(iteration), cy: y(value), r: 3, fill: COLOUR });
  });
  return group(
    0,
    0,
    gridLines(width, height, xTicks, yTicks),
    element("path", { d: stroke(points) ?? "", fill: "none", stroke: COLOUR, "stroke-width": 2.5 }),
    ...dots,
    frame(width, height),
    group(0, height, bottomAxis(width, xTicks, "iteration")),
    group(side === "left" ? 0 : width, 0, sideAxis(height, yTicks, side, curve.label)),
  );
}
