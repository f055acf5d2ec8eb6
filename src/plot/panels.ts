import { scaleLinear } from "d3-scale";
import { bottomAxis, frame, linearTicks, sideAxis } from "./axes.js";
import type { Axis } from "./axes.js";
import { drawBlocks, type OwnersPanel } from "./blocks-panel.js";
import { drawCurve } from "./curve.js";
import type { Curve } from "./curve.js";
import { endColour, rasterUri, scaleUri } from "./raster.js";
import type { Palette, Raster } from "./raster.js";
import { element, group, INK, label, page, QUIET } from "./svg.js";

/** What the colours of one or more panels mean. Panels of one quantity share its range and colour bar. */
export interface Quantity {
  /** With the unit. */
  readonly label: string;
  readonly palette: Palette;
  readonly range: readonly [number, number];
}

/** A 2-D section, drawn with the first row on top. */
export interface SectionPanel {
  readonly title: string;
  readonly raster: Raster;
  readonly quantity: Quantity;
  readonly x: Axis;
  readonly y: Axis;
}

export type Panel = SectionPanel | OwnersPanel | (Curve & { readonly title: string });

export interface Figure {
  readonly title: string;
  readonly subtitle?: string;
  /** Rows of panels, of equal size. */
  readonly rows: readonly (readonly Panel[])[];
}

const MARGIN = { left: 92, right: 8, top: 92, bottom: 24 };
const GAP = { right: 124, top: 40, bottom: 58 }; // around each panel: colour bar, title, axis
const BAR = 16;

/**
 * Panels side by side as one SVG picture, wide as a slide. Local. A colour bar stands right of the last of the
 * neighbours that show the same quantity, with pointed ends where numbers lie beyond its range.
 */
export function panelsSvg({ title, subtitle, rows }: Figure, width = 1600, height = 900): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const cellWidth = (width - MARGIN.left - MARGIN.right) / columns;
  const cellHeight = (height - MARGIN.top - MARGIN.bottom) / rows.length;
  const [w, h] = [cellWidth - GAP.right, cellHeight - GAP.top - GAP.bottom];
  const cells = rows.flatMap((row, r) =>
    row.map((panel, c) => {
      const heading = label(0, -20, panel.title, { size: 18, weight: 600, anchor: "start" });
      const body =
        "raster" in panel
          ? drawSection(panel, w, h, row[c + 1], c === 0)
          : "blocks" in panel
            ? group(0, 0, drawBlocks(panel, w, h), sectionAxes(panel, w, h, c === 0))
            : drawCurve(panel, w, h, "right");
      return group(MARGIN.left + c * cellWidth, MARGIN.top + r * cellHeight + GAP.top, heading, body);
    }),
  );
  return page(
    width,
    height,
    label(MARGIN.left, 38, title, { size: 28, weight: 600, anchor: "start" }),
    subtitle === undefined
      ? ""
      : label(MARGIN.left, 72, subtitle, { size: 17, colour: QUIET, anchor: "start" }),
    ...cells,
  );
}

function drawSection(
  panel: SectionPanel,
  w: number,
  h: number,
  next: Panel | undefined,
  first: boolean,
): string {
  const { raster, quantity } = panel;
  const shared = next !== undefined && "raster" in next && next.quantity === quantity;
  return group(
    0,
    0,
    image(rasterUri(raster, quantity.range, quantity.palette), w, h),
    frame(w, h),
    sectionAxes(panel, w, h, first),
    shared ? "" : group(w + 14, 0, colourBar(quantity, h, beyond(raster, quantity.range))),
  );
}

/** The axes below and left of a section; only the first of a row says what the upright one is. */
function sectionAxes({ x, y }: Pick<SectionPanel, "x" | "y">, w: number, h: number, first: boolean): string {
  const xTicks = linearTicks(scaleLinear([x.first, x.last], [0, w]), 5);
  const yTicks = y.first === y.last ? [] : linearTicks(scaleLinear([y.first, y.last], [0, h]), 5); // one row
  return group(
    0,
    0,
    group(0, h, bottomAxis(w, xTicks, x.label)),
    sideAxis(
      h,
      first ? yTicks : yTicks.map((tick) => ({ ...tick, text: "" })),
      "left",
      first ? y.label : undefined,
    ),
  );
}

function colourBar(
  { palette, range, label: title }: Quantity,
  h: number,
  ends: { low: boolean; high: boolean },
) {
  const scale = scaleLinear([...range].reverse(), [0, h]);
  const point = (tip: number, base: number, end: "low" | "high") =>
    element("path", {
      d: `M0,${base} L${BAR / 2},${tip} L${BAR},${base} Z`,
      fill: endColour(palette, end),
      stroke: INK,
    });
  return group(
    0,
    0,
    ends.high ? point(-14, 0, "high") : "",
    ends.low ? point(h + 14, h, "low") : "",
    image(scaleUri(palette), BAR, h),
    frame(BAR, h),
    group(BAR, 0, sideAxis(h, linearTicks(scale, 5), "right", title)),
  );
}

function image(uri: string, width: number, height: number): string {
  return element("image", { width, height, preserveAspectRatio: "none", "xlink:href": uri });
}

function beyond(raster: Raster, [low, high]: readonly [number, number]) {
  const { rows, columns } = raster;
  const ends = { low: false, high: false };
  const slack = 1e-9 * (high - low);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = raster.at(row, column);
      if (value < low - slack) ends.low = true;
      if (value > high + slack) ends.high = true;
    }
  }
  return ends;
}
