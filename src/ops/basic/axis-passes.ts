import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { Distribution } from "../../array/distribution.js";
import { type DType, promote, realOf, type Storage } from "../../array/dtype.js";
import { Redistribution } from "../../array/redistribute.js";
import { alongAxis } from "../../array/shape.js";
import { Workspace } from "../workspace.js";
import { distributionOf } from "./block-space.js";

/** An array, seen along the axis of a pass: [outer, rows, inner] elements. */
export interface Lines {
  readonly storage: Storage;
  readonly outer: number;
  readonly rows: number;
  readonly inner: number;
  /** Of the block, and where in the whole array it begins. */
  readonly shape: readonly number[];
  readonly start: readonly number[];
}

/** What is done to every line along one axis, all of which must be on one rank. */
export interface AxisPass {
  readonly axis: number;
  /** Samples of the axis afterwards. */
  readonly length: number;
  /** Whether it makes complex numbers of real ones; its adjoint real ones of complex ones. */
  readonly toComplex?: boolean;
  /** Whether it needs x while it writes y. Else y may be x where the length stays and both are real or complex. */
  readonly apart?: boolean;
  forward(x: Lines, y: Lines): void;
  adjoint(y: Lines, x: Lines): void;
}

/** From one space to the next: a pass, or a move between ranks, and back. */
interface Step<V> {
  readonly pass?: AxisPass;
  readonly forth?: Redistribution;
  readonly back?: Redistribution;
  readonly from: BlockSpace<V>;
  readonly to: BlockSpace<V>;
}

/**
 * Passes along several axes of local or distributed arrays, one after the other. Where an axis is split, the array is
 * moved first, so that its lines are whole and another axis is split instead (pencils): one all-to-all among the ranks
 * that share the lines. One more takes the result to the data space, if it lies elsewhere by then. All moves are planned
 * once. Workspace: an array for each move, and for each pass that changes the length, besides the first and the last.
 */
export class AxisPasses<V extends BlockVector<V>> {
  readonly #steps: readonly Step<V>[];
  /** Where the result of each step but the last one is put. */
  readonly #between: readonly Workspace<V>[];

  /** @param data - Where the result lives; default: where the last pass leaves it. */
  constructor(model: BlockSpace<V>, passes: readonly AxisPass[], data?: BlockSpace<V>) {
    this.#steps = stepsOf(model, passes, data);
    const between: Workspace<V>[] = [];
    for (const [i, { pass, from, to }] of this.#steps.slice(0, -1).entries()) {
      const inPlace = i > 0 && pass !== undefined && !pass.toComplex && !pass.apart && from.equals(to);
      between.push(inPlace ? between[i - 1] : new Workspace(to));
    }
    this.#between = between;
  }

  /** Where the results live. */
  get data(): BlockSpace<V> {
    return this.#steps[this.#steps.length - 1].to;
  }

  /** All-to-alls of a product with the passes, or with their adjoints. */
  get moves(): number {
    return this.#steps.filter(({ forth }) => forth).length;
  }

  /** y ← the passes of x. Collective if something is moved. */
  async forward(x: V, y: V): Promise<void> {
    let input = x;
    for (const [i, { pass, forth, from, to }] of this.#steps.entries()) {
      const last = i === this.#steps.length - 1;
      const output = last ? y : this.#between[i].get(pass?.toComplex ? complexOf(input.dtype) : input.dtype);
      if (pass) pass.forward(lines(input, from, pass.axis), lines(output, to, pass.axis));
      await forth?.run(input.dtype, input.local, output.local);
      input = output;
    }
  }

  /** x ← the adjoints of the passes of y, the last one first. */
  async adjoint(y: V, x: V): Promise<void> {
    let input = y;
    for (let i = this.#steps.length - 1; i >= 0; i--) {
      const { pass, back, from, to } = this.#steps[i];
      const output =
        i === 0 ? x : this.#between[i - 1].get(pass?.toComplex ? realOf(input.dtype) : input.dtype);
      if (pass) pass.adjoint(lines(input, to, pass.axis), lines(output, from, pass.axis));
      await back?.run(input.dtype, input.local, output.local);
      input = output;
    }
  }
}

function complexOf(dtype: DType): DType {
  return promote(dtype, "complex64");
}

function lines(
  { local }: BlockVector<unknown>,
  { localShape: shape, localStart: start }: BlockSpace<unknown>,
  axis: number,
): Lines {
  const { outer, length, inner } = alongAxis(shape, axis);
  return { storage: local, outer, rows: length, inner, shape, start };
}

function stepsOf<V>(model: BlockSpace<V>, passes: readonly AxisPass[], data?: BlockSpace<V>): Step<V>[] {
  const steps: Step<V>[] = [];
  let here = model;
  const moveTo = (space: BlockSpace<V>) => {
    const [from, to] = [distributionOf(here), distributionOf(space)];
    if (!from || !to || from.equals(to)) return;
    steps.push({
      forth: new Redistribution(from, to),
      back: new Redistribution(to, from),
      from: here,
      to: space,
    });
    here = space;
  };
  passes.forEach((pass, i) => {
    const later = passes.slice(i + 1).map(({ axis }) => axis);
    const distribution = distributionOf(here);
    if (distribution) moveTo(sameKind(gathered(distribution, pass.axis, later)));
    const to = here.withDims(here.dims.with(pass.axis, pass.length));
    steps.push({ pass, from: here, to });
    here = to;
  });
  if (data) moveTo(data);
  return steps;
}

/**
 * The distribution in which lines along `axis` are whole: its ranks go to another axis; if possible one that is not split
 * and that no later pass wants whole, and there the longest. Without another axis, the first of the ranks get all.
 */
function gathered(from: Distribution, axis: number, later: readonly number[]): Distribution {
  const { dims, grid } = from;
  const ranks = grid[axis];
  if (ranks === 1) return from;
  const cost = (other: number) => 2 * Number(later.includes(other)) + Number(grid[other] > 1);
  const [best] = dims
    .map((_, other) => other)
    .filter((other) => other !== axis)
    .sort((a, b) => cost(a) - cost(b) || dims[b] / grid[b] - dims[a] / grid[a]);
  const blocksOf = (other: number) => (other === axis || other === best ? undefined : from.blocks(other));
  if (best === undefined) {
    const all = Array.from({ length: ranks }, (_, place) => (place === 0 ? dims[axis] : 0));
    return from.with(dims, { grid, blocks: [all] });
  }
  return from.with(dims, {
    grid: grid.with(best, grid[best] * ranks).with(axis, 1),
    blocks: dims.map((_, other) => blocksOf(other)),
  });
}

/** The vectors of one distribution are those of another. */
function sameKind<V>(distribution: Distribution): BlockSpace<V> {
  const space: BlockSpace<unknown> = distribution;
  return space as BlockSpace<V>;
}
