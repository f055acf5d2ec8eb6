/** 32 bits each, the first one worth 2⁻¹⁰⁷⁴ and up: 2098 bits reach the largest double, the rest is for carries. */
const LIMBS = 69;
/** After the limbs: how many NaNs, +∞ and −∞ have been added. */
const NANS = LIMBS;
const PLUS_INFINITIES = LIMBS + 1;
const MINUS_INFINITIES = LIMBS + 2;
const STATE = LIMBS + 3;

const LIMB = 2 ** 32;
/** A limb takes so many additions, of less than 2³⁴ each, before carries must move on: they stay below 2⁵³. */
const ADDITIONS = 2 ** 18;
const BLOCK = 1024;

const POWERS = Float64Array.from({ length: 32 }, (_, i) => 2 ** i);
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/**
 * A sum of doubles without rounding: whatever the order of the additions, and however they are spread over ranks, the
 * bits of the result are the same, since it is rounded once, to the nearest double, when it is read. Local, until it is
 * reduced: `(await comm.allreduce(sum)).value`.
 *
 * A fixed-point number wide enough for all doubles, as a vector of integers: ranks add these up with any algorithm.
 * A block of an array is first split at fixed bits, so that most additions are plain ones that cannot round.
 *
 * Denormals count in full, intermediate overflow does not exist, a sum beyond the largest double is ±Infinity. NaN, and
 * +Infinity with −Infinity, give NaN. A sum of zero is +0, whatever signs the zeros had.
 *
 * @see Neal, Fast exact summation using small and large superaccumulators, 2015, doi:10.48550/arXiv.1505.05571
 * @see Demmel & Nguyen, Fast reproducible floating-point summation, ARITH 2013, doi:10.1109/ARITH.2013.9
 */
export class ReproducibleSum {
  readonly #state = new Float64Array(STATE);
  #additions = 0;

  /** A sum with this state. @param state - As `state()` gave it, or a sum of such. */
  static of(state: Float64Array): ReproducibleSum {
    const sum = new ReproducibleSum();
    sum.#state.set(state);
    sum.#carry();
    return sum;
  }

  /** Adds a number, or all elements of an array. */
  add(x: number | Float64Array | Float32Array | readonly number[]): this {
    if (typeof x === "number") this.#add(x);
    else
      for (let start = 0; start < x.length; start += BLOCK)
        this.#addBlock(x, start, Math.min(start + BLOCK, x.length));
    return this;
  }

  /**
   * Adds x[i] · y[i] for all i: a dot product. Each product is rounded once, as it is on any rank.
   *
   * @throws {RangeError} If the lengths differ.
   */
  addProducts(x: Float64Array | Float32Array, y: Float64Array | Float32Array): this {
    if (x.length !== y.length) {
      throw new RangeError(
        `ReproducibleSum.addProducts: x has ${x.length} elements, y has ${y.length}; use equal lengths`,
      );
    }
    const products = new Float64Array(Math.min(BLOCK, x.length));
    for (let start = 0; start < x.length; start += BLOCK) {
      const count = Math.min(BLOCK, x.length - start);
      for (let i = 0; i < count; i++) products[i] = x[start + i] * y[start + i];
      this.#addBlock(products, 0, count);
    }
    return this;
  }

  /** Adds what has been added to another sum. */
  merge(other: ReproducibleSum): this {
    const theirs = other.state();
    this.#carry();
    for (let i = 0; i < STATE; i++) this.#state[i] += theirs[i];
    this.#carry();
    return this;
  }

  /** The sum, rounded to the nearest double. */
  get value(): number {
    const state = this.state();
    const [nans, plus, minus] = state.subarray(NANS);
    if (nans > 0 || (plus > 0 && minus > 0)) return NaN;
    if (plus > 0) return Infinity;
    if (minus > 0) return -Infinity;
    const negative = state[LIMBS - 1] < 0;
    if (negative) {
      for (let i = 0; i < LIMBS; i++) state[i] = -state[i];
      carry(state);
    }
    const magnitude = rounded(state);
    return negative ? -magnitude : magnitude;
  }

  /** Whole numbers that may be added up elementwise, those of up to 2²⁰ sums: see `of`. A copy. */
  state(): Float64Array {
    this.#carry();
    return this.#state.slice();
  }

  #carry(): void {
    carry(this.#state);
    this.#additions = 0;
  }

  #add(x: number): void {
    if (++this.#additions >= ADDITIONS) this.#carry();
    double[0] = x;
    const [low, high] = words;
    const exponent = (high >>> 20) & 0x7ff;
    const state = this.#state;
    if (exponent === 0x7ff) {
      state[Number.isNaN(x) ? NANS : x > 0 ? PLUS_INFINITIES : MINUS_INFINITIES]++;
      return;
    }
    // |x| = (top · 2³² + low) · 2^shift, in units of 2⁻¹⁰⁷⁴.
    const top = exponent === 0 ? high & 0xfffff : (high & 0xfffff) | 0x100000;
    const shift = exponent === 0 ? 0 : exponent - 1;
    const limb = shift >> 5;
    const power = POWERS[shift & 31];
    const lower = low * power;
    const upper = top * power;
    const lowerCarry = Math.floor(lower / LIMB);
    const upperCarry = Math.floor(upper / LIMB);
    const sign = x < 0 ? -1 : 1;
    state[limb] += sign * (lower - lowerCarry * LIMB);
    state[limb + 1] += sign * (upper - upperCarry * LIMB + lowerCarry);
    state[limb + 2] += sign * upperCarry;
  }

  /**
   * Splits every element at bits set by the largest: x = high + low + fine + rest. The sums of the parts, multiples of
   * one power of two each, are exact; a fine part is seldom, a rest rare.
   */
  #addBlock(x: Float64Array | Float32Array | readonly number[], start: number, end: number): void {
    const largest = largestOf(x, start, end);
    if (largest === 0) return;
    if (!(largest < LARGEST)) {
      for (let i = start; i < end; i++) this.#add(x[i]);
      return;
    }
    double[0] = largest;
    const exponent = Math.max(((words[1] >>> 20) & 0x7ff) - 1022, SMALLEST_EXPONENT); // largest < 2^exponent
    const first = 1.5 * 2 ** (exponent + 52 - PART_BITS);
    const second = 1.5 * 2 ** (exponent + 51 - 2 * PART_BITS);
    const third = 1.5 * 2 ** (exponent + 50 - 3 * PART_BITS);
    if (split(x, start, end, first, second)) {
      for (let i = start; i < end; i++) {
        const aRest = x[i] - (x[i] + first - first);
        const left = aRest - (aRest + second - second);
        if (left === 0) continue;
        const part = left + third - third;
        sums[2] += part;
        if (left !== part) this.#add(left - part);
      }
    }
    for (const part of sums) if (part !== 0) this.#add(part);
  }
}

/** Sums of the high, the low and the fine parts of a block. */
const sums = new Float64Array(3);

/** Adds up high and low parts; true if some element has more. A plain function: V8 keeps its sums in registers. */
function split(
  x: Float64Array | Float32Array | readonly number[],
  start: number,
  end: number,
  first: number,
  second: number,
): boolean {
  let high = 0;
  let low = 0;
  let left = 0;
  for (let i = start; i < end; i++) {
    const top = x[i] + first - first;
    const rest = x[i] - top;
    const part = rest + second - second;
    high += top;
    low += part;
    left += Math.abs(rest - part);
  }
  sums[0] = high;
  sums[1] = low;
  sums[2] = 0;
  return left !== 0;
}

/** Largest magnitude; NaN if there is one. */
function largestOf(x: Float64Array | Float32Array | readonly number[], start: number, end: number): number {
  let largest = 0;
  for (let i = start; i < end; i++) {
    const size = Math.abs(x[i]);
    if (!(size <= largest)) largest = size; // also NaN
  }
  return largest;
}

/** Bits of the high and of the low part of an element: a block of them adds up without rounding. */
const PART_BITS = 43;
/** Beyond these the constants that split an element would overflow, or have no bits to split at. */
const LARGEST = 2 ** 1000;
const SMALLEST_EXPONENT = 2 * PART_BITS - 1022;

/** Brings all limbs but the last to 0 … 2³² − 1; the last has the sign. */
function carry(limbs: Float64Array): void {
  for (let i = 0; i < LIMBS - 1; i++) {
    const over = Math.floor(limbs[i] / LIMB);
    limbs[i] -= over * LIMB;
    limbs[i + 1] += over;
  }
}

/** The four highest limbs, and a bit for whether there is anything below, decide how a magnitude rounds. */
function rounded(limbs: Float64Array): number {
  let top = LIMBS - 1;
  while (top > 0 && limbs[top] === 0) top--;
  const lowest = Math.max(0, top - 3);
  let bits = 0n;
  for (let i = top; i >= lowest; i--) bits = (bits << 32n) + BigInt(limbs[i]);
  for (let i = 0; i < lowest; i++) {
    if (limbs[i] === 0) continue;
    bits |= 1n;
    break;
  }
  // Number() rounds to 53 bits; the scaling is by a power of two, of a number large enough to stay exact.
  return Number(bits) * 2 ** (32 * lowest - 1074);
}
