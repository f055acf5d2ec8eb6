// Banded matrices along one axis, as runs: a run is a number of successive rows that share their taps, where rows are
// `rowBytes` bytes long (1 number if the axis is contiguous). With the rows flattened, number e of a run is
// y[e] = Σ w x[e + offset], whatever the axis.
//
// Taps of equal or opposite weight are folded in pairs: w (x[e + second] ± x[e + first]) saves a multiplication. A tap
// is 16 bytes: offsets first and second in bytes (i32), and at 8 the weight (T). Taps come in terms, one for each axis along
// which a stencil acts; a number is summed in their order. A term is 16 bytes (u32 each): address of its sums, which its
// differences and then its single taps (second only) follow, and the ends of the three.
// A run is 36 bytes (u32 each): first byte in y, first byte in x, rows, shape, address and end of the terms, and the window:
// first byte in x, address, and bytes. Rows whose taps leave the axis read from a window: a small area that the caller
// zeroed, into which the part of x that they need is copied first; their first byte in x is an address.

const TAP: usize = 16;
const TERM: usize = 16;
const RUN: usize = 36;
const BLOCK: usize = 128; // bytes of y at a time: eight registers
const STEP: usize = 64; // the same where the shape is known: fewer instructions for each number, so more of them in flight

// Shapes with loops of their own, as in ../stencil-runs.ts: 1 or 2 differences alone; and of 1 to 3 terms, each a sum and
// then a multiple of x, at the same place in all terms
const DIFFERENCE = 1;
const TWO_DIFFERENCES = 2;
const SECOND = 3;
const TWO_SECONDS = 4;

/**
 * Applies `runs` runs to `outer` slabs of x and y, `xStride` and `yStride` bytes apart. Rows longer than `tile` bytes
 * are worked on in tiles, so that the rows that the taps reach stay in the cache.
 */
// @ts-ignore: decorator
@inline
export function stencil<T>(
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
  const end = runs + runCount * RUN;
  for (; outer > 0; outer--) {
    for (let t: usize = 0; t < rowBytes; t += tile) {
      for (let r = runs; r < end; r += RUN) {
        const to = y + load<u32>(r);
        const bytes = rowBytes * <usize>load<u32>(r, 8);
        const windowBytes: usize = load<u32>(r, 32);
        let from: usize = load<u32>(r, 4);
        if (windowBytes) memory.copy(load<u32>(r, 28), x + load<u32>(r, 24), windowBytes);
        else from += x;
        if (tile >= rowBytes) combine<T>(from, to, bytes, r, accumulate);
        else {
          const width = min(tile, rowBytes - t);
          for (let i = t; i < bytes; i += rowBytes) combine<T>(from + i, to + i, width, r, accumulate);
        }
      }
    }
    x += xStride;
    y += yStride;
  }
}

/** y[e] = Σ w x[e + offset] (plus y[e]) over `bytes` bytes of y, with the taps of a run. */
function combine<T>(x: usize, y: usize, bytes: usize, run: usize, accumulate: bool): void {
  const shape = load<u32>(run, 12);
  const terms: usize = load<u32>(run, 16);
  const end: usize = load<u32>(run, 20);
  if (shape && !accumulate && bytes >= STEP) {
    const whole = bytes & ~(STEP - 1);
    shaped<T>(shape, x, y, whole, terms);
    if (whole < bytes) shaped<T>(shape, x + bytes - STEP, y + bytes - STEP, STEP, terms); // some numbers twice
    return;
  }
  // −0 + v is v for every v; rows without a first term are +0.
  const zero: T = load<u32>(terms) < load<u32>(terms, 12) ? <T>-0.0 : <T>0;
  let i: usize = 0;
  for (; i + BLOCK <= bytes; i += BLOCK) block<T>(x + i, y + i, terms, end, zero, accumulate);
  if (i == bytes) return;
  if (bytes >= BLOCK && !accumulate) {
    i = bytes - BLOCK; // computing some numbers twice is faster than a scalar tail
    block<T>(x + i, y + i, terms, end, zero, false);
    return;
  }
  for (; i + 16 <= bytes; i += 16) {
    let s = accumulate ? v128.load(y + i) : v128.splat<T>(zero);
    for (let k = terms; k < end; k += TERM) {
      let t: usize = load<u32>(k);
      for (; t < load<u32>(k, 4); t += TAP) s = fold<T>(s, t, v128.add<T>(second(x + i, t), first(x + i, t)));
      for (; t < load<u32>(k, 8); t += TAP) s = fold<T>(s, t, v128.sub<T>(second(x + i, t), first(x + i, t)));
      for (; t < load<u32>(k, 12); t += TAP) s = fold<T>(s, t, second(x + i, t));
    }
    v128.store(y + i, s);
  }
  for (; i < bytes; i += sizeof<T>()) {
    let s = accumulate ? load<T>(y + i) : zero;
    for (let k = terms; k < end; k += TERM) {
      let t: usize = load<u32>(k);
      for (; t < load<u32>(k, 4); t += TAP) s += load<T>(t, 8) * (one<T>(x + i, t, 4) + one<T>(x + i, t, 0));
      for (; t < load<u32>(k, 8); t += TAP) s += load<T>(t, 8) * (one<T>(x + i, t, 4) - one<T>(x + i, t, 0));
      for (; t < load<u32>(k, 12); t += TAP) s += load<T>(t, 8) * one<T>(x + i, t, 4);
    }
    store<T>(y + i, s);
  }
}

function shaped<T>(shape: u32, x: usize, y: usize, bytes: usize, terms: usize): void {
  if (shape == DIFFERENCE) differences<T>(1, x, y, bytes, terms);
  else if (shape == TWO_DIFFERENCES) differences<T>(2, x, y, bytes, terms);
  else if (shape == SECOND) seconds<T>(1, x, y, bytes, terms);
  else if (shape == TWO_SECONDS) seconds<T>(2, x, y, bytes, terms);
  else seconds<T>(3, x, y, bytes, terms);
}

// @ts-ignore: decorator
@inline
function differences<T>(count: i32, x: usize, y: usize, bytes: usize, terms: usize): void {
  const tap: usize = load<u32>(terms);
  const other = count > 1 ? tap + TAP : tap;
  const v = v128.load_splat<T>(tap, 8), w = v128.load_splat<T>(other, 8);
  const p: usize = load<u32>(tap, 4), q: usize = load<u32>(tap);
  const r: usize = load<u32>(other, 4), s: usize = load<u32>(other);
  for (const end = y + bytes; y < end; x += STEP, y += STEP) {
    v128.store(y, difference<T>(count, v, x + p, x + q, w, x + r, x + s), 0);
    v128.store(y, difference<T>(count, v, x + p + 16, x + q + 16, w, x + r + 16, x + s + 16), 16);
    v128.store(y, difference<T>(count, v, x + p + 32, x + q + 32, w, x + r + 32, x + s + 32), 32);
    v128.store(y, difference<T>(count, v, x + p + 48, x + q + 48, w, x + r + 48, x + s + 48), 48);
  }
}

/** v (p − q) + w (r − s) */
// @ts-ignore: decorator
@inline
function difference<T>(count: i32, v: v128, p: usize, q: usize, w: v128, r: usize, s: usize): v128 {
  const one = v128.mul<T>(v, v128.sub<T>(v128.load(p), v128.load(q)));
  if (count == 1) return one;
  return v128.add<T>(one, v128.mul<T>(w, v128.sub<T>(v128.load(r), v128.load(s))));
}

// @ts-ignore: decorator
@inline
function seconds<T>(count: i32, x: usize, y: usize, bytes: usize, terms: usize): void {
  const t1: usize = load<u32>(terms);
  const t2: usize = count > 1 ? <usize>load<u32>(terms, TERM) : t1;
  const t3: usize = count > 2 ? <usize>load<u32>(terms, 2 * TERM) : t1;
  const v1 = v128.load_splat<T>(t1, 8), w1 = v128.load_splat<T>(t1, 24);
  const v2 = v128.load_splat<T>(t2, 8), w2 = v128.load_splat<T>(t2, 24);
  const v3 = v128.load_splat<T>(t3, 8), w3 = v128.load_splat<T>(t3, 24);
  x += load<u32>(t1, 20); // the multiples are of this place; the others lie around it
  const p1: usize = load<u32>(t1, 4) - load<u32>(t1, 20), q1: usize = load<u32>(t1) - load<u32>(t1, 20);
  const p2: usize = load<u32>(t2, 4) - load<u32>(t1, 20), q2: usize = load<u32>(t2) - load<u32>(t1, 20);
  const p3: usize = load<u32>(t3, 4) - load<u32>(t1, 20), q3: usize = load<u32>(t3) - load<u32>(t1, 20);
  for (const end = y + bytes; y < end; x += STEP, y += STEP) {
    const a = x + p1, b = x + q1, c = x + p2, d = x + q2, e = x + p3, f = x + q3;
    v128.store(y, sum<T>(count, x, v1, w1, a, b, v2, w2, c, d, v3, w3, e, f), 0);
    v128.store(y, sum<T>(count, x + 16, v1, w1, a + 16, b + 16, v2, w2, c + 16, d + 16, v3, w3, e + 16, f + 16), 16);
    v128.store(y, sum<T>(count, x + 32, v1, w1, a + 32, b + 32, v2, w2, c + 32, d + 32, v3, w3, e + 32, f + 32), 32);
    v128.store(y, sum<T>(count, x + 48, v1, w1, a + 48, b + 48, v2, w2, c + 48, d + 48, v3, w3, e + 48, f + 48), 48);
  }
}

/** Of each term v (p + q) + w x */
// @ts-ignore: decorator
@inline
function sum<T>(
  count: i32, x: usize, v1: v128, w1: v128, p1: usize, q1: usize, v2: v128, w2: v128, p2: usize, q2: usize,
  v3: v128, w3: v128, p3: usize, q3: usize,
): v128 {
  const here = v128.load(x);
  let s = v128.mul<T>(v1, v128.add<T>(v128.load(p1), v128.load(q1)));
  s = v128.add<T>(s, v128.mul<T>(w1, here));
  if (count == 1) return s;
  s = v128.add<T>(s, v128.mul<T>(v2, v128.add<T>(v128.load(p2), v128.load(q2))));
  s = v128.add<T>(s, v128.mul<T>(w2, here));
  if (count == 2) return s;
  s = v128.add<T>(s, v128.mul<T>(v3, v128.add<T>(v128.load(p3), v128.load(q3))));
  return v128.add<T>(s, v128.mul<T>(w3, here));
}

// @ts-ignore: decorator
@inline
function block<T>(x: usize, y: usize, terms: usize, end: usize, zero: T, accumulate: bool): void {
  let s0 = v128.splat<T>(zero), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  if (accumulate) {
    s0 = v128.load(y, 0);
    s1 = v128.load(y, 16);
    s2 = v128.load(y, 32);
    s3 = v128.load(y, 48);
    s4 = v128.load(y, 64);
    s5 = v128.load(y, 80);
    s6 = v128.load(y, 96);
    s7 = v128.load(y, 112);
  }
  for (let k = terms; k < end; k += TERM) {
    let t: usize = load<u32>(k);
    const sums: usize = load<u32>(k, 4);
    const differences: usize = load<u32>(k, 8);
    const singles: usize = load<u32>(k, 12);
    for (; t < sums; t += TAP) {
      const w = v128.load_splat<T>(t, 8);
      const p = x + load<u32>(t, 4);
      const q = x + load<u32>(t);
      s0 = v128.add<T>(s0, v128.mul<T>(w, v128.add<T>(v128.load(p, 0), v128.load(q, 0))));
      s1 = v128.add<T>(s1, v128.mul<T>(w, v128.add<T>(v128.load(p, 16), v128.load(q, 16))));
      s2 = v128.add<T>(s2, v128.mul<T>(w, v128.add<T>(v128.load(p, 32), v128.load(q, 32))));
      s3 = v128.add<T>(s3, v128.mul<T>(w, v128.add<T>(v128.load(p, 48), v128.load(q, 48))));
      s4 = v128.add<T>(s4, v128.mul<T>(w, v128.add<T>(v128.load(p, 64), v128.load(q, 64))));
      s5 = v128.add<T>(s5, v128.mul<T>(w, v128.add<T>(v128.load(p, 80), v128.load(q, 80))));
      s6 = v128.add<T>(s6, v128.mul<T>(w, v128.add<T>(v128.load(p, 96), v128.load(q, 96))));
      s7 = v128.add<T>(s7, v128.mul<T>(w, v128.add<T>(v128.load(p, 112), v128.load(q, 112))));
    }
    for (; t < differences; t += TAP) {
      const w = v128.load_splat<T>(t, 8);
      const p = x + load<u32>(t, 4);
      const q = x + load<u32>(t);
      s0 = v128.add<T>(s0, v128.mul<T>(w, v128.sub<T>(v128.load(p, 0), v128.load(q, 0))));
      s1 = v128.add<T>(s1, v128.mul<T>(w, v128.sub<T>(v128.load(p, 16), v128.load(q, 16))));
      s2 = v128.add<T>(s2, v128.mul<T>(w, v128.sub<T>(v128.load(p, 32), v128.load(q, 32))));
      s3 = v128.add<T>(s3, v128.mul<T>(w, v128.sub<T>(v128.load(p, 48), v128.load(q, 48))));
      s4 = v128.add<T>(s4, v128.mul<T>(w, v128.sub<T>(v128.load(p, 64), v128.load(q, 64))));
      s5 = v128.add<T>(s5, v128.mul<T>(w, v128.sub<T>(v128.load(p, 80), v128.load(q, 80))));
      s6 = v128.add<T>(s6, v128.mul<T>(w, v128.sub<T>(v128.load(p, 96), v128.load(q, 96))));
      s7 = v128.add<T>(s7, v128.mul<T>(w, v128.sub<T>(v128.load(p, 112), v128.load(q, 112))));
    }
    for (; t < singles; t += TAP) {
      const w = v128.load_splat<T>(t, 8);
      const p = x + load<u32>(t, 4);
      s0 = v128.add<T>(s0, v128.mul<T>(w, v128.load(p, 0)));
      s1 = v128.add<T>(s1, v128.mul<T>(w, v128.load(p, 16)));
      s2 = v128.add<T>(s2, v128.mul<T>(w, v128.load(p, 32)));
      s3 = v128.add<T>(s3, v128.mul<T>(w, v128.load(p, 48)));
      s4 = v128.add<T>(s4, v128.mul<T>(w, v128.load(p, 64)));
      s5 = v128.add<T>(s5, v128.mul<T>(w, v128.load(p, 80)));
      s6 = v128.add<T>(s6, v128.mul<T>(w, v128.load(p, 96)));
      s7 = v128.add<T>(s7, v128.mul<T>(w, v128.load(p, 112)));
    }
  }
  v128.store(y, s0, 0);
  v128.store(y, s1, 16);
  v128.store(y, s2, 32);
  v128.store(y, s3, 48);
  v128.store(y, s4, 64);
  v128.store(y, s5, 80);
  v128.store(y, s6, 96);
  v128.store(y, s7, 112);
}

/** s + w v */
// @ts-ignore: decorator
@inline
function fold<T>(s: v128, tap: usize, v: v128): v128 {
  return v128.add<T>(s, v128.mul<T>(v128.load_splat<T>(tap, 8), v));
}

// @ts-ignore: decorator
@inline
function first(x: usize, tap: usize): v128 {
  return v128.load(x + load<u32>(tap));
}

// @ts-ignore: decorator
@inline
function second(x: usize, tap: usize): v128 {
  return v128.load(x + load<u32>(tap, 4));
}

// @ts-ignore: decorator
@inline
function one<T>(x: usize, tap: usize, which: usize): T {
  return load<T>(x + load<u32>(tap + which));
}
