import { canCombine, combineArrays } from "../kernels/combine.js";
import type { OpName, TypedArray } from "./types.js";

/** `into[i] ← into[i] ∘ from[i]`; equal lengths and types. */
export type Combine = (into: TypedArray, from: TypedArray) => void;

/** The named reductions, in the order of their numbers in signatures. */
export const OPERATION_NAMES: readonly OpName[] = [
  "sum",
  "prod",
  "min",
  "max",
  "land",
  "lor",
  "lxor",
  "band",
  "bor",
  "bxor",
];

type Numbers = Exclude<TypedArray, BigInt64Array | BigUint64Array>;
type BigInts = BigInt64Array | BigUint64Array;

/**
 * Every named operation commutes bit for bit (−0 < +0 in `min` and `max`, NaN wins), so the order in which ranks
 * combine is all that must be fixed. Integer sums and products wrap as their typed arrays do.
 */
export function combine(op: OpName, into: TypedArray, from: TypedArray): void {
  if (into.length > FEW && canCombine(into)) combineArrays(op, into, from, into);
  else if (into instanceof BigInt64Array || into instanceof BigUint64Array) {
    combineBigInts(op, into, from as BigInts);
  } else {
    combineNumbers(op, into, from as Numbers);
  }
}

/** So few elements cost less in a plain loop than in a kernel. */
const FEW = 16;

/** Why `op` cannot reduce these elements, if so. */
export function unsuited(op: OpName, array: TypedArray): string | undefined {
  const floating = array instanceof Float32Array || array instanceof Float64Array;
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
  }
}

function combineBigInts(op: OpName, into: BigInts, from: BigInts): void {
  const f = BIGINT_OPERATIONS[op];
  for (let i = 0; i < into.length; i++) into[i] = f(into[i], from[i]);
}

const BIGINT_OPERATIONS: Readonly<Record<OpName, (a: bigint, b: bigint) => bigint>> = {
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
