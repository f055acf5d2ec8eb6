/**
 * Sums and maxima. All are local and take arrays on the heap and off it. Sums run in float64, in blocks of 8192
 * numbers that are added pairwise: the rounding error hardly grows with the length, and the result depends on the
 * numbers alone, not on where they are stored.
 */
import { areas, BLOCK, memory, onHeap } from "./memory.js";
import {
  checkAlike,
  checkComplex,
  kernelsFor,
  stage,
  unstage,
  type ComplexNumber,
  type Reals,
} from "./staging.js";

/** By their number in assembly/reductions.ts. */
const REDUCTIONS = [
  "dot",
  "square",
  "absSum",
  "absMax",
  "nonZeros",
  "complexAbsSum",
  "complexAbsMax",
  "complexNonZeros",
] as const;
type ReductionName = (typeof REDUCTIONS)[number];

/** Σ xᵢ yᵢ. In one pass over memory if x is y. */
export function dot(x: Reals, y: Reals): number {
  if (x === y) return sumOfSquares(x);
  checkAlike("dot", x, y);
  return total("dot", x, y);
}

/** y ← y + α x, and returns Σ yᵢ² of the result, in one pass over memory. */
export function axpyNorm<V extends Reals>(alpha: number, x: V, y: V): number {
  checkAlike("axpyNorm", x, y);
  const { axpyNorm: kernel } = kernelsFor(y);
  const sum = new PairwiseSum();
  for (let start = 0; start < y.length; start += BLOCK) {
    const count = Math.min(BLOCK, y.length - start);
    const yAt = stage(y, start, count, 1);
    sum.add(kernel(alpha, x === y ? yAt : stage(x, start, count, 0), yAt, count));
    unstage(y, start, count, 1);
  }
  return sum.total;
}

/** Σ |xᵢ| */
export function absSum(x: Reals): number {
  return total("absSum", x, x);
}

/** max |xᵢ|; 0 if there are none, NaN if any is. */
export function absMax(x: Reals): number {
  return maximum("absMax", x);
}

/** How many xᵢ are not zero. */
export function countNonZeros(x: Reals): number {
  return total("nonZeros", x, x);
}

/** Σ xᵢ yᵢ, complex and unconjugated. */
export function complexDot(x: Reals, y: Reals): ComplexNumber {
  const [rr, ii, ri, ir] = complexProducts("complexDot", x, y);
  return { re: rr - ii, im: ri + ir };
}

/** Σ conj(xᵢ) yᵢ, complex. */
export function complexVdot(x: Reals, y: Reals): ComplexNumber {
  const [rr, ii, ri, ir] = complexProducts("complexVdot", x, y);
  return { re: rr + ii, im: ri - ir };
}

/** Σ |xᵢ|, complex. */
export function complexAbsSum(x: Reals): number {
  checkComplex("complexAbsSum", x);
  return total("complexAbsSum", x, x) / 2;
}

/** max |xᵢ|, complex. */
export function complexAbsMax(x: Reals): number {
  checkComplex("complexAbsMax", x);
  return maximum("complexAbsMax", x);
}

/** How many complex xᵢ are not zero. */
export function complexCountNonZeros(x: Reals): number {
  checkComplex("complexCountNonZeros", x);
  return total("complexNonZeros", x, x) / 2;
}

/**
 * Adds numbers pairwise, as the bits of a binary counter carry: the level of a partial sum is the logarithm of how
 * many numbers are in it, and equal levels combine.
 */
export class PairwiseSum {
  readonly #levels: number[] = [];
  #count = 0;

  add(value: number): void {
    let sum = value;
    for (let carry = this.#count; carry & 1; carry >>>= 1) sum = (this.#levels.pop() ?? 0) + sum;
    this.#levels.push(sum);
    this.#count++;
  }

  /** 0 for no numbers. */
  get total(): number {
    return this.#levels.reduceRight((sum, level) => level + sum, 0);
  }
}

function total(name: ReductionName, x: Reals, y: Reals): number {
  const sum = new PairwiseSum();
  eachBlock(name, x, y, (value) => sum.add(value));
  return sum.total;
}

/** Blocks so far apart are two streams to the processor's prefetcher. */
const APART = 16;

/** In long arrays blocks go in pairs. */
function sumOfSquares(x: Reals): number {
  const { squares } = kernelsFor(x);
  const sum = new PairwiseSum();
  const later = new Float64Array(APART);
  const together = onHeap(x) ? APART : 1;
  const group = 2 * APART * BLOCK;
  const grouped = x.length - (x.length % group);
  for (let start = 0; start < grouped; start += group) {
    for (let k = 0; k < APART; k += together) {
      const first = stage(x, start + k * BLOCK, together * BLOCK, 0);
      const second = stage(x, start + (k + APART) * BLOCK, together * BLOCK, 1);
      squares(first, second, together * BLOCK, areas.sums.start);
      sums.subarray(0, together).forEach((value) => sum.add(value));
      later.set(sums.subarray(together, 2 * together), k);
    }
    later.forEach((value) => sum.add(value));
  }
  eachBlock("square", x, x, (value) => sum.add(value), grouped);
  return sum.total;
}

function maximum(name: ReductionName, x: Reals): number {
  let largest = 0;
  eachBlock(name, x, x, (value) => (largest = Math.max(largest, value)));
  return largest;
}

/** The results of all blocks, from number `from` on. */
function eachBlock(name: ReductionName, x: Reals, y: Reals, use: (value: number) => void, from = 0): void {
  const { reduce } = kernelsFor(x);
  const op = REDUCTIONS.indexOf(name);
  const together = onHeap(x) && onHeap(y) ? sums.length * BLOCK : BLOCK;
  for (let start = from; start < x.length; start += together) {
    const count = Math.min(together, x.length - start);
    const xAt = stage(x, start, count, 0);
    reduce(op, xAt, x === y ? xAt : stage(y, start, count, 1), count, areas.sums.start);
    for (let k = 0; k * BLOCK < count; k++) use(sums[k]);
  }
}

/** Σ xr yr, Σ xi yi, Σ xr yi and Σ xi yr */
function complexProducts(where: string, x: Reals, y: Reals): [number, number, number, number] {
  checkAlike(where, x, y);
  checkComplex(where, x);
  const { complexDot: kernel } = kernelsFor(x);
  const totals = [new PairwiseSum(), new PairwiseSum(), new PairwiseSum(), new PairwiseSum()];
  for (let start = 0; start < x.length; start += BLOCK) {
    const count = Math.min(BLOCK, x.length - start);
    const xAt = stage(x, start, count, 0);
    kernel(xAt, x === y ? xAt : stage(y, start, count, 1), count, areas.sums.start);
    totals.forEach((total, i) => total.add(sums[i]));
  }
  return [totals[0].total, totals[1].total, totals[2].total, totals[3].total];
}

const sums = new Float64Array(memory.buffer, areas.sums.start, areas.sums.bytes / 8);
