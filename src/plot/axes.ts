import { format } from "d3-format";
import { element, FAINT, group, INK, label, line, QUIET } from "./svg.js";

/** A linear axis: what it shows, and where its first and last samples are. */
export interface Axis {
  /** With the unit, such as `depth (km)`. */
  readonly label: string;
  readonly first: number;
  readonly last: number;
}

/** A place on an axis, in units of the drawing, and what is written there. */
export interface Tick {
  readonly position: number;
  readonly text: string;
}

const TICK = 6;

/** The axis along the lower edge of a frame of `width`, drawn from its lower left corner. */
export function bottomAxis(width: number, ticks: readonly Tick[], title?: string): string {
  return group(
    0,
    0,
    ...ticks.map(({ position }) => line(position, 0, position, TICK, INK)),
    ...ticks.map(({ position, text }) => label(position, TICK + 13, text)),
    title === undefined ? "" : label(width / 2, TICK + 38, title, { colour: QUIET }),
  );
}

/** The axis along an upright edge, drawn from its upper end; labels stand left or right of it. */
export function sideAxis(
  height: number,
  ticks: readonly Tick[],
  side: "left" | "right",
  title?: string,
): string {
  const sign = side === "left" ? -1 : 1;
  const anchor = side === "left" ? "end" : "start";
  return group(
    0,
    0,
    ...ticks.map(({ position }) => line(0, position, sign * TICK, position, INK)),
    ...ticks.map(({ position, text }) => label(sign * (TICK + 5), position, text, { anchor })),
    title === undefined ? "" : label(sign * 68, height / 2, title, { colour: QUIET, rotate: -90 }),
  );
}

export function frame(width: number, height: number): string {
  return element("rect", { width, height, fill: "none", stroke: INK, "stroke-width": 1 });
}

export function gridLines(width: number, height: number, x: readonly Tick[], y: readonly Tick[]): string {
  return group(
    0,
    0,
    ...x.map(({ position }) => line(position, 0, position, height, FAINT)),
    ...y.map(({ position }) => line(0, position, width, position, FAINT)),
  );
}

/** Ticks of a d3 scale at round values. */
export function linearTicks(
  scale: {
    (value: number): number;
    ticks(count: number): number[];
    tickFormat(count: number): (v: number) => string;
  },
  count: number,
): Tick[] {
  const text = scale.tickFormat(count);
  return scale.ticks(count).map((value) => ({ position: scale(value), text: text(value) }));
}

/** Ticks of a logarithmic scale: powers of ten, and 2 and 5 times those where the range is less than three decades. */
export function logTicks(scale: (value: number) => number, [low, high]: readonly [number, number]): Tick[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const steps = last - first > 4 ? [1] : [1, 2, 5];
  const every = Math.max(1, Math.ceil((last - first) / 8)); // decades between ticks
  const ticks: Tick[] = [];
  for (let exponent = first; exponent <= last; exponent += every) {
    for (const step of steps) {
      const value = step * 10 ** exponent;
      if (value < low * 0.999 || value > high * 1.001) continue;
      const text = exponent >= -2 && exponent <= 3 ? format("~f")(value) : `${step}·10^{${exponent}}`;
      ticks.push({ position: scale(value), text: text.replace(/^1·/, "") });
    }
  }
  return ticks;
}
