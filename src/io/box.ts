import { product, stridesOf } from "../array/shape.js";

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

/** Copies a box from Fortran to C order: `from` has `shape` with the first axis fastest. */
export function transposed<A extends Float32Array | Float64Array | Int32Array>(
  from: A,
  shape: readonly number[],
  numbersPerElement: number,
): A {
  const into = from.slice() as A; // the compiler forgets that a slice keeps its type
  const reversed = stridesOf([...shape].reverse()).reverse(); // distance in `from` along each axis
  const index = shape.map(() => 0);
  let source = 0;
  for (let i = 0; i < into.length; i += numbersPerElement) {
    for (let k = 0; k < numbersPerElement; k++) into[i + k] = from[source * numbersPerElement + k];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += reversed[axis];
      if (++index[axis] < shape[axis]) break;
      source -= reversed[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return into;
}
