import { type DType, isComplex, type Scalar } from "../array/dtype.js";

/**
 * Uniform numbers in [−1, 1), each a hash of the seed and its index, so that a vector filled by its global index is the
 * same on any number of ranks. Complex ones have independent parts.
 */
export function uniform(seed: number, dtype: DType): (index: number) => Scalar {
  const number = (counter: number) => {
    let h = (Math.imul(counter, 0x9e3779b1) + Math.imul(seed + 1, 0x85ebca6b)) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    return ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1;
  };
  if (!isComplex(dtype)) return number;
  return (index) => ({ re: number(2 * index), im: number(2 * index + 1) });
}
