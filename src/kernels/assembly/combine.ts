// z[i] = x[i] ∘ y[i] for every reduction of MPI and every element type. z may be x or y; otherwise they do not overlap.
// The codes are those of ../combine.ts.

const SUM = 0;
const PROD = 1;
const MIN = 2;
const MAX = 3;
const LAND = 4;
const LOR = 5;
const LXOR = 6;
const BAND = 7;
const BOR = 8;
const BXOR = 9;

/** z ← x ∘ y on n elements of a type. */
export function combine(op: i32, type: i32, x: usize, y: usize, z: usize, n: usize): void {
  if (type == 0) return floats<f64>(op, x, y, z, n);
  if (type == 1) return floats<f32>(op, x, y, z, n);
  if (type == 2) return integers<i32>(op, x, y, z, n);
  if (type == 3) return integers<u32>(op, x, y, z, n);
  if (type == 4) return integers<i64>(op, x, y, z, n);
  if (type == 5) return integers<u64>(op, x, y, z, n);
  if (type == 6) return integers<i16>(op, x, y, z, n);
  if (type == 7) return integers<u16>(op, x, y, z, n);
  if (type == 8) return integers<i8>(op, x, y, z, n);
  return integers<u8>(op, x, y, z, n);
}

function floats<T>(op: i32, x: usize, y: usize, z: usize, n: usize): void {
  switch (op) {
    case SUM:
      return registers<T>(SUM, x, y, z, n);
    case PROD:
      return registers<T>(PROD, x, y, z, n);
    case MIN:
      return registers<T>(MIN, x, y, z, n);
    case MAX:
      return registers<T>(MAX, x, y, z, n);
    default:
      return logical<T>(op, x, y, z, n);
  }
}

function integers<T>(op: i32, x: usize, y: usize, z: usize, n: usize): void {
  switch (op) {
    case SUM:
      return registers<T>(SUM, x, y, z, n);
    case PROD:
      return one<T>(PROD, x, y, z, n);
    case MIN:
      return one<T>(MIN, x, y, z, n);
    case MAX:
      return one<T>(MAX, x, y, z, n);
    case BAND:
      return one<T>(BAND, x, y, z, n);
    case BOR:
      return one<T>(BOR, x, y, z, n);
    case BXOR:
      return one<T>(BXOR, x, y, z, n);
    default:
      return logical<T>(op, x, y, z, n);
  }
}

function logical<T>(op: i32, x: usize, y: usize, z: usize, n: usize): void {
  if (op == LAND) one<T>(LAND, x, y, z, n);
  else if (op == LOR) one<T>(LOR, x, y, z, n);
  else one<T>(LXOR, x, y, z, n);
}

/** Sixteen bytes at a time, then what is left. */
// @ts-ignore: decorator
@inline
function registers<T>(op: i32, x: usize, y: usize, z: usize, n: usize): void {
  const bytes = n * sizeof<T>();
  const whole = bytes & ~63;
  let i: usize = 0;
  for (; i < whole; i += 64) {
    v128.store(z + i, lanes<T>(op, v128.load(x + i, 0), v128.load(y + i, 0)), 0);
    v128.store(z + i, lanes<T>(op, v128.load(x + i, 16), v128.load(y + i, 16)), 16);
    v128.store(z + i, lanes<T>(op, v128.load(x + i, 32), v128.load(y + i, 32)), 32);
    v128.store(z + i, lanes<T>(op, v128.load(x + i, 48), v128.load(y + i, 48)), 48);
  }
  for (; i < bytes; i += sizeof<T>()) store<T>(z + i, f<T>(op, load<T>(x + i), load<T>(y + i)));
}

// @ts-ignore: decorator
@inline
function lanes<T>(op: i32, x: v128, y: v128): v128 {
  if (op == SUM) return v128.add<T>(x, y);
  if (isFloat<T>()) {
    if (op == PROD) return v128.mul<T>(x, y);
    if (op == MIN) return v128.min<T>(x, y);
    if (op == MAX) return v128.max<T>(x, y);
  }
  return x;
}

// @ts-ignore: decorator
@inline
function one<T>(op: i32, x: usize, y: usize, z: usize, n: usize): void {
  const bytes = n * sizeof<T>();
  for (let i: usize = 0; i < bytes; i += sizeof<T>()) {
    store<T>(z + i, f<T>(op, load<T>(x + i), load<T>(y + i)));
  }
}

// @ts-ignore: decorator
@inline
function f<T>(op: i32, x: T, y: T): T {
  if (op == SUM) return (x + y) as T;
  if (op == PROD) return (x * y) as T;
  if (op == MIN) return isFloat<T>() ? min<T>(x, y) : x < y ? x : y;
  if (op == MAX) return isFloat<T>() ? max<T>(x, y) : x > y ? x : y;
  if (op == LAND) return (x != 0 && y != 0 ? 1 : 0) as T;
  if (op == LOR) return (x != 0 || y != 0 ? 1 : 0) as T;
  if (op == LXOR) return ((x != 0) != (y != 0) ? 1 : 0) as T;
  if (isInteger<T>()) {
    if (op == BAND) return (x & y) as T;
    if (op == BOR) return (x | y) as T;
    return (x ^ y) as T;
  }
  return x;
}
