// Sums and maxima over one block. All are accumulated in float64, two elements to a register, in eight registers (four where two arrays
// are read) that are combined in a fixed order: the result depends on the numbers and their count only.

import { swap } from "./elementwise";

// As in ../reductions.ts
export const DOT = 0; // Σ x y
export const SQUARE = 1; // Σ x x
export const ABS_SUM = 2; // Σ |x|
export const ABS_MAX = 3; // max |x|
export const NON_ZEROS = 4; // Σ (x ≠ 0)
// The complex ones count each element twice, once in each lane; the caller halves the sums.
export const COMPLEX_ABS_SUM = 5;
export const COMPLEX_ABS_MAX = 6;
export const COMPLEX_NON_ZEROS = 7;

/** Reduces n numbers (complex elements are two). */
// @ts-ignore: decorator
@inline
export function reduce<T>(op: i32, x: usize, y: usize, n: usize): f64 {
  const size: usize = sizeof<T>();
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  let i: usize = 0;
  const blocks = (n & ~15) * size;
  for (; op == DOT && i < blocks; i += 8 * size) {
    s0 = fold(op, s0, term<T>(op, x + i, y + i));
    s1 = fold(op, s1, term<T>(op, x + i + 2 * size, y + i + 2 * size));
    s2 = fold(op, s2, term<T>(op, x + i + 4 * size, y + i + 4 * size));
    s3 = fold(op, s3, term<T>(op, x + i + 6 * size, y + i + 6 * size));
  }
  for (; i < blocks; i += 16 * size) {
    s0 = fold(op, s0, term<T>(op, x + i, y + i));
    s1 = fold(op, s1, term<T>(op, x + i + 2 * size, y + i + 2 * size));
    s2 = fold(op, s2, term<T>(op, x + i + 4 * size, y + i + 4 * size));
    s3 = fold(op, s3, term<T>(op, x + i + 6 * size, y + i + 6 * size));
    s4 = fold(op, s4, term<T>(op, x + i + 8 * size, y + i + 8 * size));
    s5 = fold(op, s5, term<T>(op, x + i + 10 * size, y + i + 10 * size));
    s6 = fold(op, s6, term<T>(op, x + i + 12 * size, y + i + 12 * size));
    s7 = fold(op, s7, term<T>(op, x + i + 14 * size, y + i + 14 * size));
  }
  const pairs = (n & ~1) * size;
  for (; i < pairs; i += 2 * size) s0 = fold(op, s0, term<T>(op, x + i, y + i));
  if (n & 1) s1 = fold(op, s1, lastTerm<T>(op, x + i, y + i));
  return total(op, fold(op, s0, s4), fold(op, s1, s5), fold(op, s2, s6), fold(op, s3, s7));
}

/** Stores Σ x x and Σ y y, both of n numbers, a multiple of eight. Two streams come faster from memory than one. */
// @ts-ignore: decorator
@inline
export function squaresOfTwo<T>(x: usize, y: usize, n: usize, out: usize, other: usize): void {
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let t0 = f64x2.splat(0), t1 = t0, t2 = t0, t3 = t0;
  const size: usize = sizeof<T>();
  for (const end = x + n * size; x < end; x += 8 * size, y += 8 * size) {
    s0 = f64x2.add(s0, term<T>(SQUARE, x, x));
    s1 = f64x2.add(s1, term<T>(SQUARE, x + 2 * size, x));
    s2 = f64x2.add(s2, term<T>(SQUARE, x + 4 * size, x));
    s3 = f64x2.add(s3, term<T>(SQUARE, x + 6 * size, x));
    t0 = f64x2.add(t0, term<T>(SQUARE, y, y));
    t1 = f64x2.add(t1, term<T>(SQUARE, y + 2 * size, y));
    t2 = f64x2.add(t2, term<T>(SQUARE, y + 4 * size, y));
    t3 = f64x2.add(t3, term<T>(SQUARE, y + 6 * size, y));
  }
  store<f64>(out, total(SQUARE, s0, s1, s2, s3));
  store<f64>(other, total(SQUARE, t0, t1, t2, t3));
}

// @ts-ignore: decorator
@inline
function total(op: i32, s0: v128, s1: v128, s2: v128, s3: v128): f64 {
  const s = fold(op, fold(op, s0, s1), fold(op, s2, s3));
  return f64x2.extract_lane(fold(op, s, v128.shuffle<u64>(s, s, 1, 0)), 0);
}

/** y ← y + a x; returns Σ y y of the new y. */
// @ts-ignore: decorator
@inline
export function axpyNorm<T>(a: T, x: usize, y: usize, n: usize): f64 {
  const size: usize = sizeof<T>();
  const lanes: usize = 16 / size;
  const va = v128.splat<T>(a);
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let i: usize = 0;
  const blocks = (n & ~(4 * lanes - 1)) * size;
  for (; i < blocks; i += 64) {
    const y0 = v128.add<T>(v128.load(y + i, 0), v128.mul<T>(va, v128.load(x + i, 0)));
    const y1 = v128.add<T>(v128.load(y + i, 16), v128.mul<T>(va, v128.load(x + i, 16)));
    const y2 = v128.add<T>(v128.load(y + i, 32), v128.mul<T>(va, v128.load(x + i, 32)));
    const y3 = v128.add<T>(v128.load(y + i, 48), v128.mul<T>(va, v128.load(x + i, 48)));
    v128.store(y + i, y0, 0);
    v128.store(y + i, y1, 16);
    v128.store(y + i, y2, 32);
    v128.store(y + i, y3, 48);
    s0 = addSquares<T>(s0, y0);
    s1 = addSquares<T>(s1, y1);
    s2 = addSquares<T>(s2, y2);
    s3 = addSquares<T>(s3, y3);
  }
  for (; i < n * size; i += size) {
    const value = <T>(load<T>(y + i) + a * load<T>(x + i));
    store<T>(y + i, value);
    s0 = f64x2.add(s0, f64x2(<f64>value * <f64>value, 0));
  }
  s0 = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  return f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
}

/** Stores Σ xr yr, Σ xi yi, Σ xr yi and Σ xi yr, for n numbers (n / 2 complex elements), at `out`. */
// @ts-ignore: decorator
@inline
export function complexDot<T>(x: usize, y: usize, n: usize, out: usize): void {
  const size: usize = sizeof<T>();
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0; // along: (xr yr, xi yi)
  let c0 = f64x2.splat(0), c1 = c0, c2 = c0, c3 = c0; // across: (xr yi, xi yr)
  let i: usize = 0;
  const blocks = (n & ~7) * size;
  for (; i < blocks; i += 8 * size) {
    const x0 = load2<T>(x + i), y0 = load2<T>(y + i);
    s0 = f64x2.add(s0, f64x2.mul(x0, y0));
    c0 = f64x2.add(c0, f64x2.mul(x0, swap<f64>(y0)));
    const x1 = load2<T>(x + i + 2 * size), y1 = load2<T>(y + i + 2 * size);
    s1 = f64x2.add(s1, f64x2.mul(x1, y1));
    c1 = f64x2.add(c1, f64x2.mul(x1, swap<f64>(y1)));
    const x2 = load2<T>(x + i + 4 * size), y2 = load2<T>(y + i + 4 * size);
    s2 = f64x2.add(s2, f64x2.mul(x2, y2));
    c2 = f64x2.add(c2, f64x2.mul(x2, swap<f64>(y2)));
    const x3 = load2<T>(x + i + 6 * size), y3 = load2<T>(y + i + 6 * size);
    s3 = f64x2.add(s3, f64x2.mul(x3, y3));
    c3 = f64x2.add(c3, f64x2.mul(x3, swap<f64>(y3)));
  }
  for (; i < n * size; i += 2 * size) {
    const x0 = load2<T>(x + i), y0 = load2<T>(y + i);
    s0 = f64x2.add(s0, f64x2.mul(x0, y0));
    c0 = f64x2.add(c0, f64x2.mul(x0, swap<f64>(y0)));
  }
  v128.store(out, f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)), 0);
  v128.store(out, f64x2.add(f64x2.add(c0, c1), f64x2.add(c2, c3)), 16);
}

// @ts-ignore: decorator
@inline
function fold(op: i32, s: v128, t: v128): v128 {
  return op == ABS_MAX || op == COMPLEX_ABS_MAX ? f64x2.max(s, t) : f64x2.add(s, t);
}

// @ts-ignore: decorator
@inline
function term<T>(op: i32, x: usize, y: usize): v128 {
  if (op == DOT) return f64x2.mul(load2<T>(x), load2<T>(y));
  return unary(op, load2<T>(x));
}

/** The term of an odd last element, in lane 0. */
// @ts-ignore: decorator
@inline
function lastTerm<T>(op: i32, x: usize, y: usize): v128 {
  const last = f64x2(<f64>load<T>(x), 0);
  if (op == DOT) return f64x2.mul(last, f64x2(<f64>load<T>(y), 0));
  return unary(op, last);
}

// @ts-ignore: decorator
@inline
function unary(op: i32, x: v128): v128 {
  if (op == SQUARE) return f64x2.mul(x, x);
  if (op == ABS_SUM || op == ABS_MAX) return f64x2.abs(x);
  const one = f64x2.splat(1);
  const zero = f64x2.splat(0);
  if (op == NON_ZEROS) return v128.and(f64x2.ne(x, zero), one);
  if (op == COMPLEX_NON_ZEROS) {
    const any = f64x2.ne(x, zero);
    return v128.and(v128.or(any, swap<f64>(any)), one);
  }
  const squares = f64x2.mul(x, x);
  return f64x2.sqrt(f64x2.add(squares, swap<f64>(squares)));
}

/** Two elements as float64. */
// @ts-ignore: decorator
@inline
export function load2<T>(address: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(address);
  return f64x2.promote_low_f32x4(v128.load_zero<u64>(address));
}

// @ts-ignore: decorator
@inline
function addSquares<T>(s: v128, y: v128): v128 {
  if (sizeof<T>() == 8) return f64x2.add(s, f64x2.mul(y, y));
  const low = f64x2.promote_low_f32x4(y);
  const high = f64x2.promote_low_f32x4(v128.shuffle<u64>(y, y, 1, 0));
  return f64x2.add(s, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
}
