import type { OpName, UserOp } from "../comm/types.js";
import { complexExtreme } from "./complex-order.js";
import { type DType, isComplex, realOf, type Storage } from "./dtype.js";
import { checkOrder } from "./reduced-vector.js";

/** A line of elements, and where each goes in the accumulators: all steps are constant, 0 to stay. */
export interface Line {
  readonly count: number;
  /** First number in the storage, and numbers to the next element. */
  readonly at: number;
  readonly step: number;
  /** First accumulator, and accumulators to that of the next element. */
  readonly into: number;
  readonly intoStep: number;
  /** What the elements are called by `argmin` and `argmax`. */
  readonly index: number;
  readonly indexStep: number;
}

/** A reduction: how elements are taken into accumulators, and accumulators of several ranks into one. */
export interface Fold {
  /** Numbers of an accumulator, and their values before any element. */
  readonly identity: readonly number[];
  readonly op: OpName | UserOp<Float64Array>;
  /** Of a norm. */
  readonly order?: number;
  take(x: Storage, line: Line, totals: Float64Array): void;
  /** The result in an accumulator: one number, or a real and an imaginary part. */
  finish(numbers: readonly number[]): readonly number[];
  /** Of an array of results. */
  dtype(of: DType): DType;
}

const asIs = (numbers: readonly number[]) => numbers;

/** Real ones in float32 stay so, sums of integers are float64, which holds them exactly up to 2⁵³. */
const sumType = (of: DType): DType => (of === "int32" ? "float64" : of);

export function sumOf(dtype: DType): Fold {
  const parts = isComplex(dtype) ? [0, 1] : [0];
  return {
    identity: parts.map(() => 0),
    op: "sum",
    take: (x, line, totals) => parts.forEach((part) => addLine(x, line, totals, part, parts.length)),
    finish: asIs,
    dtype: sumType,
  };
}

/** In stretches of 128 that are summed by themselves, so that rounding errors hardly grow with the length. */
function addLine(x: Storage, line: Line, totals: Float64Array, part: number, parts: number): void {
  const { step, count } = line;
  let at = line.at + part;
  let into = line.into * parts + part;
  if (line.intoStep !== 0) {
    const intoStep = line.intoStep * parts;
    for (let i = 0; i < count; i++, at += step, into += intoStep) totals[into] += x[at];
    return;
  }
  for (let done = 0; done < count; done += 128) {
    let sum = 0;
    for (const end = at + step * Math.min(128, count - done); at !== end; at += step) sum += x[at];
    totals[into] += sum;
  }
}

export function productOf(dtype: DType): Fold {
  if (isComplex(dtype)) return { ...COMPLEX_PRODUCT, dtype: sumType };
  return fold({ identity: 1, op: "prod", dtype: sumType }, (total, value) => total * value);
}

const COMPLEX_PRODUCT: Omit<Fold, "dtype"> = {
  identity: [1, 0],
  op: "complexProd",
  take: (x, { count, at, step, into, intoStep }, totals) => {
    for (let i = 0; i < count; i++, at += step, into += intoStep) {
      const [re, im] = [totals[2 * into], totals[2 * into + 1]];
      totals[2 * into] = re * x[at] - im * x[at + 1];
      totals[2 * into + 1] = re * x[at + 1] + im * x[at];
    }
  },
  finish: asIs,
};

/** Smallest or largest element; NaN if there is one. */
export function extremeOf(which: "min" | "max", dtype: DType): Fold {
  if (isComplex(dtype)) return complexExtreme(which, ([re, im]) => [re, im], (of) => of); // prettier-ignore
  const smallest: Fold["take"] = (x, { count, at, step, into, intoStep }, totals) => {
    for (let i = 0; i < count; i++, at += step, into += intoStep)
      totals[into] = Math.min(totals[into], x[at]);
  };
  const largest: Fold["take"] = (x, { count, at, step, into, intoStep }, totals) => {
    for (let i = 0; i < count; i++, at += step, into += intoStep)
      totals[into] = Math.max(totals[into], x[at]);
  };
  const take = which === "min" ? smallest : largest;
  return {
    identity: [which === "min" ? Infinity : -Infinity],
    op: which,
    take,
    finish: asIs,
    dtype: (of) => of,
  };
}

/** Where the smallest or largest element is: the first of equal ones, or the first NaN; −1 among none. */
export function placeOf(which: "min" | "max", dtype: DType): Fold {
  const place = (index: number) => [index === Infinity ? -1 : index];
  if (isComplex(dtype)) return complexExtreme(which, ([, , index]) => place(index), () => "int32"); // prettier-ignore
  const sign = which === "min" ? 1 : -1;
  return {
    identity: [sign * Infinity, Infinity],
    op: which === "min" ? "minloc" : "maxloc",
    take: (x, { count, at, step, into, intoStep, index, indexStep }, totals) => {
      for (let i = 0; i < count; i++, at += step, into += intoStep, index += indexStep) {
        const [value, best] = [x[at], totals[2 * into]];
        const before = index < totals[2 * into + 1];
        const wins = Number.isNaN(best)
          ? Number.isNaN(value) && before
          : Number.isNaN(value) || sign * value < sign * best || (value === best && before);
        if (!wins) continue;
        totals[2 * into] = value;
        totals[2 * into + 1] = index;
      }
    },
    finish: ([, index]) => place(index),
    dtype: () => "int32",
  };
}

/** Of absolute values: how many are not 0 (0), their largest (∞) or smallest (−∞), or (Σ |x|^p)^(1/p). */
export function normOf(order: number, dtype: DType): Fold {
  checkOrder(order);
  return { ...normFold(order, dtype), order };
}

function normFold(order: number, dtype: DType): Fold {
  const complex = isComplex(dtype);
  const real = (of: DType): DType => (of === "int32" ? "float64" : realOf(of));
  const taking = (identity: number, op: OpName, take: (total: number, size: number) => number) =>
    fold({ identity, op, dtype: real, complex }, (total, re, im) =>
      take(total, complex ? Math.hypot(re, im) : Math.abs(re)),
    );
  if (order === 0) return taking(0, "sum", (total, size) => total + (size === 0 ? 0 : 1));
  if (order === Infinity) return taking(0, "max", Math.max);
  if (order === -Infinity) return taking(Infinity, "min", Math.min);
  if (order === 1) return taking(0, "sum", (total, size) => total + size);
  if (realOf(dtype) === "float64" || Math.abs(order) > 6) return scaledNorm(order, complex, real);
  if (order === 2) {
    const take = complex ? addComplexSquares : addSquares;
    return { identity: [0], op: "sum", take, finish: ([total]) => [Math.sqrt(total)], dtype: real };
  }
  const powers = taking(0, "sum", (total, size) => total + size ** order);
  return { ...powers, finish: ([total]) => [total ** (1 / order)] };
}

/**
 * Of order p where powers could overflow or vanish: the size that counts most, the largest (of negative orders the
 * smallest), and the sum of the powers of all in parts of it.
 *
 * @see The scaled sum of squares of DNRM2 in the BLAS, https://www.netlib.org/blas
 */
function scaledNorm(p: number, complex: boolean, dtype: Fold["dtype"]): Fold {
  const power = p === 2 ? (ratio: number) => ratio * ratio : (ratio: number) => ratio ** p;
  const before = p > 0 ? (a: number, b: number) => a > b : (a: number, b: number) => a < b;
  /** Adds `sum` powers of `size`. */
  const put = (totals: Float64Array, at: number, size: number, sum: number): void => {
    const scale = totals[at];
    if (size === scale) totals[at + 1] += sum;
    else if (before(size, scale)) {
      totals[at] = size;
      totals[at + 1] = sum + (totals[at + 1] === 0 ? 0 : totals[at + 1] * power(scale / size));
    } else if (sum !== 0) totals[at + 1] += sum * power(size / scale);
  };
  const op: UserOp<Float64Array> = {
    name: `norm of a ${p > 0 ? "positive" : "negative"} order`,
    commute: true,
    combine: (earlier, later) => {
      const totals = earlier.slice();
      for (let at = 0; at < totals.length; at += 2) put(totals, at, later[at], later[at + 1]);
      return totals;
    },
  };
  return {
    identity: [p > 0 ? 0 : Infinity, 0],
    op,
    take: (x, { count, at, step, into, intoStep }, totals) => {
      for (let i = 0; i < count; i++, at += step, into += intoStep)
        put(totals, 2 * into, complex ? Math.hypot(x[at], x[at + 1]) : Math.abs(x[at]), 1);
    },
    finish: ([scale, sum]) => [scale * sum ** (1 / p)],
    dtype,
  };
}

function addSquares(x: Storage, { count, at, step, into, intoStep }: Line, totals: Float64Array): void {
  for (let i = 0; i < count; i++, at += step, into += intoStep) totals[into] += x[at] * x[at];
}

function addComplexSquares(
  x: Storage,
  { count, at, step, into, intoStep }: Line,
  totals: Float64Array,
): void {
  for (let i = 0; i < count; i++, at += step, into += intoStep)
    totals[into] += x[at] * x[at] + x[at + 1] * x[at + 1];
}

interface SimpleFold extends Pick<Fold, "dtype"> {
  readonly identity: number;
  readonly op: OpName;
  /** Elements have an imaginary part. */
  readonly complex?: boolean;
}

/** A fold whose accumulator is one number; `take` gets 0 as the imaginary part of real elements. */
function fold(
  { identity, op, dtype, complex = false }: SimpleFold,
  take: (total: number, re: number, im: number) => number,
): Fold {
  return {
    identity: [identity],
    op,
    take: (x, { count, at, step, into, intoStep }, totals) => {
      for (let i = 0; i < count; i++, at += step, into += intoStep)
        totals[into] = take(totals[into], x[at], complex ? x[at + 1] : 0);
    },
    finish: asIs,
    dtype,
  };
}
