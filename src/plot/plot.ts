import type { Distribution } from "../array/distribution.js";
import type { DistributedArray } from "../array/distributed-array.js";
import type { LocalArray } from "../array/local-array.js";
import type { StackedArray } from "../array/stacked-array.js";
import type { ArrayPlotOptions } from "./arrays.js";
import type { Curve } from "./curve.js";
import type { Figure } from "./panels.js";

/**
 * Draws sections and convergence curves side by side, and writes the picture to a `.png` or `.svg` file. Local: call
 * it on the one rank that has the numbers. Everything that draws is loaded on first use.
 *
 * @throws {RangeError} If the file name has another ending.
 */
export async function plotPanels(path: string, figure: Figure): Promise<void> {
  const [{ panelsSvg }, { saveFigure }] = await Promise.all([import("./panels.js"), import("./save.js")]);
  await saveFigure(path, panelsSvg(figure));
}

/** Draws one convergence curve on a logarithmic scale; otherwise as {@link plotPanels}. Local. */
export async function plotCurve(path: string, curve: Curve): Promise<void> {
  const [{ curveSvg }, { saveFigure }] = await Promise.all([import("./curve.js"), import("./save.js")]);
  await saveFigure(path, curveSvg(curve));
}

/**
 * Draws an array of any kind to a `.png` or `.svg` file: a section along its last two axes, through the middle of the
 * others, or what `slices` leave of it; beside it, which ranks own what. Of a stack, one row for each member. Collective
 * for distributed arrays: only what is drawn is gathered, on rank 0, which draws.
 *
 * @throws {RangeError} If `slices` leave more than two axes, or the array is empty.
 */
export async function plotArray(
  path: string,
  array: LocalArray | DistributedArray | StackedArray,
  options: ArrayPlotOptions = {},
): Promise<void> {
  const { drawArray } = await import("./arrays.js");
  await drawArray(path, array, options);
}

/** Draws the blocks of all ranks, each in a panel of its own, in the colours of all. Collective: one gather. */
export async function plotBlocks(
  path: string,
  array: DistributedArray,
  options: Omit<ArrayPlotOptions, "slices" | "owners"> = {},
): Promise<void> {
  const { drawBlocks } = await import("./arrays.js");
  await drawBlocks(path, array, options);
}

/**
 * Draws which ranks own what of an array: the section along its last two axes, through the middle of the others. Local:
 * rank 0 draws, the others do nothing.
 */
export async function plotDistribution(
  path: string,
  distribution: Distribution,
  title?: string,
): Promise<void> {
  const { drawDistribution } = await import("./arrays.js");
  await drawDistribution(path, distribution, title);
}
