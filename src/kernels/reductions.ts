/**
 * Sums and maxima. All are local and take arrays on the heap and off it. Sums run in float64, in blocks of 8192
 * numbers that are added pairwise: the rounding error hardly grows with the length, and the result depends on the
 * numbers alone, not on where they are stored.
 */
import { areas, BLOCK, memory, type ReductionName } from "./memory.js";
import {
  checkAlike,
  checkComplex,
  kernelsFor,
  stage,
  unstage,
  type ComplexNumber,
  type Reals,
} from "./staging.js";

/** Σ xᵢ yᵢ. In one pass over memory if x is y. */
export function dot(x: Reals, y: Reals): number {
  if (x === y) return total("square", x, x);
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

function maximum(name: ReductionName, x: Reals): number {
  let largest = 0;
  eachBlock(name, x, x, (value) => (largest = Math.max(largest, value)));
  return largest;
}

function eachBlock(name: ReductionName, x: Reals, y: Reals, use: (value: number) => void): void {
  const kernel = kernelsFor(x)[name];
  for (let start = 0; start < x.length; start += BLOCK) {
    const count = Math.min(BLOCK, x.length - start);
    const xAt = stage(x, start, count, 0);
    use(kernel(xAt, x === y ? xAt : stage(y, start, count, 1), count));
  }
}

/** Σ xr yr, Σ xi yi, Σ xr yi and Σ xi yr */
function complexProducts(where: string, x: Reals, y: Reals): [number, number, number, number] {
  checkAlike(where, x, y);
  checkComplex(where, x);
  const { complexDot: kernel } = kernelsFor(x);
  const sums = [new PairwiseSum(), new PairwiseSum(), new PairwiseSum(), new PairwiseSum()];
  for (let start = 0; start < x.length; start += BLOCK) {
    const count = Math.min(BLOCK, x.length - start);
    const xAt = stage(x, start, count, 0);
    kernel(xAt, x === y ? xAt : stage(y, start, count, 1), count, areas.products.start);
    sums.forEach((sum, i) => sum.add(products[i]));
  }
  return [sums[0].total, sums[1].total, sums[2].total, sums[3].total];
}

const products = new Float64Array(memory.buffer, areas.products.start, 4);
