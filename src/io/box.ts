import { stridesOf } from "../array/shape.js";

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
