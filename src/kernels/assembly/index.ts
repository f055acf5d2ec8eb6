// What JavaScript can call. Compiled twice: `Real` is f32 in one module, f64 in the other (see scripts/build-kernels.mjs).
// Complex arrays are given as their interleaved parts. Addresses are byte offsets; n counts numbers, so a complex element
// counts twice.

import * as each from "./elementwise";
import * as fft from "./fft";
import * as lines from "./fft-lines";
import * as gemm from "./gemm";
import * as sum from "./reductions";
import * as scan from "./scan";
import * as stencils from "./stencil";

/** z ← 0 */
export function clear(z: usize, bytes: usize): void {
  memory.fill(z, 0, bytes);
}

/** z ← x */
export function copy(x: usize, z: usize, bytes: usize): void {
  memory.copy(z, x, bytes);
}



// Elementwise: z ← f(x, y), with the scalar re + i im
export function axpy(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<Real>(each.AXPY, re, im, x, y, z, n);
}
export function xpay(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<Real>(each.XPAY, re, im, x, y, z, n);
}
export function scale(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<Real>(each.SCALE, re, im, x, y, z, n);
}
export function multiply(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<Real>(each.MULTIPLY, re, im, x, y, z, n);
}
export function add(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<Real>(each.ADD, re, im, x, y, z, n);
}
export function subtract(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<Real>(each.SUBTRACT, re, im, x, y, z, n);
}
export function fill(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<Real>(each.FILL, re, im, x, y, z, n);
}
export function softThreshold(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<Real>(each.SOFT_THRESHOLD, re, im, x, y, z, n);
}
export function complexAxpy(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  complex<Real>(each.COMPLEX_AXPY, re, im, x, y, z, n);
}
export function complexXpay(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  complex<Real>(each.COMPLEX_XPAY, re, im, x, y, z, n);
}
export function complexScale(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  complex<Real>(each.COMPLEX_SCALE, re, im, x, y, z, n);
}
export function complexFill(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  pattern<Real>(each.FILL, re, im, x, y, z, n);
}
export function complexMultiply(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  signed<Real>(each.COMPLEX_MULTIPLY, re, im, x, y, z, n);
}
export function conjugate(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  signed<Real>(each.CONJUGATE, re, im, x, y, z, n);
}
export function complexSoftThreshold(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  shrink<Real>(each.COMPLEX_SOFT_THRESHOLD, re, im, x, y, z, n);
}

// Reductions; see reductions.ts. Each is an export, so that its loop is compiled by itself: inside of another one it is slower.
/** Results of a reduction for blocks of 8192 numbers, the last of which may be shorter: one float64 each at `out`. */
export function reduce(op: i32, x: usize, y: usize, n: usize, out: usize): void {
  for (let left = n; left > 0; out += 8) {
    const count = min(left, <usize>8192);
    store<f64>(out, reduceBlock(op, x, y, count));
    left -= count;
    x += count * sizeof<Real>();
    y += count * sizeof<Real>();
  }
}
function reduceBlock(op: i32, x: usize, y: usize, n: usize): f64 {
  if (op == sum.DOT) return dot(x, y, n);
  if (op == sum.SQUARE) return square(x, n);
  if (op == sum.ABS_SUM) return absSum(x, n);
  if (op == sum.ABS_MAX) return absMax(x, n);
  if (op == sum.NON_ZEROS) return nonZeros(x, n);
  if (op == sum.COMPLEX_ABS_SUM) return complexAbsSum(x, n);
  if (op == sum.COMPLEX_ABS_MAX) return complexAbsMax(x, n);
  return complexNonZeros(x, n);
}
export function dot(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<Real>(sum.DOT, x, y, n);
}
export function square(x: usize, n: usize): f64 {
  return sum.reduce<Real>(sum.SQUARE, x, x, n);
}
export function absSum(x: usize, n: usize): f64 {
  return sum.reduce<Real>(sum.ABS_SUM, x, x, n);
}
export function absMax(x: usize, n: usize): f64 {
  return sum.reduce<Real>(sum.ABS_MAX, x, x, n);
}
export function nonZeros(x: usize, n: usize): f64 {
  return sum.reduce<Real>(sum.NON_ZEROS, x, x, n);
}
export function complexAbsSum(x: usize, n: usize): f64 {
  return sum.reduce<Real>(sum.COMPLEX_ABS_SUM, x, x, n);
}
export function complexAbsMax(x: usize, n: usize): f64 {
  return sum.reduce<Real>(sum.COMPLEX_ABS_MAX, x, x, n);
}
export function complexNonZeros(x: usize, n: usize): f64 {
  return sum.reduce<Real>(sum.COMPLEX_NON_ZEROS, x, x, n);
}
/** Σ x x of the blocks of 8192 numbers from x on, then Σ y y of those from y on: n numbers each, whole blocks. */
export function squares(x: usize, y: usize, n: usize, out: usize): void {
  const bytes: usize = 8192 * sizeof<Real>();
  const count = n >> 13;
  for (let k: usize = 0; k < count; k++) squaresOfTwo(x + k * bytes, y + k * bytes, out + 8 * k, out + 8 * (count + k));
}
export function squaresOfTwo(x: usize, y: usize, out: usize, other: usize): void {
  sum.squaresOfTwo<Real>(x, y, 8192, out, other);
}
export function axpyNorm(a: f64, x: usize, y: usize, n: usize): f64 {
  return sum.axpyNorm<Real>(<Real>a, x, y, n);
}
export function complexDot(x: usize, y: usize, n: usize, out: usize): void {
  sum.complexDot<Real>(x, y, n, out);
}


/** See stencil.ts. */
export function stencil(
  x: usize,
  y: usize,
  outer: usize,
  xStride: usize,
  yStride: usize,
  rowBytes: usize,
  tile: usize,
  runs: usize,
  runCount: usize,
  accumulate: bool,
): void {
  stencils.stencil<Real>(x, y, outer, xStride, yStride, rowBytes, tile, runs, runCount, accumulate);
}

/** See scan.ts. */
export function scanRows(
  x: usize,
  y: usize,
  sums: usize,
  rows: usize,
  stride: usize,
  n: usize,
  into: f64,
  weight: f64,
  share: f64,
): void {
  scan.scanRows<Real>(x, y, sums, rows, stride, n, into, weight, share);
}

// Matrix products; see gemm.ts
export function pack(
  x: usize,
  across: usize,
  along: usize,
  count: usize,
  depth: usize,
  unit: usize,
  strip: usize,
  conjugate: bool,
  z: usize,
): void {
  gemm.pack<Real>(x, across, along, count, depth, unit, strip, conjugate, z);
}
export function multiplyPacked(
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
  rows: usize,
  columns: usize,
  depth: usize,
  complex: bool,
  accumulate: bool,
  scratch: usize,
): void {
  gemm.multiplyPacked<Real>(a, b, c, stride, rows, columns, depth, complex, accumulate, scratch);
}


// Fourier transforms; see fft.ts and fft-lines.ts
export function passes(
  x: usize,
  a: usize,
  b: usize,
  stages: usize,
  count: usize,
  s: usize,
  inverse: bool,
  scale: f64,
  scratch: usize,
): void {
  fft.passes<Real>(x, a, b, stages, count, s, inverse, <Real>scale, scratch);
}
export function passLines(
  x: usize,
  y: usize,
  work: usize,
  n: usize,
  bytes: usize,
  stages: usize,
  count: usize,
  inverse: bool,
  scale: f64,
  scratch: usize,
): void {
  lines.passLines<Real>(x, y, work, n, bytes, stages, count, inverse, <Real>scale, scratch);
}
export function multiplyRows(
  x: usize,
  z: usize,
  w: usize,
  rows: usize,
  s: usize,
  conjugate: bool,
): void {
  lines.multiplyRows<Real>(x, z, w, rows, s, conjugate);
}
export function twist(
  x: usize,
  rows: usize,
  s: usize,
  first: usize,
  coarse: usize,
  fine: usize,
  inverse: bool,
): void {
  lines.twist<Real>(x, rows, s, first, coarse, fine, inverse);
}
export function transposeRows(
  x: usize,
  xStride: usize,
  y: usize,
  yStride: usize,
  rows: usize,
  columns: usize,
): void {
  lines.transposeRows<Real>(x, xStride, y, yStride, rows, columns);
}
export function zipRows(
  x: usize,
  xStride: usize,
  z: usize,
  rows: usize,
  s: usize,
  single: bool,
): void {
  lines.zipRows<Real>(x, xStride, z, rows, s, single);
}
export function unzipRows(
  z: usize,
  x: usize,
  xStride: usize,
  rows: usize,
  s: usize,
  single: bool,
): void {
  lines.unzipRows<Real>(z, x, xStride, rows, s, single);
}
export function untangle(
  z: usize,
  y: usize,
  w: usize,
  h: usize,
  s: usize,
  scale: f64,
  middle: f64,
): void {
  lines.untangle<Real>(z, y, w, h, s, scale, middle);
}
export function tangle(
  x: usize,
  z: usize,
  w: usize,
  h: usize,
  s: usize,
  middle: f64,
): void {
  lines.tangle<Real>(x, z, w, h, s, middle);
}
export function extend(
  x: usize,
  half: usize,
  n: usize,
  s: usize,
  middle: f64,
): void {
  lines.extend<Real>(x, half, n, s, middle);
}
export function scaleMiddle(
  x: usize,
  half: usize,
  s: usize,
  middle: f64,
): void {
  lines.scaleMiddle<Real>(x, half, s, middle);
}

// The constants that a family of elementwise operations works with

// @ts-ignore: decorator
@inline
function real<T>(op: i32, re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  const a = v128.splat<T>(<T>re);
  each.pass<T>(op, sizeof<T>(), a, a, x, y, z, n * sizeof<T>());
}

/** b = (−im, im) */
// @ts-ignore: decorator
@inline
function complex<T>(op: i32, re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  each.pass<T>(op, 8, v128.splat<T>(<T>re), alternate<T>(-im, im), x, y, z, n * sizeof<T>());
}

/** a = (re, im) */
// @ts-ignore: decorator
@inline
function pattern<T>(op: i32, re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  const a = alternate<T>(re, im);
  each.pass<T>(op, 8, a, a, x, y, z, n * sizeof<T>());
}

/** b = (re, −re): conjugates the first operand if re is 1 */
// @ts-ignore: decorator
@inline
function signed<T>(op: i32, re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  const b = alternate<T>(re, -re);
  each.pass<T>(op, 8, b, b, x, y, z, n * sizeof<T>());
}

/** b = the smallest number above zero, so that 0 / max(0, b) is 0 */
// @ts-ignore: decorator
@inline
function shrink<T>(op: i32, re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  const tiny: T = sizeof<T>() == 8 ? <T>f64.MIN_VALUE : <T>f32.MIN_VALUE;
  each.pass<T>(op, 8, v128.splat<T>(<T>re), v128.splat<T>(tiny), x, y, z, n * sizeof<T>());
}

/** (p, q) in every pair of lanes */
// @ts-ignore: decorator
@inline
function alternate<T>(p: f64, q: f64): v128 {
  if (sizeof<T>() == 8) return f64x2(p, q);
  return f32x4(<f32>p, <f32>q, <f32>p, <f32>q);
}

export { copyRows } from "./fft-lines";
// reductions between ranks
export { combine } from "./combine";
