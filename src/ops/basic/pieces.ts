import { numbersPerElement } from "../../array/dtype.js";
import { LocalArray } from "../../array/local-array.js";
import { LocalSpace } from "../../array/local-space.js";

/** Consecutive pieces of an array, in C order, one for each shape: views, nothing is copied. */
export function pieces(array: LocalArray, shapes: readonly (readonly number[])[]): LocalArray[] {
  const step = numbersPerElement(array.dtype);
  let start = 0;
  return shapes.map((dims) => {
    const space = new LocalSpace(dims);
    const end = start + step * space.size;
    const piece = new LocalArray(space, array.dtype, array.local.subarray(start, end));
    start = end;
    return piece;
  });
}
