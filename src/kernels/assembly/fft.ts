// Discrete Fourier transforms by Stockham's passes: no reordering of bits, only passes that read one buffer and write
// another. A pass of radix r takes n = r m rows of s complex numbers each:
//
//     y[r p + k, :] = w^(k p) Σⱼ e^(∓2πi jk/r) x[p + m j, :],   w = e^(∓2πi/n),   p < m, k < r,
//
// and leaves m rows of r s numbers for the next one. So s is 1 for one line, and the number of lines for several whose
// numbers alternate in memory: those take the same operations, with the same bits.
//
// A stage is 16 bytes (u32 each): radix, m, address of its factors w^(k p) for k = 1 … r − 1 (m of each, forward), and for
// the odd radices from 7 on the address of cos and sin of 2π j / r.

import { swap } from "./elementwise";

const STAGE: usize = 16;

// How many complex numbers a register holds, and where they are from
const FULL = 0; // neighbours in a row
const HALF = 1; // one float32 number: the other half of the register is unused
const PAIR = 2; // float32, s = 1: the same place of two rows p and p + 1

// Which butterfly: those of radices 2 to 5 are written out
const ODD: usize = 0;

/**
 * Runs `count` stages: the first from x to a, then from a to b, from b to a and so on; b may be x. Results are multiplied
 * by `scale`.
 */
export function passes<T>(
  x: usize,
  a: usize,
  b: usize,
  stages: usize,
  count: usize,
  s: usize,
  inverse: bool,
  scale: T,
  scratch: usize,
): void {
  const turn = inverse ? signs<T>(0, -0.0) : signs<T>(-0.0, 0);
  const rotate = inverse ? signs<T>(-0.0, 0) : signs<T>(0, -0.0);
  const factor = v128.splat<T>(scale);
  const end = stages + count * STAGE;
  for (; stages < end; stages += STAGE) {
    const radix: usize = load<u32>(stages);
    const last = stages + STAGE == end;
    if (radix == 2) pass<T>(2, stages, x, a, s, turn, rotate, last, factor, scratch);
    else if (radix == 3) pass<T>(3, stages, x, a, s, turn, rotate, last, factor, scratch);
    else if (radix == 4 && last) pass<T>(4, stages, x, a, s, turn, rotate, true, factor, scratch);
    else if (radix == 4) pass<T>(4, stages, x, a, s, turn, rotate, false, factor, scratch);
    else if (radix == 5) pass<T>(5, stages, x, a, s, turn, rotate, last, factor, scratch);
    else passOdd<T>(stages, x, a, s, turn, rotate, last, factor, scratch);
    s *= radix;
    x = a;
    a = b;
    b = x;
  }
}

function passOdd<T>(
  stage: usize, x: usize, y: usize, s: usize, turn: v128, rotate: v128, last: bool, factor: v128, scratch: usize,
): void {
  pass<T>(ODD, stage, x, y, s, turn, rotate, last, factor, scratch);
}

/** One pass; `kind` is a constant at each call: the radix, or ODD. */
// @ts-ignore: decorator
@inline
function pass<T>(
  kind: usize, stage: usize, x: usize, y: usize, s: usize, turn: v128, rotate: v128, last: bool, factor: v128,
  scratch: usize,
): void {
  const radix: usize = kind == ODD ? <usize>load<u32>(stage) : kind;
  const m: usize = load<u32>(stage, 4);
  const circle: usize = load<u32>(stage, 12);
  const unit: usize = 2 * sizeof<T>();
  const row = s * unit;
  const across = m * row;
  const column = m * unit; // from w^(k p) to w^((k + 1) p)
  let w: usize = load<u32>(stage, 8);
  const end = w + column;
  if (sizeof<T>() == 4 && s == 1) {
    for (; w + 2 * unit <= end; w += 2 * unit, x += 2 * row, y += 2 * radix * row) {
      const re1 = real<T>(PAIR, kind > 1, w), im1 = imaginary<T>(PAIR, kind > 1, w, turn);
      const re2 = real<T>(PAIR, kind > 2, w + column), im2 = imaginary<T>(PAIR, kind > 2, w + column, turn);
      const re3 = real<T>(PAIR, kind > 3, w + 2 * column), im3 = imaginary<T>(PAIR, kind > 3, w + 2 * column, turn);
      butterfly<T>(
        PAIR, kind, radix, x, across, y, row, rotate, last, factor,
        re1, im1, re2, im2, re3, im3, w, column, turn, circle, scratch,
      );
    }
  }
  for (; w < end; w += unit, x += row, y += radix * row) {
    const re1 = real<T>(FULL, kind > 1, w), im1 = imaginary<T>(FULL, kind > 1, w, turn);
    const re2 = real<T>(FULL, kind > 2, w + column), im2 = imaginary<T>(FULL, kind > 2, w + column, turn);
    const re3 = real<T>(FULL, kind > 3, w + 2 * column), im3 = imaginary<T>(FULL, kind > 3, w + 2 * column, turn);
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) {
      butterfly<T>(
        FULL, kind, radix, x + i, across, y + i, row, rotate, last, factor,
        re1, im1, re2, im2, re3, im3, w, column, turn, circle, scratch,
      );
    }
    if (sizeof<T>() == 4 && i < row) {
      butterfly<T>(
        HALF, kind, radix, x + i, across, y + i, row, rotate, last, factor,
        re1, im1, re2, im2, re3, im3, w, column, turn, circle, scratch,
      );
    }
  }
}

/** The r results of r numbers, `across` bytes apart; they go `row` bytes apart. Re and im are of the first three factors. */
// @ts-ignore: decorator
@inline
function butterfly<T>(
  mode: i32, kind: usize, radix: usize, x: usize, across: usize, y: usize, row: usize, rotate: v128, last: bool,
  factor: v128, re1: v128, im1: v128, re2: v128, im2: v128, re3: v128, im3: v128, w: usize, column: usize, turn: v128,
  circle: usize, scratch: usize,
): void {
  const next = radix * row;
  const a0 = get(mode, x);
  if (kind == ODD) {
    butterflyOdd<T>(mode, radix, a0, x, across, y, row, rotate, last, factor, w, column, turn, circle, scratch);
    return;
  }
  const a1 = get(mode, x + across);
  if (kind == 2) {
    first<T>(mode, y, next, v128.add<T>(a0, a1), last, factor);
    other<T>(mode, y + row, next, v128.sub<T>(a0, a1), last, factor, re1, im1);
    return;
  }
  const a2 = get(mode, x + 2 * across);
  if (kind == 3) {
    const t = v128.add<T>(a1, a2);
    const u = v128.sub<T>(a0, v128.mul<T>(t, v128.splat<T>(<T>0.5)));
    const v = v128.mul<T>(turned<T>(v128.sub<T>(a1, a2), rotate), v128.splat<T>(<T>0.8660254037844386));
    first<T>(mode, y, next, v128.add<T>(a0, t), last, factor);
    other<T>(mode, y + row, next, v128.add<T>(u, v), last, factor, re1, im1);
    other<T>(mode, y + 2 * row, next, v128.sub<T>(u, v), last, factor, re2, im2);
    return;
  }
  const a3 = get(mode, x + 3 * across);
  if (kind == 4) {
    const s02 = v128.add<T>(a0, a2);
    const d02 = v128.sub<T>(a0, a2);
    const s13 = v128.add<T>(a1, a3);
    const d13 = turned<T>(v128.sub<T>(a1, a3), rotate);
    first<T>(mode, y, next, v128.add<T>(s02, s13), last, factor);
    other<T>(mode, y + row, next, v128.add<T>(d02, d13), last, factor, re1, im1);
    other<T>(mode, y + 2 * row, next, v128.sub<T>(s02, s13), last, factor, re2, im2);
    other<T>(mode, y + 3 * row, next, v128.sub<T>(d02, d13), last, factor, re3, im3);
    return;
  }
  const a4 = get(mode, x + 4 * across);
  const cos1 = v128.splat<T>(<T>0.30901699437494745), cos2 = v128.splat<T>(<T>-0.8090169943749475);
  const sin1 = v128.splat<T>(<T>0.9510565162951535), sin2 = v128.splat<T>(<T>0.5877852522924731);
  const t1 = v128.add<T>(a1, a4), d1 = turned<T>(v128.sub<T>(a1, a4), rotate);
  const t2 = v128.add<T>(a2, a3), d2 = turned<T>(v128.sub<T>(a2, a3), rotate);
  const u1 = v128.add<T>(a0, v128.add<T>(v128.mul<T>(cos1, t1), v128.mul<T>(cos2, t2)));
  const u2 = v128.add<T>(a0, v128.add<T>(v128.mul<T>(cos2, t1), v128.mul<T>(cos1, t2)));
  const v1 = v128.add<T>(v128.mul<T>(sin1, d1), v128.mul<T>(sin2, d2));
  const v2 = v128.sub<T>(v128.mul<T>(sin2, d1), v128.mul<T>(sin1, d2));
  first<T>(mode, y, next, v128.add<T>(a0, v128.add<T>(t1, t2)), last, factor);
  other<T>(mode, y + row, next, v128.add<T>(u1, v1), last, factor, re1, im1);
  other<T>(mode, y + 2 * row, next, v128.add<T>(u2, v2), last, factor, re2, im2);
  other<T>(mode, y + 3 * row, next, v128.sub<T>(u2, v2), last, factor, re3, im3);
  result<T>(mode, y + 4 * row, next, v128.sub<T>(u1, v1), last, factor, w + 3 * column, turn);
}

/** Any odd radix, by its definition; sums and differences of opposite terms save half of the products. */
// @ts-ignore: decorator
@inline
function butterflyOdd<T>(
  mode: i32, radix: usize, a0: v128, x: usize, across: usize, y: usize, row: usize, rotate: v128, last: bool,
  factor: v128, w: usize, column: usize, turn: v128, circle: usize, scratch: usize,
): void {
  const next = radix * row;
  const half = (radix - 1) / 2;
  const unit: usize = 2 * sizeof<T>();
  let b0 = a0;
  for (let j: usize = 1; j <= half; j++) {
    const one = get(mode, x + j * across);
    const opposite = get(mode, x + (radix - j) * across);
    const t = v128.add<T>(one, opposite);
    b0 = v128.add<T>(b0, t);
    v128.store(scratch + 32 * j, t);
    v128.store(scratch + 32 * j, turned<T>(v128.sub<T>(one, opposite), rotate), 16);
  }
  first<T>(mode, y, next, b0, last, factor);
  for (let k: usize = 1; k <= half; k++) {
    let u = a0;
    let v = v128.splat<T>(0);
    let at = k;
    for (let j: usize = 1; j <= half; j++) {
      const angle = circle + at * unit;
      u = v128.add<T>(u, v128.mul<T>(v128.load_splat<T>(angle), v128.load(scratch + 32 * j)));
      v = v128.add<T>(v, v128.mul<T>(v128.load_splat<T>(angle + sizeof<T>()), v128.load(scratch + 32 * j, 16)));
      at += k;
      if (at >= radix) at -= radix;
    }
    result<T>(mode, y + k * row, next, v128.add<T>(u, v), last, factor, w + (k - 1) * column, turn);
    result<T>(mode, y + (radix - k) * row, next, v128.sub<T>(u, v), last, factor, w + (radix - k - 1) * column, turn);
  }
}

/** Result 0, which has no factor but the scale of the transform. */
// @ts-ignore: decorator
@inline
function first<T>(mode: i32, y: usize, next: usize, b: v128, last: bool, factor: v128): void {
  put(mode, y, next, last ? v128.mul<T>(b, factor) : b);
}

/** Another result, times re + i im; in the last pass, where m is 1, that is 1. */
// @ts-ignore: decorator
@inline
function other<T>(
  mode: i32, y: usize, next: usize, b: v128, last: bool, factor: v128, re: v128, im: v128,
): void {
  put(mode, y, next, last ? v128.mul<T>(b, factor) : times<T>(b, re, im));
}

/** Another result, times the factor at `w`. */
// @ts-ignore: decorator
@inline
function result<T>(
  mode: i32, y: usize, next: usize, b: v128, last: bool, factor: v128, w: usize, turn: v128,
): void {
  other<T>(mode, y, next, b, last, factor, real<T>(mode, true, w), imaginary<T>(mode, true, w, turn));
}

/** The real part of the factor at `w` in both halves of each number; of the one behind it in the second of a pair. */
// @ts-ignore: decorator
@inline
function real<T>(mode: i32, wanted: bool, w: usize): v128 {
  if (!wanted) return v128.splat<T>(0);
  if (mode != PAIR) return v128.load_splat<T>(w);
  const both = v128.load(w);
  return v128.shuffle<u32>(both, both, 0, 0, 2, 2);
}

/** The imaginary part, negated where the product subtracts it. */
// @ts-ignore: decorator
@inline
function imaginary<T>(mode: i32, wanted: bool, w: usize, turn: v128): v128 {
  if (!wanted) return v128.splat<T>(0);
  if (mode != PAIR) return v128.xor(v128.load_splat<T>(w + sizeof<T>()), turn);
  const both = v128.load(w);
  return v128.xor(v128.shuffle<u32>(both, both, 1, 1, 3, 3), turn);
}

/** x times the complex factor of parts re and im. */
// @ts-ignore: decorator
@inline
export function times<T>(x: v128, re: v128, im: v128): v128 {
  return v128.add<T>(v128.mul<T>(x, re), v128.mul<T>(swap<T>(x), im));
}

/** x times −i, or times i if `rotate` is of an inverse transform. */
// @ts-ignore: decorator
@inline
function turned<T>(x: v128, rotate: v128): v128 {
  return v128.xor(swap<T>(x), rotate);
}

// @ts-ignore: decorator
@inline
function get(mode: i32, x: usize): v128 {
  return mode == HALF ? v128.load_zero<u64>(x) : v128.load(x);
}

/** Stores a result, that of row p + 1 of a pair `next` bytes later. */
// @ts-ignore: decorator
@inline
function put(mode: i32, y: usize, next: usize, value: v128): void {
  if (mode == FULL) v128.store(y, value);
  else v128.store_lane<u64>(y, value, 0);
  if (mode == PAIR) v128.store_lane<u64>(y + next, value, 1);
}

/** (p, q) in every pair of numbers */
// @ts-ignore: decorator
@inline
export function signs<T>(p: f64, q: f64): v128 {
  if (sizeof<T>() == 8) return f64x2(p, q);
  return f32x4(<f32>p, <f32>q, <f32>p, <f32>q);
}
