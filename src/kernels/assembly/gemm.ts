// Products of matrices. Both operands are packed first, so that the inner loop reads them one number after the other:
// the left one in strips of 4 rows, the right one in strips of 32 bytes of columns, both all along k. One tile of the
// result, 4 rows of 32 bytes, then stays in eight registers while k runs.
//
// A complex product is a real one: a strip of the left operand is 2 complex rows, their real and imaginary parts as
// rows of their own, times the right operand as it is stored; row im is turned by i when it is added to row re.

const ROWS: usize = 4; // numbers of the left operand in a strip
const WIDTH: usize = 32; // bytes of the right operand in a strip

/**
 * Packs `count` × `depth` elements into strips, each `unit` bytes long: element (j, k) is at x + j across + k along.
 * A strip of `strip` bytes holds its elements for k = 0, then for k = 1, …; the last strip is filled up with zeros.
 * `conjugate` negates every second number.
 */
// @ts-ignore: decorator
@inline
export function pack<T>(
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
  const perStrip = strip / unit;
  const end = z + ((count + perStrip - 1) / perStrip) * strip * depth;
  const sign = conjugate ? oddSign<T>() : v128.splat<f64>(0);
  for (; z < end; z += strip * depth) {
    const here = min(perStrip, count);
    if (here == perStrip && across == unit) packRuns(x, along, depth, strip, sign, z);
    else if (here == perStrip && unit == 8) packPairs(x, across, along, depth, strip, sign, z);
    else packEach(x, across, along, here, depth, unit, strip, sign, z);
    x += here * across;
    count -= here;
  }
}

/** Whole strips that lie in one piece. */
// @ts-ignore: decorator
@inline
function packRuns(x: usize, along: usize, depth: usize, strip: usize, sign: v128, z: usize): void {
  for (const end = z + depth * strip; z < end; z += strip, x += along) {
    v128.store(z, v128.xor(v128.load(x), sign));
    if (strip == 32) v128.store(z, v128.xor(v128.load(x, 16), sign), 16);
  }
}

/** Whole strips of elements of 8 bytes; two of k at a time where they are neighbours. */
// @ts-ignore: decorator
@inline
function packPairs(x: usize, across: usize, along: usize, depth: usize, strip: usize, sign: v128, z: usize): void {
  for (let j: usize = 0; j < strip; j += 16, x += 2 * across) {
    let p = x;
    let q = x + across;
    let to = z + j;
    let k = depth;
    if (along == 8) {
      for (; k >= 2; k -= 2, p += 16, q += 16, to += 2 * strip) {
        const a = v128.load(p);
        const b = v128.load(q);
        v128.store(to, v128.xor(v128.shuffle<u64>(a, b, 0, 2), sign));
        v128.store(to + strip, v128.xor(v128.shuffle<u64>(a, b, 1, 3), sign));
      }
    }
    for (; k > 0; k--, p += along, q += along, to += strip) {
      v128.store(to, v128.xor(v128.load_lane<u64>(q, v128.load_zero<u64>(p), 1), sign));
    }
  }
}

/** Any strip. */
function packEach(
  x: usize,
  across: usize,
  along: usize,
  count: usize,
  depth: usize,
  unit: usize,
  strip: usize,
  sign: v128,
  z: usize,
): void {
  for (const end = z + depth * strip; z < end; z += strip, x += along) {
    if (count * unit < strip) {
      v128.store(z, v128.splat<f64>(0));
      if (strip == 32) v128.store(z, v128.splat<f64>(0), 16);
    }
    let from = x;
    let to = z;
    for (let j: usize = 0; j < count; j++, from += across, to += unit) {
      if (unit == 4) store<u32>(to, load<u32>(from));
      else if (unit == 8) v128.store_lane<u64>(to, v128.xor(v128.load_zero<u64>(from), sign), 0);
      else v128.store(to, v128.xor(v128.load(from), sign));
    }
  }
}

/**
 * C ← A B, or C + A B, for packed A of `rows` × `depth` numbers and packed B of `depth` × `columns`; a complex row
 * counts as two rows, a complex column as two columns. Rows of C are `stride` bytes apart.
 */
// @ts-ignore: decorator
@inline
export function multiplyPacked<T>(
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
  const size: usize = sizeof<T>();
  const lines: usize = complex ? 2 : 4; // rows of C in a tile
  const rowsOfC = complex ? rows / 2 : rows;
  for (let left = columns * size; left > 0; b += depth * WIDTH, c += WIDTH) {
    const bytes = min(WIDTH, left);
    left -= bytes;
    let strip = a;
    let to = c;
    for (let i: usize = 0; i < rowsOfC; i += lines, strip += depth * ROWS * size, to += lines * stride) {
      const here = min(lines, rowsOfC - i);
      if (here == lines && bytes == WIDTH) tile<T>(strip, b, depth, to, stride, complex, accumulate);
      else {
        tile<T>(strip, b, depth, scratch, WIDTH, complex, false);
        copyOut<T>(scratch, to, stride, here, bytes, accumulate);
      }
    }
  }
}

/** One tile of C. */
function tile<T>(
  a: usize,
  b: usize,
  depth: usize,
  c: usize,
  stride: usize,
  complex: bool,
  accumulate: bool,
): void {
  let c00 = v128.splat<T>(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  const size: usize = sizeof<T>();
  for (const end = b + depth * WIDTH; b < end; b += WIDTH, a += ROWS * size) {
    const b0 = v128.load(b, 0);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<T>(a);
    c00 = v128.add<T>(c00, v128.mul<T>(a0, b0));
    c01 = v128.add<T>(c01, v128.mul<T>(a0, b1));
    const a1 = v128.load_splat<T>(a + size);
    c10 = v128.add<T>(c10, v128.mul<T>(a1, b0));
    c11 = v128.add<T>(c11, v128.mul<T>(a1, b1));
    const a2 = v128.load_splat<T>(a + 2 * size);
    c20 = v128.add<T>(c20, v128.mul<T>(a2, b0));
    c21 = v128.add<T>(c21, v128.mul<T>(a2, b1));
    const a3 = v128.load_splat<T>(a + 3 * size);
    c30 = v128.add<T>(c30, v128.mul<T>(a3, b0));
    c31 = v128.add<T>(c31, v128.mul<T>(a3, b1));
  }
  if (complex) {
    put<T>(c, v128.add<T>(c00, timesI<T>(c10)), v128.add<T>(c01, timesI<T>(c11)), accumulate);
    put<T>(c + stride, v128.add<T>(c20, timesI<T>(c30)), v128.add<T>(c21, timesI<T>(c31)), accumulate);
    return;
  }
  put<T>(c, c00, c01, accumulate);
  put<T>(c + stride, c10, c11, accumulate);
  put<T>(c + 2 * stride, c20, c21, accumulate);
  put<T>(c + 3 * stride, c30, c31, accumulate);
}

// @ts-ignore: decorator
@inline
function put<T>(c: usize, left: v128, right: v128, accumulate: bool): void {
  v128.store(c, accumulate ? v128.add<T>(v128.load(c), left) : left);
  v128.store(c, accumulate ? v128.add<T>(v128.load(c, 16), right) : right, 16);
}

/** Copies or adds the part of a tile that is inside of C. */
function copyOut<T>(from: usize, to: usize, stride: usize, lines: usize, bytes: usize, accumulate: bool): void {
  for (; lines > 0; lines--, from += WIDTH, to += stride) {
    for (let i: usize = 0; i < bytes; i += sizeof<T>()) {
      const value = load<T>(from + i);
      store<T>(to + i, accumulate ? <T>(load<T>(to + i) + value) : value);
    }
  }
}

/** (re, im) → (−im, re) */
// @ts-ignore: decorator
@inline
function timesI<T>(x: v128): v128 {
  if (sizeof<T>() == 8) return v128.xor(v128.shuffle<u64>(x, x, 1, 0), f64x2(-0.0, 0));
  return v128.xor(v128.shuffle<u32>(x, x, 1, 0, 3, 2), f32x4(-0.0, 0, -0.0, 0));
}

/** Flips the sign of every second number. */
// @ts-ignore: decorator
@inline
function oddSign<T>(): v128 {
  return sizeof<T>() == 8 ? f64x2(0, -0.0) : f32x4(0, -0.0, 0, -0.0);
}
