// Running sums of rows, in float64 whatever the rows are: sums ← sums + into x, y ← weight (sums − share x), for one row
// after the other, `stride` bytes apart in x and in y.

import { load2 } from "./reductions";

/** `rows` rows of n numbers; y is 0 if only the sums are wanted. */
// @ts-ignore: decorator
@inline
export function scanRows<T>(
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
  // Rows that come from the last one on are read from their ends: a processor foresees addresses that fall as well as
  // those that rise, but not both.
  const back = <isize>stride < 0;
  for (; rows > 0; rows--, x += stride) {
    if (y == 0) addRow<T>(x, sums, n, into);
    else {
      scanRow<T>(x, y, sums, n, into, weight, share, back);
      y += stride;
    }
  }
}

function addRow<T>(x: usize, sums: usize, n: usize, into: f64): void {
  const vi = f64x2.splat(into);
  for (const end = sums + (n & ~7) * 8; sums < end; sums += 64, x += 8 * sizeof<T>()) {
    v128.store(sums, f64x2.add(v128.load(sums), f64x2.mul(vi, load2<T>(x))));
    v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.mul(vi, load2<T>(x + 2 * sizeof<T>()))), 16);
    v128.store(sums, f64x2.add(v128.load(sums, 32), f64x2.mul(vi, load2<T>(x + 4 * sizeof<T>()))), 32);
    v128.store(sums, f64x2.add(v128.load(sums, 48), f64x2.mul(vi, load2<T>(x + 6 * sizeof<T>()))), 48);
  }
  for (const end = sums + (n & 7) * 8; sums < end; sums += 8, x += sizeof<T>()) {
    store<f64>(sums, load<f64>(sums) + into * <f64>load<T>(x));
  }
}

function scanRow<T>(
  x: usize, y: usize, sums: usize, n: usize, into: f64, weight: f64, share: f64, back: bool,
): void {
  const size: usize = sizeof<T>();
  const vi = f64x2.splat(into), vw = f64x2.splat(weight), vs = f64x2.splat(share);
  const whole = n & ~3;
  if (back) {
    for (let i = whole; i > 0; ) {
      i -= 4;
      four<T>(x + i * size, y + i * size, sums + i * 8, vi, vw, vs);
    }
  } else for (let i: usize = 0; i < whole; i += 4) four<T>(x + i * size, y + i * size, sums + i * 8, vi, vw, vs);
  for (let i = whole; i < n; i++) {
    const value = <f64>load<T>(x + i * size);
    const sum = load<f64>(sums + i * 8) + into * value;
    store<f64>(sums + i * 8, sum);
    store<T>(y + i * size, <T>(weight * (sum - share * value)));
  }
}

// @ts-ignore: decorator
@inline
function four<T>(x: usize, y: usize, sums: usize, into: v128, weight: v128, share: v128): void {
  const x0 = load2<T>(x), x1 = load2<T>(x + 2 * sizeof<T>());
  const s0 = f64x2.add(v128.load(sums), f64x2.mul(into, x0));
  const s1 = f64x2.add(v128.load(sums, 16), f64x2.mul(into, x1));
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
  put<T>(y, f64x2.mul(weight, f64x2.sub(s0, f64x2.mul(share, x0))));
  put<T>(y + 2 * sizeof<T>(), f64x2.mul(weight, f64x2.sub(s1, f64x2.mul(share, x1))));
}

// @ts-ignore: decorator
@inline
function put<T>(y: usize, value: v128): void {
  if (sizeof<T>() == 8) v128.store(y, value);
  else v128.store_lane<u64>(y, f32x4.demote_f64x2_zero(value), 0);
}
