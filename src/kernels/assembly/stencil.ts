// Banded matrices along one axis, as runs: a run is a number of successive rows that share their taps, where rows are
// `rowBytes` bytes long (1 number if the axis is contiguous). With the rows flattened, number e of a run is
// y[e] = Σ w x[e + offset], whatever the axis.
//
// Taps of equal or opposite weight are folded in pairs: w (x[e + second] ± x[e + first]) saves a multiplication. A tap
// is 16 bytes: offsets first and second in bytes (i32), and at 8 the weight (T). A run lists its sums, its differences,
// and then its single taps (second only).
// A run is 40 bytes (u32 each): first byte in y, first byte in x, rows, address of the taps, end of the sums, of the
// differences and of the singles, and the window: first byte in x, address, and bytes. Rows whose taps leave the axis
// read from a window: a small area that the caller zeroed, into which the part of x that they need is copied first;
// their first byte in x is an address.

const TAP: usize = 16;
const RUN: usize = 40;
const BLOCK: usize = 128; // bytes of y at a time: eight registers

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
        const windowBytes: usize = load<u32>(r, 36);
        let from: usize = load<u32>(r, 4);
        if (windowBytes) memory.copy(load<u32>(r, 32), x + load<u32>(r, 28), windowBytes);
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
  const taps: usize = load<u32>(run, 12);
  const sums: usize = load<u32>(run, 16);
  const differences: usize = load<u32>(run, 20);
  const singles: usize = load<u32>(run, 24);
  let i: usize = 0;
  for (; i + BLOCK <= bytes; i += BLOCK) block<T>(x + i, y + i, taps, sums, differences, singles, accumulate);
  if (i == bytes) return;
  if (bytes >= BLOCK && !accumulate) {
    i = bytes - BLOCK; // computing some numbers twice is faster than a scalar tail
    block<T>(x + i, y + i, taps, sums, differences, singles, false);
    return;
  }
  for (; i + 16 <= bytes; i += 16) {
    let s = accumulate ? v128.load(y + i) : v128.splat<T>(0);
    let t = taps;
    for (; t < sums; t += TAP) s = fold<T>(s, t, v128.add<T>(second(x + i, t), first(x + i, t)));
    for (; t < differences; t += TAP) s = fold<T>(s, t, v128.sub<T>(second(x + i, t), first(x + i, t)));
    for (; t < singles; t += TAP) s = fold<T>(s, t, second(x + i, t));
    v128.store(y + i, s);
  }
  for (; i < bytes; i += sizeof<T>()) {
    let s = accumulate ? load<T>(y + i) : <T>0;
    let t = taps;
    for (; t < sums; t += TAP) s += load<T>(t, 8) * (one<T>(x + i, t, 4) + one<T>(x + i, t, 0));
    for (; t < differences; t += TAP) s += load<T>(t, 8) * (one<T>(x + i, t, 4) - one<T>(x + i, t, 0));
    for (; t < singles; t += TAP) s += load<T>(t, 8) * one<T>(x + i, t, 4);
    store<T>(y + i, s);
  }
}

// @ts-ignore: decorator
@inline
function block<T>(
  x: usize,
  y: usize,
  taps: usize,
  sums: usize,
  differences: usize,
  singles: usize,
  accumulate: bool,
): void {
  let s0 = v128.splat<T>(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
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
  let t = taps;
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
