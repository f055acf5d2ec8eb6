// What surrounds the passes of a Fourier transform: tiles of lines, moved in and out, and multiplied. A tile has rows of
// s complex numbers, one of each line.

import { passes, signs, times } from "./fft";
import { swap } from "./elementwise";

/** The passes of `lines` lines, one after the other, from x to y; `work` is as long as one of them. */
export function passLines<T>(
  x: usize,
  y: usize,
  work: usize,
  lines: usize,
  bytes: usize,
  stages: usize,
  count: usize,
  inverse: bool,
  scale: T,
  scratch: usize,
): void {
  for (; lines > 0; lines--, x += bytes, y += bytes) {
    if (count & 1) passes<T>(x, y, work, stages, count, 1, inverse, scale, scratch);
    else passes<T>(x, work, y, stages, count, 1, inverse, scale, scratch);
  }
}

/** Copies rows of `bytes` bytes, a multiple of 4. */
export function copyRows(x: usize, xStride: usize, y: usize, yStride: usize, rows: usize, bytes: usize): void {
  if (xStride == bytes && yStride == bytes) {
    memory.copy(y, x, rows * bytes);
    return;
  }
  for (; rows > 0; rows--, x += xStride, y += yStride) {
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) v128.store(y + i, v128.load(x + i));
    for (; i < bytes; i += 4) store<u32>(y + i, load<u32>(x + i));
  }
}

/** z[p, :] ← x[p, :] w[p], or conj(w[p]), for `rows` rows of s numbers. */
export function multiplyRows<T>(x: usize, z: usize, w: usize, rows: usize, s: usize, conjugate: bool): void {
  const unit: usize = 2 * sizeof<T>();
  const turn = conjugate ? signs<T>(0, -0.0) : signs<T>(-0.0, 0);
  for (; rows > 0; rows--, w += unit) {
    const re = v128.load_splat<T>(w);
    const im = v128.xor(v128.load_splat<T>(w + sizeof<T>()), turn);
    const end = x + s * unit;
    for (; x + 16 <= end; x += 16, z += 16) v128.store(z, times<T>(v128.load(x), re, im));
    if (x < end) {
      v128.store_lane<u64>(z, times<T>(v128.load_zero<u64>(x), re, im), 0);
      x += 8;
      z += 8;
    }
  }
}

/**
 * Multiplies number q of row p by W^(p (first + q)): W^e = coarse[e >> 10] fine[e & 1023], conjugated if `inverse`. In
 * double precision, and rounded at the end.
 */
export function twist<T>(
  x: usize,
  rows: usize,
  s: usize,
  first: usize,
  coarse: usize,
  fine: usize,
  inverse: bool,
): void {
  const turn = f64x2(-0.0, 0);
  const flip = inverse ? f64x2(0, -0.0) : f64x2.splat(0);
  for (let p: usize = 0; p < rows; p++) {
    let e = p * first;
    for (let q: usize = 0; q < s; q++, e += p, x += 2 * sizeof<T>()) {
      const c = coarse + (e >> 10) * 16;
      const f = v128.load(fine + (e & 1023) * 16);
      const w = v128.xor(times<f64>(f, v128.load_splat<f64>(c), v128.xor(v128.load_splat<f64>(c, 8), turn)), flip);
      const re = v128.shuffle<u64>(w, w, 0, 0);
      const im = v128.xor(v128.shuffle<u64>(w, w, 1, 1), turn);
      if (sizeof<T>() == 8) v128.store(x, times<f64>(v128.load(x), re, im));
      else {
        const value = times<f64>(f64x2.promote_low_f32x4(v128.load_zero<u64>(x)), re, im);
        v128.store_lane<u64>(x, f32x4.demote_f64x2_zero(value), 0);
      }
    }
  }
}

/** y[c, r] ← x[r, c] for `rows` × `columns` complex numbers. */
export function transposeRows<T>(
  x: usize,
  xStride: usize,
  y: usize,
  yStride: usize,
  rows: usize,
  columns: usize,
): void {
  const unit: usize = 2 * sizeof<T>();
  for (let c: usize = 0; c < columns; c++, x += unit, y += yStride) {
    let from = x;
    for (let r: usize = 0; r < rows; r++, from += xStride) {
      if (sizeof<T>() == 8) v128.store(y + r * unit, v128.load(from));
      else store<u64>(y + r * unit, load<u64>(from));
    }
  }
}

/** z[k, q] ← (x[2k, q], x[2k + 1, q]), real rows in pairs; the second of a pair is zero if `single`. */
export function zipRows<T>(x: usize, xStride: usize, z: usize, rows: usize, s: usize, single: bool): void {
  const size: usize = sizeof<T>();
  for (; rows > 0; rows--) {
    const y = x + xStride;
    for (let q: usize = 0; q < s * size; q += size, z += 2 * size) {
      store<T>(z, load<T>(x + q));
      store<T>(z + size, single ? <T>0 : load<T>(y + q));
    }
    x = single ? y : y + xStride;
  }
}

/** The way back: x[2k, q], x[2k + 1, q] ← z[k, q]; only the real parts if `single`. */
export function unzipRows<T>(z: usize, x: usize, xStride: usize, rows: usize, s: usize, single: bool): void {
  const size: usize = sizeof<T>();
  for (; rows > 0; rows--) {
    const y = x + xStride;
    for (let q: usize = 0; q < s * size; q += size, z += 2 * size) {
      store<T>(x + q, load<T>(z));
      if (!single) store<T>(y + q, load<T>(z + size));
    }
    x = single ? y : y + xStride;
  }
}

/**
 * From the transform Z of real numbers in pairs (h rows) to that of the numbers (h + 1 rows), times `scale`, all rows but
 * the first and the last times `middle` too: X[k] = (Z[k] + conj Z[h − k]) / 2 − i w[k] (Z[k] − conj Z[h − k]) / 2.
 */
export function untangle<T>(
  z: usize,
  y: usize,
  w: usize,
  h: usize,
  s: usize,
  scale: f64,
  middle: f64,
): void {
  const unit: usize = 2 * sizeof<T>();
  for (let k: usize = 0; k <= h; k++) {
    const from = z + (k == h ? 0 : k) * s * unit;
    const mirror = z + (k == 0 ? 0 : h - k) * s * unit;
    const ends = k == 0 || k == h;
    const factor = <T>(ends ? scale / 2 : (scale * middle) / 2);
    const wr = load<T>(w + k * unit);
    const wi = load<T>(w + k * unit + sizeof<T>());
    for (let q: usize = 0; q < s * unit; q += unit, y += unit) {
      const ar = load<T>(from + q), ai = load<T>(from + q + sizeof<T>());
      const br = load<T>(mirror + q), bi = -load<T>(mirror + q + sizeof<T>());
      const or = ai - bi, oi = br - ar; // −i (a − b)
      store<T>(y, <T>((ar + br + (or * wr - oi * wi)) * factor));
      store<T>(y + sizeof<T>(), ends ? <T>0 : <T>((ai + bi + (or * wi + oi * wr)) * factor));
    }
  }
}

/** The way back, to be transformed inversely: Z[k] = X[k] + conj X[h − k] + i conj(w[k]) (X[k] − conj X[h − k]). */
export function tangle<T>(x: usize, z: usize, w: usize, h: usize, s: usize, middle: f64): void {
  const unit: usize = 2 * sizeof<T>();
  for (let k: usize = 0; k < h; k++) {
    const from = x + k * s * unit;
    const mirror = x + (h - k) * s * unit;
    const ends = k == 0;
    const factor = <T>(ends ? 1.0 : middle);
    const wr = load<T>(w + k * unit);
    const wi = -load<T>(w + k * unit + sizeof<T>());
    for (let q: usize = 0; q < s * unit; q += unit, z += unit) {
      // Real numbers have real first and last terms: what else is there does not count.
      const ar = load<T>(from + q), ai = ends ? <T>0 : load<T>(from + q + sizeof<T>());
      const br = load<T>(mirror + q), bi = ends ? <T>0 : -load<T>(mirror + q + sizeof<T>());
      const or = bi - ai, oi = ar - br; // i (a − b)
      store<T>(z, <T>((ar + br + (or * wr - oi * wi)) * factor));
      store<T>(z + sizeof<T>(), <T>((ai + bi + (or * wi + oi * wr)) * factor));
    }
  }
}

/**
 * All rows of the transform of real numbers from its first `half` = ⌊n/2⌋ + 1: X[n − k] = conj X[k]. For odd n, which has
 * no pairs.
 */
export function extend<T>(x: usize, half: usize, n: usize, s: usize, middle: f64): void {
  const unit: usize = 2 * sizeof<T>();
  const size: usize = sizeof<T>();
  for (let q: usize = 0; q < s * unit; q += unit) store<T>(x + q + size, <T>0);
  for (let k: usize = 1; k < half; k++) {
    const from = x + k * s * unit;
    const to = x + (n - k) * s * unit;
    for (let q: usize = 0; q < s * unit; q += unit) {
      const re = <T>(load<T>(from + q) * <T>middle);
      const im = <T>(load<T>(from + q + size) * <T>middle);
      store<T>(from + q, re);
      store<T>(from + q + size, im);
      store<T>(to + q, re);
      store<T>(to + q + size, -im);
    }
  }
}

/** Multiplies the numbers of rows 1 … `half` − 1 by `middle`. */
export function scaleMiddle<T>(x: usize, half: usize, s: usize, middle: f64): void {
  const size: usize = sizeof<T>();
  const first = x + s * 2 * size;
  for (let at = first; at < x + half * s * 2 * size; at += size) store<T>(at, <T>(load<T>(at) * <T>middle));
}
