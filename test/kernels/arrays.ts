import { allocate, type Reals } from "../../src/kernels/index.js";

export type Placement = "heap" | "ordinary";
export type Real = "float32" | "float64";

/** Distinct numbers of both signs between −1 and 1, the same for the same seed. */
export function numbers(count: number, seed = 1): number[] {
  return Array.from({ length: count }, (_, i) => {
    const u = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return 2 * (u - Math.floor(u)) - 1;
  });
}

/** `values` in a new array on the heap or off it, `shift` elements into its buffer. */
export function place(values: ArrayLike<number>, type: Real, placement: Placement, shift = 0): Reals {
  const count = values.length + shift;
  const whole =
    placement === "heap"
      ? allocate(type, count)
      : type === "float32"
        ? new Float32Array(count)
        : new Float64Array(count);
  const part = whole.subarray(shift);
  part.set(values);
  return part;
}
