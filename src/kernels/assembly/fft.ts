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
  const end = stages + count * STAGE;
  const factor = v128.splat<T>(scale);
  for (let stage = stages; stage < end; stage += STAGE) {
    const radix: usize = load<u32>(stage);
    const m: usize = load<u32>(stage, 4);
    const w: usize = load<u32>(stage, 8);
    const last = stage + STAGE == end;
    if (radix == 4) pass4<T>(x, a, m, s, w, turn, rotate, last, factor);
    else if (radix == 2) pass2<T>(x, a, m, s, w, turn, last, factor);
    else if (radix == 3) pass3<T>(x, a, m, s, w, turn, rotate, last, factor);
    else if (radix == 5) pass5<T>(x, a, m, s, w, turn, rotate, last, factor);
    else passOdd<T>(radix, x, a, m, s, w, load<u32>(stage, 12), turn, rotate, last, factor, scratch);
    s *= radix;
    x = a;
    a = b;
    b = x;
  }
}

// @ts-ignore: decorator
@inline
function pass2<T>(
  x: usize, y: usize, m: usize, s: usize, w: usize, turn: v128, last: bool, factor: v128,
): void {
  const row = s * 2 * sizeof<T>();
  const across = m * row;
  let p: usize = 0;
  if (sizeof<T>() == 4 && s == 1) {
    for (; p + 2 <= m; p += 2, x += 2 * row, y += 4 * row) {
      butterfly2<T>(PAIR, x, across, y, row, reals<T>(PAIR, w, m, 1, p), imaginaries<T>(PAIR, w, m, 1, p, turn), last, factor);
    }
  }
  for (; p < m; p++, x += row, y += 2 * row) {
    const re = reals<T>(FULL, w, m, 1, p);
    const im = imaginaries<T>(FULL, w, m, 1, p, turn);
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) butterfly2<T>(FULL, x + i, across, y + i, row, re, im, last, factor);
    if (sizeof<T>() == 4 && i < row) butterfly2<T>(HALF, x + i, across, y + i, row, re, im, last, factor);
  }
}

// @ts-ignore: decorator
@inline
function butterfly2<T>(
  mode: i32, x: usize, across: usize, y: usize, row: usize, re: v128, im: v128, last: bool, factor: v128,
): void {
  const a0 = get(mode, x);
  const a1 = get(mode, x + across);
  const b0 = v128.add<T>(a0, a1);
  const b1 = v128.sub<T>(a0, a1);
  put(mode, y, 2 * row, last ? v128.mul<T>(b0, factor) : b0);
  put(mode, y + row, 2 * row, last ? v128.mul<T>(b1, factor) : times<T>(b1, re, im));
}

// @ts-ignore: decorator
@inline
function pass3<T>(
  x: usize, y: usize, m: usize, s: usize, w: usize, turn: v128, rotate: v128, last: bool, factor: v128,
): void {
  const row = s * 2 * sizeof<T>();
  const across = m * row;
  let p: usize = 0;
  if (sizeof<T>() == 4 && s == 1) {
    for (; p + 2 <= m; p += 2, x += 2 * row, y += 6 * row) {
      butterfly3<T>(
        PAIR, x, across, y, row, rotate, last, factor,
        reals<T>(PAIR, w, m, 1, p), imaginaries<T>(PAIR, w, m, 1, p, turn),
        reals<T>(PAIR, w, m, 2, p), imaginaries<T>(PAIR, w, m, 2, p, turn),
      );
    }
  }
  for (; p < m; p++, x += row, y += 3 * row) {
    const re1 = reals<T>(FULL, w, m, 1, p), im1 = imaginaries<T>(FULL, w, m, 1, p, turn);
    const re2 = reals<T>(FULL, w, m, 2, p), im2 = imaginaries<T>(FULL, w, m, 2, p, turn);
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) {
      butterfly3<T>(FULL, x + i, across, y + i, row, rotate, last, factor, re1, im1, re2, im2);
    }
    if (sizeof<T>() == 4 && i < row) {
      butterfly3<T>(HALF, x + i, across, y + i, row, rotate, last, factor, re1, im1, re2, im2);
    }
  }
}

// @ts-ignore: decorator
@inline
function butterfly3<T>(
  mode: i32, x: usize, across: usize, y: usize, row: usize, rotate: v128, last: bool, factor: v128,
  re1: v128, im1: v128, re2: v128, im2: v128,
): void {
  const a0 = get(mode, x);
  const a1 = get(mode, x + across);
  const a2 = get(mode, x + 2 * across);
  const t = v128.add<T>(a1, a2);
  const b0 = v128.add<T>(a0, t);
  const u = v128.sub<T>(a0, v128.mul<T>(t, v128.splat<T>(<T>0.5)));
  const v = v128.mul<T>(turned<T>(v128.sub<T>(a1, a2), rotate), v128.splat<T>(<T>0.8660254037844386));
  const b1 = v128.add<T>(u, v);
  const b2 = v128.sub<T>(u, v);
  put(mode, y, 3 * row, last ? v128.mul<T>(b0, factor) : b0);
  put(mode, y + row, 3 * row, last ? v128.mul<T>(b1, factor) : times<T>(b1, re1, im1));
  put(mode, y + 2 * row, 3 * row, last ? v128.mul<T>(b2, factor) : times<T>(b2, re2, im2));
}

// @ts-ignore: decorator
@inline
function pass4<T>(
  x: usize, y: usize, m: usize, s: usize, w: usize, turn: v128, rotate: v128, last: bool, factor: v128,
): void {
  const row = s * 2 * sizeof<T>();
  const across = m * row;
  if (last) {
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) lastButterfly4<T>(FULL, x + i, across, y + i, row, rotate, factor);
    if (sizeof<T>() == 4 && i < row) lastButterfly4<T>(HALF, x + i, across, y + i, row, rotate, factor);
    return;
  }
  let p: usize = 0;
  if (sizeof<T>() == 4 && s == 1) {
    for (; p + 2 <= m; p += 2, x += 2 * row, y += 8 * row) {
      butterfly4<T>(
        PAIR, x, across, y, row, rotate,
        reals<T>(PAIR, w, m, 1, p), imaginaries<T>(PAIR, w, m, 1, p, turn),
        reals<T>(PAIR, w, m, 2, p), imaginaries<T>(PAIR, w, m, 2, p, turn),
        reals<T>(PAIR, w, m, 3, p), imaginaries<T>(PAIR, w, m, 3, p, turn),
      );
    }
  }
  for (; p < m; p++, x += row, y += 4 * row) {
    const re1 = reals<T>(FULL, w, m, 1, p), im1 = imaginaries<T>(FULL, w, m, 1, p, turn);
    const re2 = reals<T>(FULL, w, m, 2, p), im2 = imaginaries<T>(FULL, w, m, 2, p, turn);
    const re3 = reals<T>(FULL, w, m, 3, p), im3 = imaginaries<T>(FULL, w, m, 3, p, turn);
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) {
      butterfly4<T>(FULL, x + i, across, y + i, row, rotate, re1, im1, re2, im2, re3, im3);
    }
    if (sizeof<T>() == 4 && i < row) {
      butterfly4<T>(HALF, x + i, across, y + i, row, rotate, re1, im1, re2, im2, re3, im3);
    }
  }
}

// @ts-ignore: decorator
@inline
function butterfly4<T>(
  mode: i32, x: usize, across: usize, y: usize, row: usize, rotate: v128,
  re1: v128, im1: v128, re2: v128, im2: v128, re3: v128, im3: v128,
): void {
  const a0 = get(mode, x);
  const a1 = get(mode, x + across);
  const a2 = get(mode, x + 2 * across);
  const a3 = get(mode, x + 3 * across);
  const s02 = v128.add<T>(a0, a2);
  const d02 = v128.sub<T>(a0, a2);
  const s13 = v128.add<T>(a1, a3);
  const d13 = turned<T>(v128.sub<T>(a1, a3), rotate);
  put(mode, y, 4 * row, v128.add<T>(s02, s13));
  put(mode, y + row, 4 * row, times<T>(v128.add<T>(d02, d13), re1, im1));
  put(mode, y + 2 * row, 4 * row, times<T>(v128.sub<T>(s02, s13), re2, im2));
  put(mode, y + 3 * row, 4 * row, times<T>(v128.sub<T>(d02, d13), re3, im3));
}

// @ts-ignore: decorator
@inline
function lastButterfly4<T>(
  mode: i32, x: usize, across: usize, y: usize, row: usize, rotate: v128, factor: v128,
): void {
  const a0 = get(mode, x);
  const a1 = get(mode, x + across);
  const a2 = get(mode, x + 2 * across);
  const a3 = get(mode, x + 3 * across);
  const s02 = v128.add<T>(a0, a2);
  const d02 = v128.sub<T>(a0, a2);
  const s13 = v128.add<T>(a1, a3);
  const d13 = turned<T>(v128.sub<T>(a1, a3), rotate);
  put(mode, y, 4 * row, v128.mul<T>(v128.add<T>(s02, s13), factor));
  put(mode, y + row, 4 * row, v128.mul<T>(v128.add<T>(d02, d13), factor));
  put(mode, y + 2 * row, 4 * row, v128.mul<T>(v128.sub<T>(s02, s13), factor));
  put(mode, y + 3 * row, 4 * row, v128.mul<T>(v128.sub<T>(d02, d13), factor));
}

// @ts-ignore: decorator
@inline
function pass5<T>(
  x: usize, y: usize, m: usize, s: usize, w: usize, turn: v128, rotate: v128, last: bool, factor: v128,
): void {
  const row = s * 2 * sizeof<T>();
  const across = m * row;
  let p: usize = 0;
  if (sizeof<T>() == 4 && s == 1) {
    for (; p + 2 <= m; p += 2, x += 2 * row, y += 10 * row) {
      butterfly5<T>(PAIR, x, across, y, row, rotate, last, factor, w, m, p, turn);
    }
  }
  for (; p < m; p++, x += row, y += 5 * row) {
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) butterfly5<T>(FULL, x + i, across, y + i, row, rotate, last, factor, w, m, p, turn);
    if (sizeof<T>() == 4 && i < row) {
      butterfly5<T>(HALF, x + i, across, y + i, row, rotate, last, factor, w, m, p, turn);
    }
  }
}

// @ts-ignore: decorator
@inline
function butterfly5<T>(
  mode: i32, x: usize, across: usize, y: usize, row: usize, rotate: v128, last: bool, factor: v128,
  w: usize, m: usize, p: usize, turn: v128,
): void {
  const cos1 = v128.splat<T>(<T>0.30901699437494745), cos2 = v128.splat<T>(<T>-0.8090169943749475);
  const sin1 = v128.splat<T>(<T>0.9510565162951535), sin2 = v128.splat<T>(<T>0.5877852522924731);
  const a0 = get(mode, x);
  const a1 = get(mode, x + across), a4 = get(mode, x + 4 * across);
  const a2 = get(mode, x + 2 * across), a3 = get(mode, x + 3 * across);
  const t1 = v128.add<T>(a1, a4), d1 = turned<T>(v128.sub<T>(a1, a4), rotate);
  const t2 = v128.add<T>(a2, a3), d2 = turned<T>(v128.sub<T>(a2, a3), rotate);
  const u1 = v128.add<T>(a0, v128.add<T>(v128.mul<T>(cos1, t1), v128.mul<T>(cos2, t2)));
  const u2 = v128.add<T>(a0, v128.add<T>(v128.mul<T>(cos2, t1), v128.mul<T>(cos1, t2)));
  const v1 = v128.add<T>(v128.mul<T>(sin1, d1), v128.mul<T>(sin2, d2));
  const v2 = v128.sub<T>(v128.mul<T>(sin2, d1), v128.mul<T>(sin1, d2));
  const b0 = v128.add<T>(a0, v128.add<T>(t1, t2));
  put(mode, y, 5 * row, last ? v128.mul<T>(b0, factor) : b0);
  finish<T>(mode, y, row, 5, 1, v128.add<T>(u1, v1), last, factor, w, m, p, turn);
  finish<T>(mode, y, row, 5, 2, v128.add<T>(u2, v2), last, factor, w, m, p, turn);
  finish<T>(mode, y, row, 5, 3, v128.sub<T>(u2, v2), last, factor, w, m, p, turn);
  finish<T>(mode, y, row, 5, 4, v128.sub<T>(u1, v1), last, factor, w, m, p, turn);
}

/** Any odd radix, by its definition; sums and differences of opposite terms save half of the products. */
function passOdd<T>(
  radix: usize, x: usize, y: usize, m: usize, s: usize, w: usize, circle: usize, turn: v128, rotate: v128, last: bool,
  factor: v128, scratch: usize,
): void {
  const row = s * 2 * sizeof<T>();
  const across = m * row;
  let p: usize = 0;
  if (sizeof<T>() == 4 && s == 1) {
    for (; p + 2 <= m; p += 2, x += 2 * row, y += 2 * radix * row) {
      butterflyOdd<T>(PAIR, radix, x, across, y, row, rotate, last, factor, w, m, p, turn, circle, scratch);
    }
  }
  for (; p < m; p++, x += row, y += radix * row) {
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) {
      butterflyOdd<T>(FULL, radix, x + i, across, y + i, row, rotate, last, factor, w, m, p, turn, circle, scratch);
    }
    if (sizeof<T>() == 4 && i < row) {
      butterflyOdd<T>(HALF, radix, x + i, across, y + i, row, rotate, last, factor, w, m, p, turn, circle, scratch);
    }
  }
}

// @ts-ignore: decorator
@inline
function butterflyOdd<T>(
  mode: i32, radix: usize, x: usize, across: usize, y: usize, row: usize, rotate: v128, last: bool, factor: v128,
  w: usize, m: usize, p: usize, turn: v128, circle: usize, scratch: usize,
): void {
  const a0 = get(mode, x);
  const half = (radix - 1) / 2;
  const unit: usize = 2 * sizeof<T>();
  let b0 = a0;
  for (let j: usize = 1; j <= half; j++) {
    const one = get(mode, x + j * across);
    const other = get(mode, x + (radix - j) * across);
    const t = v128.add<T>(one, other);
    b0 = v128.add<T>(b0, t);
    v128.store(scratch + 32 * j, t);
    v128.store(scratch + 32 * j, turned<T>(v128.sub<T>(one, other), rotate), 16);
  }
  put(mode, y, radix * row, last ? v128.mul<T>(b0, factor) : b0);
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
    finish<T>(mode, y, row, radix, k, v128.add<T>(u, v), last, factor, w, m, p, turn);
    finish<T>(mode, y, row, radix, radix - k, v128.sub<T>(u, v), last, factor, w, m, p, turn);
  }
}

/** Result k of a butterfly, times its factor. */
// @ts-ignore: decorator
@inline
function finish<T>(
  mode: i32, y: usize, row: usize, radix: usize, k: usize, b: v128, last: bool, factor: v128,
  w: usize, m: usize, p: usize, turn: v128,
): void {
  const value = last
    ? v128.mul<T>(b, factor)
    : times<T>(b, reals<T>(mode, w, m, k, p), imaginaries<T>(mode, w, m, k, p, turn));
  put(mode, y + k * row, radix * row, value);
}

/** The real part of w^(k p) in both halves of each number; for p + 1 in the second of a pair. */
// @ts-ignore: decorator
@inline
function reals<T>(mode: i32, w: usize, m: usize, k: usize, p: usize): v128 {
  const at = w + ((k - 1) * m + p) * 2 * sizeof<T>();
  if (mode != PAIR) return v128.load_splat<T>(at);
  const both = v128.load(at);
  return v128.shuffle<u32>(both, both, 0, 0, 2, 2);
}

/** The imaginary part, negated where the product subtracts it. */
// @ts-ignore: decorator
@inline
function imaginaries<T>(mode: i32, w: usize, m: usize, k: usize, p: usize, turn: v128): v128 {
  const at = w + ((k - 1) * m + p) * 2 * sizeof<T>();
  if (mode != PAIR) return v128.xor(v128.load_splat<T>(at + sizeof<T>()), turn);
  const both = v128.load(at);
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
