// What JavaScript can call: every kernel for float32 and for float64 numbers, complex arrays as their interleaved
// parts. Addresses are byte offsets; n counts numbers, so a complex element counts twice.

import * as each from "./elementwise";
import { passes } from "./fft";
import * as lines from "./fft-lines";
import { multiplyPacked, pack } from "./gemm";
import * as sum from "./reductions";
import { stencil } from "./stencil";

/** z ← 0 */
export function clear(z: usize, bytes: usize): void {
  memory.fill(z, 0, bytes);
}

/** z ← x */
export function copy(x: usize, z: usize, bytes: usize): void {
  memory.copy(z, x, bytes);
}

// float32 and complex64, elementwise: z ← f(x, y), with the scalar re + i im
export function axpyF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f32>(each.AXPY, re, im, x, y, z, n);
}
export function xpayF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f32>(each.XPAY, re, im, x, y, z, n);
}
export function scaleF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f32>(each.SCALE, re, im, x, y, z, n);
}
export function multiplyF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f32>(each.MULTIPLY, re, im, x, y, z, n);
}
export function addF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f32>(each.ADD, re, im, x, y, z, n);
}
export function subtractF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f32>(each.SUBTRACT, re, im, x, y, z, n);
}
export function fillF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f32>(each.FILL, re, im, x, y, z, n);
}
export function softThresholdF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f32>(each.SOFT_THRESHOLD, re, im, x, y, z, n);
}
export function complexAxpyF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  complex<f32>(each.COMPLEX_AXPY, re, im, x, y, z, n);
}
export function complexXpayF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  complex<f32>(each.COMPLEX_XPAY, re, im, x, y, z, n);
}
export function complexScaleF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  complex<f32>(each.COMPLEX_SCALE, re, im, x, y, z, n);
}
export function complexFillF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  pattern<f32>(each.FILL, re, im, x, y, z, n);
}
export function complexMultiplyF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  signed<f32>(each.COMPLEX_MULTIPLY, re, im, x, y, z, n);
}
export function conjugateF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  signed<f32>(each.CONJUGATE, re, im, x, y, z, n);
}
export function complexSoftThresholdF32(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  shrink<f32>(each.COMPLEX_SOFT_THRESHOLD, re, im, x, y, z, n);
}

// float32 and complex64, reductions of one block
export function dotF32(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f32>(sum.DOT, x, y, n);
}
export function squareF32(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f32>(sum.SQUARE, x, y, n);
}
export function absSumF32(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f32>(sum.ABS_SUM, x, y, n);
}
export function absMaxF32(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f32>(sum.ABS_MAX, x, y, n);
}
export function nonZerosF32(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f32>(sum.NON_ZEROS, x, y, n);
}
export function complexAbsSumF32(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f32>(sum.COMPLEX_ABS_SUM, x, y, n);
}
export function complexAbsMaxF32(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f32>(sum.COMPLEX_ABS_MAX, x, y, n);
}
export function complexNonZerosF32(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f32>(sum.COMPLEX_NON_ZEROS, x, y, n);
}
export function axpyNormF32(a: f64, x: usize, y: usize, n: usize): f64 {
  return sum.axpyNorm<f32>(<f32>a, x, y, n);
}
export function complexDotF32(x: usize, y: usize, n: usize, out: usize): void {
  sum.complexDot<f32>(x, y, n, out);
}

// float64 and complex128, elementwise: z ← f(x, y), with the scalar re + i im
export function axpyF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f64>(each.AXPY, re, im, x, y, z, n);
}
export function xpayF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f64>(each.XPAY, re, im, x, y, z, n);
}
export function scaleF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f64>(each.SCALE, re, im, x, y, z, n);
}
export function multiplyF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f64>(each.MULTIPLY, re, im, x, y, z, n);
}
export function addF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f64>(each.ADD, re, im, x, y, z, n);
}
export function subtractF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f64>(each.SUBTRACT, re, im, x, y, z, n);
}
export function fillF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f64>(each.FILL, re, im, x, y, z, n);
}
export function softThresholdF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  real<f64>(each.SOFT_THRESHOLD, re, im, x, y, z, n);
}
export function complexAxpyF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  complex<f64>(each.COMPLEX_AXPY, re, im, x, y, z, n);
}
export function complexXpayF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  complex<f64>(each.COMPLEX_XPAY, re, im, x, y, z, n);
}
export function complexScaleF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  complex<f64>(each.COMPLEX_SCALE, re, im, x, y, z, n);
}
export function complexFillF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  pattern<f64>(each.FILL, re, im, x, y, z, n);
}
export function complexMultiplyF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  signed<f64>(each.COMPLEX_MULTIPLY, re, im, x, y, z, n);
}
export function conjugateF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  signed<f64>(each.CONJUGATE, re, im, x, y, z, n);
}
export function complexSoftThresholdF64(re: f64, im: f64, x: usize, y: usize, z: usize, n: usize): void {
  shrink<f64>(each.COMPLEX_SOFT_THRESHOLD, re, im, x, y, z, n);
}

// float64 and complex128, reductions of one block
export function dotF64(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f64>(sum.DOT, x, y, n);
}
export function squareF64(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f64>(sum.SQUARE, x, y, n);
}
export function absSumF64(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f64>(sum.ABS_SUM, x, y, n);
}
export function absMaxF64(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f64>(sum.ABS_MAX, x, y, n);
}
export function nonZerosF64(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f64>(sum.NON_ZEROS, x, y, n);
}
export function complexAbsSumF64(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f64>(sum.COMPLEX_ABS_SUM, x, y, n);
}
export function complexAbsMaxF64(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f64>(sum.COMPLEX_ABS_MAX, x, y, n);
}
export function complexNonZerosF64(x: usize, y: usize, n: usize): f64 {
  return sum.reduce<f64>(sum.COMPLEX_NON_ZEROS, x, y, n);
}
export function axpyNormF64(a: f64, x: usize, y: usize, n: usize): f64 {
  return sum.axpyNorm<f64>(<f64>a, x, y, n);
}
export function complexDotF64(x: usize, y: usize, n: usize, out: usize): void {
  sum.complexDot<f64>(x, y, n, out);
}

/** Stencils on float32; see stencil.ts. */
export function stencilF32(
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
  stencil<f32>(x, y, outer, xStride, yStride, rowBytes, tile, runs, runCount, accumulate);
}

/** Stencils on float64; see stencil.ts. */
export function stencilF64(
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
  stencil<f64>(x, y, outer, xStride, yStride, rowBytes, tile, runs, runCount, accumulate);
}

/** Matrix products on float32; see gemm.ts. */
export function packF32(
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
  pack<f32>(x, across, along, count, depth, unit, strip, conjugate, z);
}
export function multiplyPackedF32(
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
  multiplyPacked<f32>(a, b, c, stride, rows, columns, depth, complex, accumulate, scratch);
}

/** Matrix products on float64; see gemm.ts. */
export function packF64(
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
  pack<f64>(x, across, along, count, depth, unit, strip, conjugate, z);
}
export function multiplyPackedF64(
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
  multiplyPacked<f64>(a, b, c, stride, rows, columns, depth, complex, accumulate, scratch);
}

// Fourier transforms on float32; see fft.ts and fft-lines.ts
export function passesF32(
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
  passes<f32>(x, a, b, stages, count, s, inverse, <f32>scale, scratch);
}
export function passLinesF32(
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
  lines.passLines<f32>(x, y, work, n, bytes, stages, count, inverse, <f32>scale, scratch);
}
export function multiplyRowsF32(
  x: usize,
  z: usize,
  w: usize,
  rows: usize,
  s: usize,
  conjugate: bool,
): void {
  lines.multiplyRows<f32>(x, z, w, rows, s, conjugate);
}
export function twistF32(
  x: usize,
  rows: usize,
  s: usize,
  first: usize,
  coarse: usize,
  fine: usize,
  inverse: bool,
): void {
  lines.twist<f32>(x, rows, s, first, coarse, fine, inverse);
}
export function transposeRowsF32(
  x: usize,
  xStride: usize,
  y: usize,
  yStride: usize,
  rows: usize,
  columns: usize,
): void {
  lines.transposeRows<f32>(x, xStride, y, yStride, rows, columns);
}
export function zipRowsF32(
  x: usize,
  xStride: usize,
  z: usize,
  rows: usize,
  s: usize,
  single: bool,
): void {
  lines.zipRows<f32>(x, xStride, z, rows, s, single);
}
export function unzipRowsF32(
  z: usize,
  x: usize,
  xStride: usize,
  rows: usize,
  s: usize,
  single: bool,
): void {
  lines.unzipRows<f32>(z, x, xStride, rows, s, single);
}
export function untangleF32(
  z: usize,
  y: usize,
  w: usize,
  h: usize,
  s: usize,
  scale: f64,
  middle: f64,
): void {
  lines.untangle<f32>(z, y, w, h, s, scale, middle);
}
export function tangleF32(
  x: usize,
  z: usize,
  w: usize,
  h: usize,
  s: usize,
  middle: f64,
): void {
  lines.tangle<f32>(x, z, w, h, s, middle);
}
export function extendF32(
  x: usize,
  half: usize,
  n: usize,
  s: usize,
  middle: f64,
): void {
  lines.extend<f32>(x, half, n, s, middle);
}
export function scaleMiddleF32(
  x: usize,
  half: usize,
  s: usize,
  middle: f64,
): void {
  lines.scaleMiddle<f32>(x, half, s, middle);
}

// Fourier transforms on float64; see fft.ts and fft-lines.ts
export function passesF64(
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
  passes<f64>(x, a, b, stages, count, s, inverse, <f64>scale, scratch);
}
export function passLinesF64(
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
  lines.passLines<f64>(x, y, work, n, bytes, stages, count, inverse, <f64>scale, scratch);
}
export function multiplyRowsF64(
  x: usize,
  z: usize,
  w: usize,
  rows: usize,
  s: usize,
  conjugate: bool,
): void {
  lines.multiplyRows<f64>(x, z, w, rows, s, conjugate);
}
export function twistF64(
  x: usize,
  rows: usize,
  s: usize,
  first: usize,
  coarse: usize,
  fine: usize,
  inverse: bool,
): void {
  lines.twist<f64>(x, rows, s, first, coarse, fine, inverse);
}
export function transposeRowsF64(
  x: usize,
  xStride: usize,
  y: usize,
  yStride: usize,
  rows: usize,
  columns: usize,
): void {
  lines.transposeRows<f64>(x, xStride, y, yStride, rows, columns);
}
export function zipRowsF64(
  x: usize,
  xStride: usize,
  z: usize,
  rows: usize,
  s: usize,
  single: bool,
): void {
  lines.zipRows<f64>(x, xStride, z, rows, s, single);
}
export function unzipRowsF64(
  z: usize,
  x: usize,
  xStride: usize,
  rows: usize,
  s: usize,
  single: bool,
): void {
  lines.unzipRows<f64>(z, x, xStride, rows, s, single);
}
export function untangleF64(
  z: usize,
  y: usize,
  w: usize,
  h: usize,
  s: usize,
  scale: f64,
  middle: f64,
): void {
  lines.untangle<f64>(z, y, w, h, s, scale, middle);
}
export function tangleF64(
  x: usize,
  z: usize,
  w: usize,
  h: usize,
  s: usize,
  middle: f64,
): void {
  lines.tangle<f64>(x, z, w, h, s, middle);
}
export function extendF64(
  x: usize,
  half: usize,
  n: usize,
  s: usize,
  middle: f64,
): void {
  lines.extend<f64>(x, half, n, s, middle);
}
export function scaleMiddleF64(
  x: usize,
  half: usize,
  s: usize,
  middle: f64,
): void {
  lines.scaleMiddle<f64>(x, half, s, middle);
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
