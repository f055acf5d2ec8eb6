import { canCombine, combineArrays, type ReductionOp, REDUCTIONS } from "../kernels/combine.js";
import type { OpName, Reduction, TypedArray, UserOp } from "./types.js";

/** `into[i] ← into[i] ∘ from[i]`; equal lengths and types. */
export type Combine = (into: TypedArray, from: TypedArray) => void;

/** The named reductions, in the order of their numbers in signatures. */
export const OPERATION_NAMES: readonly OpName[] = [...REDUCTIONS, "minloc", "maxloc", "complexProd"];

export function isOperation(name: string): name is OpName {
  return NAMES.has(name);
}

/** The operation that a reduction is asked for; by default "sum". Wrong ones are refused when the call begins. */
export function operationOf<T>(op: Reduction<T> | null | undefined): OpName | UserOp<T> {
  if (typeof op !== "function") return op ?? "sum";
  return { name: op.name === "" ? "user" : op.name, commute: false, combine: op };
}

const NAMES: ReadonlySet<string> = new Set(OPERATION_NAMES);

type Numbers = Exclude<TypedArray, BigInt64Array | BigUint64Array>;
type BigInts = BigInt64Array | BigUint64Array;

/**
 * Every named operation commutes bit for bit (−0 < +0 in `min` and `max`, NaN wins), so the order in which ranks
 * combine is all that must be fixed. Integer sums and products wrap as their typed arrays do.
 */
export function combine(op: OpName, into: TypedArray, from: TypedArray): void {
  if (into.length > FEW && hasKernel(op) && canCombine(into)) combineArrays(op, into, from, into);
  else if (into instanceof BigInt64Array || into instanceof BigUint64Array) {
    combineBigInts(op, into, from as BigInts);
  } else {
    combineNumbers(op, into, from as Numbers);
  }
}

/** So few elements cost less in a plain loop than in a kernel. */
const FEW = 16;

function hasKernel(op: OpName): op is ReductionOp {
  return unitOf(op) === 1;
}

/** What belongs together where an operation reduces pairs. */
const PAIRS: Readonly<Partial<Record<OpName, string>>> = {
  minloc: "a value and its index",
  maxloc: "a value and its index",
  complexProd: "a real and an imaginary part",
};

/** So many elements belong together. */
export function unitOf(op: OpName): number {
  return op in PAIRS ? 2 : 1;
}

/** Why `op` cannot reduce these elements, if so. */
export function unsuited(op: OpName, array: TypedArray): string | undefined {
  const floating = array instanceof Float32Array || array instanceof Float64Array;
  if (array.length % unitOf(op) !== 0)
    return `"${op}" reduces pairs of ${PAIRS[op]}, and ${array.length} elements are no pairs; pass them one after the other`;
  if (op === "complexProd" && !floating)
    return `"${op}" multiplies complex numbers in a Float32Array or Float64Array, not in ${array.constructor.name}`;
  if (floating && (op === "band" || op === "bor" || op === "bxor")) {
    return `"${op}" combines bits of integers, not of ${array.constructor.name}`;
  }
  return undefined;
}

// One loop per operation: V8 compiles each for the element types it meets, with no call per element.
function combineNumbers(op: OpName, into: Numbers, from: Numbers): void {
  const n = into.length;
  switch (op) {
    case "sum":
      for (let i = 0; i < n; i++) into[i] += from[i];
      break;
    case "prod":
      if (into instanceof Int32Array || into instanceof Uint32Array)
        for (let i = 0; i < n; i++) into[i] = Math.imul(into[i], from[i]);
      else for (let i = 0; i < n; i++) into[i] *= from[i];
      break;
    case "min":
      for (let i = 0; i < n; i++) into[i] = Math.min(into[i], from[i]);
      break;
    case "max":
      for (let i = 0; i < n; i++) into[i] = Math.max(into[i], from[i]);
      break;
    case "land":
      for (let i = 0; i < n; i++) into[i] = into[i] !== 0 && from[i] !== 0 ? 1 : 0;
      break;
    case "lor":
      for (let i = 0; i < n; i++) into[i] = into[i] !== 0 || from[i] !== 0 ? 1 : 0;
      break;
    case "lxor":
      for (let i = 0; i < n; i++) into[i] = (into[i] !== 0) !== (from[i] !== 0) ? 1 : 0;
      break;
    case "band":
      for (let i = 0; i < n; i++) into[i] &= from[i];
      break;
    case "bor":
      for (let i = 0; i < n; i++) into[i] |= from[i];
      break;
    case "bxor":
      for (let i = 0; i < n; i++) into[i] ^= from[i];
      break;
    case "complexProd":
      for (let i = 0; i < n; i += 2) {
        const [re, im] = [into[i], into[i + 1]];
        into[i] = re * from[i] - im * from[i + 1];
        into[i + 1] = re * from[i + 1] + im * from[i];
      }
      break;
    case "minloc":
      for (let i = 0; i < n; i += 2)
        if (wins(from[i], from[i + 1], into[i], into[i + 1], -1)) {
          into[i] = from[i];
          into[i + 1] = from[i + 1];
        }
      break;
    case "maxloc":
      for (let i = 0; i < n; i += 2)
        if (wins(from[i], from[i + 1], into[i], into[i + 1], 1)) {
          into[i] = from[i];
          into[i + 1] = from[i + 1];
        }
      break;
  }
}

/** Whether the pair (a, i) takes the place of (b, j): NaN wins, then the value, then the smaller index. */
function wins(a: number, i: number, b: number, j: number, sign: 1 | -1): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && (!Number.isNaN(b) || i < j);
  return a === b ? i < j : sign * a > sign * b;
}

function combineBigInts(op: OpName, into: BigInts, from: BigInts): void {
  if (op === "minloc" || op === "maxloc") return combineBigIntPairs(op, into, from);
  if (op === "complexProd") return; // has been refused
  const f = BIGINT_OPERATIONS[op];
  for (let i = 0; i < into.length; i++) into[i] = f(into[i], from[i]);
}

function combineBigIntPairs(op: "minloc" | "maxloc", into: BigInts, from: BigInts): void {
  for (let i = 0; i < into.length; i += 2) {
    const [a, index, b, other] = [from[i], from[i + 1], into[i], into[i + 1]];
    if (a === b ? index < other : op === "minloc" ? a < b : a > b) {
      into[i] = a;
      into[i + 1] = index;
    }
  }
}

const BIGINT_OPERATIONS: Readonly<Record<ReductionOp, (a: bigint, b: bigint) => bigint>> = {
  sum: (a, b) => a + b,
  prod: (a, b) => a * b,
  min: (a, b) => (b < a ? b : a),
  max: (a, b) => (b > a ? b : a),
  land: (a, b) => (a !== 0n && b !== 0n ? 1n : 0n),
  lor: (a, b) => (a !== 0n || b !== 0n ? 1n : 0n),
  lxor: (a, b) => ((a !== 0n) !== (b !== 0n) ? 1n : 0n),
  band: (a, b) => a & b,
  bor: (a, b) => a | b,
  bxor: (a, b) => a ^ b,
};
