import { Distribution } from "../array/distribution.js";
import { DistributedArray } from "../array/distributed-array.js";
import { isComplex, type Storage } from "../array/dtype.js";
import { LocalArray } from "../array/local-array.js";
import type { Slice } from "../array/slices.js";
import { StackedArray } from "../array/stacked-array.js";
import { checkOptions } from "../options.js";
import type { Axis } from "./axes.js";
import { blocksOf, type OwnersPanel } from "./blocks-panel.js";
import { type Panel, panelsSvg, type Quantity, type SectionPanel } from "./panels.js";
import type { Palette } from "./raster.js";
import { saveFigure } from "./save.js";

export interface ArrayPlotOptions {
  title?: string;
  /** What the numbers are, with their unit. */
  label?: string;
  /** Default: viridis; red-blue where numbers have both signs. */
  palette?: Palette;
  /** Numbers at the ends of the colours. Default: the smallest and the largest one; symmetric with red-blue. */
  range?: readonly [number, number];
  /** Which part is drawn, as for `slice`: one or two axes must be left. Default: the middle of all axes but the last two. */
  slices?: readonly Slice[];
  /** What is drawn of complex numbers; default abs. */
  part?: "abs" | "real" | "imag" | "angle";
  /** Beside the numbers, who owns them. Default: true for distributed arrays. */
  owners?: boolean;
}

type Drawable = LocalArray | DistributedArray | StackedArray;

/** A 2-D section as rank 0 has it. */
interface Section {
  readonly values: LocalArray;
  readonly distribution: Distribution | undefined;
  readonly text: string;
  readonly shown: readonly Shown[];
}

const OPTIONS = ["title", "label", "palette", "range", "slices", "part", "owners"];

/** See `plotArray` in plot.ts. */
export async function drawArray(path: string, array: Drawable, options: ArrayPlotOptions): Promise<void> {
  checkOptions("plotArray", options, OPTIONS);
  const rows: Panel[][] = [];
  for (const [k, member] of membersOf(array).entries()) {
    const section = await sectionOf(member, options);
    if (!section) continue; // not rank 0
    const title = `${rows.length > 0 || array instanceof StackedArray ? `Member ${k}: ` : ""}${section.text}`;
    const panel = sectionPanel(title, section.values, section.shown, quantityOf([section.values], options));
    const { distribution } = section;
    const owned = distribution && (options.owners ?? true);
    rows.push(owned ? [panel, ownersPanel("Ranks that own it", distribution, section.shown, [])] : [panel]);
  }
  if (rows.length > 0) await saveFigure(path, panelsSvg({ title: options.title ?? `${array.dtype} [${array.space.dims.join(", ")}]`, rows })); // prettier-ignore
}

/** See `plotDistribution` in plot.ts. */
export async function drawDistribution(
  path: string,
  distribution: Distribution,
  title?: string,
): Promise<void> {
  if (distribution.comm.rank > 0) return;
  const at = middle(distribution.dims);
  const panel = ownersPanel(
    sectionText(distribution.dims, at),
    distribution,
    shownAxes(distribution.dims, at),
    at,
  );
  await saveFigure(path, panelsSvg({ title: title ?? distribution.toString(), rows: [[panel]] }));
}

/** See `plotBlocks` in plot.ts. */
export async function drawBlocks(
  path: string,
  array: DistributedArray,
  options: ArrayPlotOptions,
): Promise<void> {
  checkOptions("plotBlocks", options, OPTIONS.slice(0, 4).concat("part"));
  const { distribution } = array;
  const { comm, localShape, localStart } = distribution;
  const { values } = realPart(array.block.slice(...middle(localShape)), options);
  const ranges = localShape.map((n, axis) => `${localStart[axis]}:${localStart[axis] + n}`);
  const shown = shownAxes(localShape, middle(localShape)).map(({ axis }) => ({
    axis,
    first: localStart[axis],
  }));
  const mine = {
    dims: values.space.dims,
    numbers: values.local.slice(),
    text: `[${ranges.join(", ")}]`,
    shown,
  };
  const all = await comm.gather(mine);
  if (!all) return;
  const blocks = all.map(({ dims, numbers }) => ({ values: LocalArray.from(dims, numbers) }));
  const quantity = quantityOf(blocks.map((block) => block.values), options); // prettier-ignore
  const panels = blocks.map((block, rank) =>
    sectionPanel(`Rank ${rank}  ${all[rank].text}`, block.values, all[rank].shown, quantity),
  );
  const columns = Math.ceil(Math.sqrt(panels.length));
  const rows = Array.from({ length: Math.ceil(panels.length / columns) }, (_, row) =>
    panels.slice(row * columns, (row + 1) * columns),
  );
  await saveFigure(path, panelsSvg({ title: options.title ?? `Blocks of ${array.dtype} ${distribution.toString()}`, rows })); // prettier-ignore
}

function membersOf(array: Drawable): (LocalArray | DistributedArray)[] {
  if (!(array instanceof StackedArray)) return [array];
  return array.members.flatMap((member) => {
    const known = [LocalArray, DistributedArray, StackedArray].some((kind) => member instanceof kind);
    if (!known)
      throw new TypeError("plotArray: a stack of vectors of another kind; draw its arrays one by one");
    return membersOf(member as unknown as Drawable); // has been looked at
  });
}

/** Gathers what is drawn of an array, and no more, on rank 0. Collective. */
async function sectionOf(
  array: LocalArray | DistributedArray,
  options: ArrayPlotOptions,
): Promise<Section | undefined> {
  const { dims } = array.space;
  if (array.length === 0) throw new RangeError(`plotArray: [${dims.join(", ")}] has no elements to draw`);
  const slices = options.slices ?? middle(dims);
  const part = await array.slice(...slices);
  if (part.space.dims.length > 2) {
    throw new RangeError(`plotArray: ${part.space.dims.length} axes are left of [${dims.join(", ")}]; give slices that leave 2`); // prettier-ignore
  }
  const whole = part instanceof DistributedArray ? await part.toGlobal() : part;
  const distribution = part instanceof DistributedArray ? part.distribution : undefined;
  return (
    whole && {
      ...realPart(whole, options),
      distribution,
      text: sectionText(dims, slices),
      shown: shownAxes(dims, slices),
    }
  );
}

function realPart(values: LocalArray, { part = "abs" }: ArrayPlotOptions): { values: LocalArray } {
  return { values: isComplex(values.dtype) ? values.map(part) : values };
}

/** The middle of every axis but the last two. */
function middle(dims: readonly number[]): number[] {
  return dims.slice(0, -2).map((length) => Math.floor(length / 2));
}

function sectionText(dims: readonly number[], slices: readonly Slice[]): string {
  const texts = dims.map((_, axis) => {
    const slice = slices[axis];
    return typeof slice === "number" ? String(slice) : (slice?.map((index) => index ?? "").join(":") ?? ":");
  });
  return `[${texts.join(", ")}]`;
}

/** Which axis of the array an axis of a section is, and its first index. */
interface Shown {
  readonly axis: number;
  readonly first: number;
}

/** The axes that slices leave. */
function shownAxes(dims: readonly number[], slices: readonly Slice[]): Shown[] {
  return dims.flatMap((_, axis) => (typeof slices[axis] === "number" ? [] : [{ axis, first: 0 }]));
}

function sectionPanel(
  title: string,
  { local, space: { dims } }: LocalArray,
  shown: readonly Shown[],
  quantity: Quantity,
): SectionPanel {
  const [rows, columns] = dims.length === 1 ? [1, dims[0]] : dims;
  if (rows * columns === 0) {
    return sectionPanel(`${title}, empty`, new LocalArray([1, 1]).fill(NaN), shown, quantity);
  }
  const raster = { rows, columns, at: (row: number, column: number) => local[row * columns + column] };
  return { title, raster, quantity, ...axesOf(shown, dims) };
}

/** Ticks are at indices; an array with one axis is a single row. */
function axesOf(shown: readonly Shown[], dims: readonly number[]): { x: Axis; y: Axis } {
  const axes = shown.slice(-dims.length).map(({ axis, first }, k): Axis => {
    return { label: `axis ${axis}`, first, last: first + dims[k] };
  });
  const [y, x] = axes.length > 1 ? axes : [{ label: "", first: 0, last: 0 }, axes[0]];
  return { x, y };
}

function ownersPanel(
  title: string,
  distribution: Distribution,
  shown: readonly Shown[],
  at: readonly number[],
): OwnersPanel {
  return { title, blocks: blocksOf(distribution, at), ...axesOf(shown, distribution.dims.slice(-2)) };
}

function quantityOf(
  arrays: readonly LocalArray[],
  { label = "", palette, range }: ArrayPlotOptions,
): Quantity {
  const [low, high] = extent(arrays.map(({ local }) => local));
  const signed = low < 0 && high > 0;
  const size = Math.max(Math.abs(low), Math.abs(high));
  const colours = palette ?? (signed ? "red-blue" : "viridis");
  const ends: readonly [number, number] = colours === "red-blue" ? [-size, size] : [low, high];
  return {
    label,
    palette: colours,
    range: range ?? (ends[0] < ends[1] ? ends : [ends[0] - 0.5, ends[0] + 0.5]),
  };
}

/** The smallest and the largest number; [0, 1] of none. */
function extent(all: readonly Storage[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const numbers of all) {
    for (const value of numbers) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 1];
}
