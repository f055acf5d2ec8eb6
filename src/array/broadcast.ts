import { DistributedArray } from "./distributed-array.js";
import type { Distribution } from "./distribution.js";
import { numbersPerElement } from "./dtype.js";
import { LocalArray } from "./local-array.js";
import { product, sameNumbers, stridesOf } from "./shape.js";
import { copyBox } from "./strided-copy.js";

/**
 * Arrays of unlike shapes that meet, as in NumPy: shapes are aligned at their last axes, and an axis of length 1, or one
 * that is not there, is stretched.
 */

/** The dims of two arrays together. @throws {RangeError} If an axis has two lengths, and neither is 1. */
export function commonDims(where: string, a: readonly number[], b: readonly number[]): readonly number[] {
  if (sameNumbers(a, b)) return a;
  const ndim = Math.max(a.length, b.length);
  const [m, n] = [a, b].map((dims) => [...new Array<number>(ndim - dims.length).fill(1), ...dims]);
  return m.map((length, axis) => {
    if (length === n[axis] || n[axis] === 1) return length;
    if (length === 1) return n[axis];
    throw new RangeError(
      `${where}: shapes differ, [${a.join(", ")}] and [${b.join(", ")}]; axes must be equal, or have length 1`,
    );
  });
}

/** A box of an array, by its global index. */
export interface Box {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

/** The box of an array that this rank has, in an array of `dims`. */
interface Held {
  readonly dims: readonly number[];
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

/**
 * What the block of one array has for a box of the array that it is stretched to: the block itself if it is just that,
 * else a copy. Local.
 *
 * @param held - Where the block lies in its own array.
 */
export function facing(block: LocalArray, held: Held, box: Box): LocalArray {
  const missing = box.shape.length - held.dims.length;
  const strides = stridesOf(held.shape);
  const steps = box.shape.map((_, axis) =>
    lengthOf(held, axis - missing) === 1 ? 0 : strides[axis - missing],
  );
  const first = steps.map((step, axis) => (step === 0 ? 0 : box.start[axis] - held.start[axis - missing]));
  const whole = missing === 0 && sameNumbers(box.shape, held.shape) && first.every((index) => index === 0);
  if (whole) return block;
  const result = new LocalArray(box.shape, block.dtype);
  copyBox(
    box.shape,
    {
      storage: block.local,
      strides: steps,
      offset: first.reduce((sum, i, axis) => sum + i * steps[axis], 0),
    },
    { storage: result.local, strides: stridesOf(box.shape), offset: 0 },
    numbersPerElement(block.dtype),
  );
  return result;
}

/** Whether every rank has, of an array in blocks of `from`, all that faces its block of the larger `to`. */
export function covers(from: Distribution, to: Distribution): boolean {
  return Array.from({ length: to.comm.size }, (_, rank) => rank).every((rank) => {
    const [held, box] = [from, to].map((space) => ({
      start: space.startOf(rank),
      shape: space.shapeOf(rank),
    }));
    if (product(box.shape) === 0) return true;
    const missing = box.shape.length - held.shape.length;
    return held.shape.every((length, axis) => {
      if (from.dims[axis] === 1) return length === 1;
      const [begin, wanted] = [box.start[axis + missing], box.shape[axis + missing]];
      return held.start[axis] <= begin && begin + wanted <= held.start[axis] + length;
    });
  });
}

/** Two arrays on their way into one operation: where the result lives, and what this rank has of both for its block. */
interface Pair {
  readonly space: Distribution;
  readonly x: LocalArray;
  readonly y: LocalArray;
}

/**
 * Lays two arrays beside each other. Local, and with the same outcome on all ranks: it must not take a message, so the
 * result is spread as one of the two, of which the other one has the facing part on every rank. An array on one rank is
 * taken to be the same on all.
 *
 * @throws {RangeError} If the shapes do not go together, or the parts do not lie on the same ranks.
 */
export function alongside(where: string, a: DistributedArray, b: DistributedArray | LocalArray): Pair {
  const p = a.distribution;
  const q = b instanceof DistributedArray ? b.distribution : undefined;
  if (q && p.equals(q)) return { space: p, x: a.block, y: b.block };
  const dims = commonDims(where, p.dims, b.space.dims);
  const spaces = [p, ...(q ? [q] : [])].map((space) => stretchedTo(space, dims));
  const space = spaces.find((to) => [p, ...(q ? [q] : [])].every((from) => covers(from, to)));
  if (!space) {
    throw new RangeError(
      `${where}: distributions differ, ${p.toString()} and ${b.space.toString()}; use redistribute`,
    );
  }
  const box = { start: space.localStart, shape: space.localShape };
  return { space, x: facing(a.block, heldBy(a), box), y: facing(b.block, heldBy(b), box) };
}

/** Where the block of this rank lies in its array. */
export function heldBy({ space }: DistributedArray | LocalArray): Held {
  return { dims: space.dims, start: space.localStart, shape: space.localShape };
}

/** The same ranks and blocks for an array of larger dims, aligned at the last axes. */
function stretchedTo(space: Distribution, dims: readonly number[]): Distribution {
  const missing = new Array<undefined>(dims.length - space.dims.length).fill(undefined);
  if (missing.length === 0) return space.withDims(dims);
  const own = space.dims.map((_, axis) => axis);
  return space
    .with([...missing.map(() => 1), ...space.dims], {
      grid: [...missing.map(() => 1), ...space.grid],
      blocks: [...missing, ...own.map((axis) => space.blocks(axis))],
    })
    .withDims(dims);
}

/** 1 of an axis that is not there. */
function lengthOf({ dims }: Held, axis: number): number {
  return axis < 0 ? 1 : dims[axis];
}
