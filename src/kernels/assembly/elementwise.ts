// One pass over memory, z[i] = f(x[i], y[i]), for every f below. `op` is a constant at each call, so the compiler
// keeps only the branch it names. z may be x or y; otherwise the arrays do not overlap.
// Complex numbers are interleaved (re, im): a vector register holds one complex128 or two complex64.
//
// In the cache, what bounds these loops is one store of 16 bytes a cycle: half of what libraries with registers of 32 bytes
// reach, and no unrolling changes it. Out of it, several streams at once (halves or quarters of the arrays side by side)
// and loads ahead were slower than one stream, which the processor's prefetcher follows.

export const AXPY = 0; // y + a x
export const XPAY = 1; // x + a y
export const SCALE = 2; // a x
export const MULTIPLY = 3; // x y
export const ADD = 4; // x + y
export const SUBTRACT = 5; // x − y
export const FILL = 6; // a
export const SOFT_THRESHOLD = 7; // x − clamp(x, −a, a)
export const COMPLEX_AXPY = 8;
export const COMPLEX_XPAY = 9;
export const COMPLEX_SCALE = 10;
export const COMPLEX_MULTIPLY = 11; // b = (∓1, ±1): x y or conj(x) y
export const CONJUGATE = 12; // x b, b = (1, −1)
export const COMPLEX_SOFT_THRESHOLD = 13; // x max(|x| − a, 0) / |x|

/** z ← f(x, y) over `bytes` bytes; the tail after the last full register goes in steps of `unit` (4 or 8) bytes. */
// @ts-ignore: decorator
@inline
export function pass<T>(
  op: i32,
  unit: usize,
  a: v128,
  b: v128,
  x: usize,
  y: usize,
  z: usize,
  bytes: usize,
): void {
  for (const end = z + (bytes & ~63); z < end; x += 64, y += 64, z += 64) {
    v128.store(z, f<T>(op, a, b, load(reads(op, 1), x, 0), load(reads(op, 2), y, 0)), 0);
    v128.store(z, f<T>(op, a, b, load(reads(op, 1), x, 16), load(reads(op, 2), y, 16)), 16);
    v128.store(z, f<T>(op, a, b, load(reads(op, 1), x, 32), load(reads(op, 2), y, 32)), 32);
    v128.store(z, f<T>(op, a, b, load(reads(op, 1), x, 48), load(reads(op, 2), y, 48)), 48);
  }
  for (const end = z + (bytes & 48); z < end; x += 16, y += 16, z += 16) {
    v128.store(z, f<T>(op, a, b, load(reads(op, 1), x, 0), load(reads(op, 2), y, 0)));
  }
  for (const end = z + (bytes & 15); z < end; x += unit, y += unit, z += unit) {
    if (unit == 8) {
      const value = f<T>(op, a, b, v128.load_zero<u64>(x), v128.load_zero<u64>(y));
      v128.store_lane<u64>(z, value, 0);
    } else {
      const value = f<T>(op, a, b, v128.load_zero<u32>(x), v128.load_zero<u32>(y));
      v128.store_lane<u32>(z, value, 0);
    }
  }
}

/** (re, im) → (im, re) */
// @ts-ignore: decorator
@inline
export function swap<T>(x: v128): v128 {
  if (sizeof<T>() == 8) return v128.shuffle<u64>(x, x, 1, 0);
  return v128.shuffle<u32>(x, x, 1, 0, 3, 2);
}

/** (re, im) → (s, s), s = √(re² + im²) */
// @ts-ignore: decorator
@inline
export function modulus<T>(x: v128): v128 {
  const squares = v128.mul<T>(x, x);
  return v128.sqrt<T>(v128.add<T>(squares, swap<T>(squares)));
}

// @ts-ignore: decorator
@inline
function f<T>(op: i32, a: v128, b: v128, x: v128, y: v128): v128 {
  if (op == AXPY) return v128.add<T>(y, v128.mul<T>(a, x));
  if (op == XPAY) return v128.add<T>(x, v128.mul<T>(a, y));
  if (op == SCALE) return v128.mul<T>(a, x);
  if (op == MULTIPLY) return v128.mul<T>(x, y);
  if (op == ADD) return v128.add<T>(x, y);
  if (op == SUBTRACT) return v128.sub<T>(x, y);
  if (op == FILL) return a;
  // pmin and pmax are one instruction each, and with x second, NaN comes through the subtraction.
  if (op == SOFT_THRESHOLD) return v128.sub<T>(x, v128.pmax<T>(v128.neg<T>(a), v128.pmin<T>(a, x)));
  if (op == COMPLEX_AXPY) return v128.add<T>(y, timesScalar<T>(a, b, x));
  if (op == COMPLEX_XPAY) return v128.add<T>(x, timesScalar<T>(a, b, y));
  if (op == COMPLEX_SCALE) return timesScalar<T>(a, b, x);
  if (op == COMPLEX_MULTIPLY) {
    const cross = v128.mul<T>(v128.mul<T>(imaginary<T>(x), b), swap<T>(y));
    return v128.add<T>(v128.mul<T>(real<T>(x), y), cross);
  }
  if (op == CONJUGATE) return v128.mul<T>(x, b);
  // COMPLEX_SOFT_THRESHOLD
  const size = modulus<T>(x);
  const kept = v128.max<T>(v128.sub<T>(size, a), v128.splat<T>(0));
  return v128.mul<T>(x, v128.div<T>(kept, v128.max<T>(size, b)));
}

/** x times the complex scalar whose parts are a = (re, re) and b = (−im, im). */
// @ts-ignore: decorator
@inline
function timesScalar<T>(a: v128, b: v128, x: v128): v128 {
  return v128.add<T>(v128.mul<T>(a, x), v128.mul<T>(b, swap<T>(x)));
}

// @ts-ignore: decorator
@inline
function real<T>(x: v128): v128 {
  if (sizeof<T>() == 8) return v128.shuffle<u64>(x, x, 0, 0);
  return v128.shuffle<u32>(x, x, 0, 0, 2, 2);
}

// @ts-ignore: decorator
@inline
function imaginary<T>(x: v128): v128 {
  if (sizeof<T>() == 8) return v128.shuffle<u64>(x, x, 1, 1);
  return v128.shuffle<u32>(x, x, 1, 1, 3, 3);
}

/** Whether f reads its operand 1 (x) or 2 (y). */
// @ts-ignore: decorator
@inline
function reads(op: i32, operand: i32): bool {
  if (op == FILL) return false;
  if (operand == 1) return true;
  return !(
    op == SCALE ||
    op == SOFT_THRESHOLD ||
    op == COMPLEX_SCALE ||
    op == CONJUGATE ||
    op == COMPLEX_SOFT_THRESHOLD
  );
}

// @ts-ignore: decorator
@inline
function load(wanted: bool, address: usize, offset: usize): v128 {
  return wanted ? v128.load(address + offset) : v128.splat<f64>(0);
}
