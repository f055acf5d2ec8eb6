import { product, stridesOf } from "./shape.js";

/** A stretch of elements that are neighbours both in an array and in a box cut out of it. */
export interface Run {
  /** First element in the array, and in the box; both in C order. */
  readonly global: number;
  readonly local: number;
  readonly length: number;
}

/**
 * The longest stretches in which a box of `shape` at `start` lies in an array of `dims`, in C order of both. The
 * trailing axes that the box covers whole make one stretch.
 */
export function* runs(
  dims: readonly number[],
  start: readonly number[],
  shape: readonly number[],
): Generator<Run> {
  if (product(shape) === 0) return;
  let axis = dims.length - 1; // the axis along which a run extends
  while (axis > 0 && shape[axis] === dims[axis]) axis--;
  const strides = stridesOf(dims);
  const length = product(shape.slice(axis));
  const outer = product(shape.slice(0, axis));
  const outerStrides = stridesOf(shape.slice(0, axis));
  for (let run = 0; run < outer; run++) {
    let global = start[axis] * strides[axis];
    for (let a = 0; a < axis; a++) {
      global += (start[a] + (Math.floor(run / outerStrides[a]) % shape[a])) * strides[a];
    }
    yield { global, local: run * length, length };
  }
}
