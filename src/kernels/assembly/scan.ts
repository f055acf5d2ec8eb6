// Running sums of rows, in float64 whatever the rows are: sums ← sums + into x, y ← weight (sums − share x), for one row
// after the other, `stride` bytes apart in x and in y.

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
  for (; rows > 0; rows--, x += stride) {
    if (y == 0) addRow<T>(x, sums, n, into);
    else {
      scanRow<T>(x, y, sums, n, into, weight, share);
      y += stride;
    }
  }
}

function addRow<T>(x: usize, sums: usize, n: usize, into: f64): void {
  const vi = f64x2.splat(into);
  for (const end = sums + (n & ~7) * 8; sums < end; sums += 64, x += 8 * sizeof<T>()) {
    v128.store(sums, f64x2.add(v128.load(sums), f64x2.mul(vi, two<T>(x))));
    v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.mul(vi, two<T>(x + 2 * sizeof<T>()))), 16);
    v128.store(sums, f64x2.add(v128.load(sums, 32), f64x2.mul(vi, two<T>(x + 4 * sizeof<T>()))), 32);
    v128.store(sums, f64x2.add(v128.load(sums, 48), f64x2.mul(vi, two<T>(x + 6 * sizeof<T>()))), 48);
  }
  for (const end = sums + (n & 7) * 8; sums < end; sums += 8, x += sizeof<T>()) {
    store<f64>(sums, load<f64>(sums) + into * <f64>load<T>(x));
  }
}

function scanRow<T>(x: usize, y: usize, sums: usize, n: usize, into: f64, weight: f64, share: f64): void {
  const vi = f64x2.splat(into), vw = f64x2.splat(weight), vs = f64x2.splat(share);
  for (const end = sums + (n & ~3) * 8; sums < end; sums += 32, x += 4 * sizeof<T>(), y += 4 * sizeof<T>()) {
    const x0 = two<T>(x), x1 = two<T>(x + 2 * sizeof<T>());
    const s0 = f64x2.add(v128.load(sums), f64x2.mul(vi, x0));
    const s1 = f64x2.add(v128.load(sums, 16), f64x2.mul(vi, x1));
    v128.store(sums, s0);
    v128.store(sums, s1, 16);
    put<T>(y, f64x2.mul(vw, f64x2.sub(s0, f64x2.mul(vs, x0))));
    put<T>(y + 2 * sizeof<T>(), f64x2.mul(vw, f64x2.sub(s1, f64x2.mul(vs, x1))));
  }
  for (const end = sums + (n & 3) * 8; sums < end; sums += 8, x += sizeof<T>(), y += sizeof<T>()) {
    const value = <f64>load<T>(x);
    const sum = load<f64>(sums) + into * value;
    store<f64>(sums, sum);
    store<T>(y, <T>(weight * (sum - share * value)));
  }
}

/** Two numbers as float64. */
// @ts-ignore: decorator
@inline
function two<T>(x: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(x);
  return f64x2.promote_low_f32x4(v128.load_zero<u64>(x));
}

// @ts-ignore: decorator
@inline
function put<T>(y: usize, value: v128): void {
  if (sizeof<T>() == 8) v128.store(y, value);
  else v128.store_lane<u64>(y, f32x4.demote_f64x2_zero(value), 0);
}
