import { interpolateRainbow } from "d3-scale-chromatic";
import type { Distribution } from "../array/distribution.js";
import { type Axis, frame } from "./axes.js";
import { element, group, label } from "./svg.js";

/** A block of a 2-D section, in elements, and the ranks that hold it. */
export interface OwnedBlock {
  readonly ranks: readonly number[];
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

/** Who owns what of a 2-D section: one coloured field for each block, with its ranks on it. */
export interface OwnersPanel {
  readonly title: string;
  readonly blocks: readonly OwnedBlock[];
  readonly x: Axis;
  readonly y: Axis;
}

/**
 * The blocks of the section of an array along its last two axes, at given indices of the others. Local. An array with
 * one axis is one row.
 */
export function blocksOf(distribution: Distribution, at: readonly number[]): OwnedBlock[] {
  const blocks = new Map<string, OwnedBlock & { ranks: number[] }>();
  for (let rank = 0; rank < distribution.comm.size; rank++) {
    const [start, shape] = [distribution.startOf(rank), distribution.shapeOf(rank)];
    const holds = shape.every(
      (n, axis) => n > 0 && (at[axis] === undefined || inside(at[axis], start[axis], n)),
    );
    if (!holds) continue;
    const [row = 0, column] = ends(start);
    const [rows = 1, columns] = ends(shape);
    const key = [row, column, rows, columns].join();
    const block = blocks.get(key) ?? { ranks: [], row, column, rows, columns };
    block.ranks.push(rank);
    blocks.set(key, block);
  }
  return [...blocks.values()];
}

/** Fills a frame of `w` by `h` for `rows` by `columns` elements. */
export function drawBlocks({ blocks }: OwnersPanel, w: number, h: number): string {
  const rows = Math.max(1, ...blocks.map((block) => block.row + block.rows));
  const columns = Math.max(1, ...blocks.map((block) => block.column + block.columns));
  const ranks = Math.max(1, ...blocks.flatMap((block) => block.ranks.map((rank) => rank + 1)));
  const [dx, dy] = [w / columns, h / rows];
  const fields = blocks.map((block) => {
    const [x, y, width, height] = [block.column * dx, block.row * dy, block.columns * dx, block.rows * dy];
    const text = block.ranks.join(", ");
    const size = Math.max(6, Math.min(26, 0.6 * height, (1.6 * width) / Math.max(2, text.length)));
    return group(
      0,
      0,
      element("rect", {
        x,
        y,
        width,
        height,
        fill: colourOf(block.ranks[0], ranks),
        stroke: "#ffffff",
        "stroke-width": 2,
      }),
      label(x + width / 2, y + height / 2, text, { size, weight: 600 }),
    );
  });
  return group(0, 0, ...fields, frame(w, h));
}

/** Pale enough for black letters; neighbours in rank stand apart. */
function colourOf(rank: number, ranks: number): string {
  const turn = ranks <= 12 ? rank / ranks : (rank * 0.618034) % 1; // the golden ratio spreads any number of them
  return interpolateRainbow(turn).replace("rgb(", "rgba(").replace(")", ", 0.55)");
}

function inside(index: number, start: number, length: number): boolean {
  return index >= start && index < start + length;
}

/** The last two entries; the first is missing where there is only one. */
function ends(values: readonly number[]): [number | undefined, number] {
  return [values.at(-2), values[values.length - 1]];
}
