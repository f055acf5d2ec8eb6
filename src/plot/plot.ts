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
