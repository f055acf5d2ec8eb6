import { rgb } from "d3-color";
import {
  interpolateCividis,
  interpolateGreys,
  interpolateRdBu,
  interpolateViridis,
} from "d3-scale-chromatic";
import { encode } from "fast-png";

/** Perceptually even colours: the first two for quantities, `greys` and `red-blue` for what has a sign. */
export type Palette = "viridis" | "cividis" | "greys" | "red-blue";

const PALETTES: Readonly<Record<Palette, (t: number) => string>> = {
  viridis: interpolateViridis,
  cividis: interpolateCividis,
  greys: (t) => interpolateGreys(1 - t),
  "red-blue": (t) => interpolateRdBu(1 - t), // red is positive
};
const STEPS = 256;
const MISSING = [200, 200, 200]; // NaN

/** Rows × columns of numbers, rows from top to bottom. */
export interface Raster {
  readonly rows: number;
  readonly columns: number;
  at(row: number, column: number): number;
}

/** A PNG of one pixel per number, as a data URI; numbers outside the range get the colour of its ends. */
export function rasterUri(raster: Raster, [low, high]: readonly [number, number], palette: Palette): string {
  const { rows: height, columns: width } = raster;
  const colours = table(palette);
  const data = new Uint8Array(3 * width * height);
  for (let row = 0, pixel = 0; row < height; row++) {
    for (let column = 0; column < width; column++, pixel += 3) {
      const t = (raster.at(row, column) - low) / (high - low || 1);
      const step = Math.min(STEPS - 1, Math.max(0, Math.floor(t * STEPS)));
      data.set(Number.isNaN(t) ? MISSING : colours[step], pixel);
    }
  }
  const png = encode({ width, height, data, channels: 3, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}

/** All colours of a palette from bottom to top, one column wide. */
export function scaleUri(palette: Palette): string {
  return rasterUri({ rows: STEPS, columns: 1, at: (row) => STEPS - 1 - row }, [0, STEPS], palette);
}

/** The colour at an end of a palette. */
export function endColour(palette: Palette, end: "low" | "high"): string {
  return PALETTES[palette](end === "low" ? 0 : 1);
}

function table(palette: Palette): number[][] {
  return Array.from({ length: STEPS }, (_, step) => {
    const { r, g, b } = rgb(PALETTES[palette](step / (STEPS - 1)));
    return [r, g, b];
  });
}
