import { areas, combineBlock, memory, onHeap, PAGE } from "./memory.js";

/** Reductions, by their number in assembly/combine.ts. */
export const REDUCTIONS = [
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
] as const;
export type ReductionOp = (typeof REDUCTIONS)[number];

/** Element types, by their number there; clamped bytes have arithmetic of their own, and no kernel. */
const TYPES: readonly unknown[] = [
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
];

/** Whether there is a kernel for arrays like this one. */
export function canCombine(array: ArrayBufferView): boolean {
  return TYPES.includes(array.constructor);
}

/**
 * z ← x ∘ y, elementwise. Local. Arrays of one type and length, on the heap or off it; z may be x or y, otherwise they
 * do not overlap. NaN wins in `min` and `max`, −0 is less than +0, integers wrap, logical results are 0 or 1.
 */
export function combineArrays<A extends ArrayBufferView>(op: ReductionOp, x: A, y: A, z: A): void {
  const code = REDUCTIONS.indexOf(op);
  const type = TYPES.indexOf(z.constructor);
  const size = z.byteLength / lengthOf(z);
  for (let start = 0; start < z.byteLength; start += PAGE) {
    const bytes = Math.min(PAGE, z.byteLength - start);
    const yAt = place(y, start, bytes, 1);
    const xAt = x === y ? yAt : place(x, start, bytes, 0);
    const zAt = onHeap(z) ? z.byteOffset + start : STAGING;
    combineBlock(code, type, xAt, yAt, zAt, bytes / size);
    if (!onHeap(z)) bytesOf(z, start, bytes).set(staging.subarray(0, bytes));
  }
}

const STAGING = areas.staging.start;
const staging = new Uint8Array(memory.buffer, STAGING, 2 * PAGE);

/** Where the kernel finds these bytes: in place, or copied to a staging area. */
function place(array: ArrayBufferView, start: number, bytes: number, area: number): number {
  if (onHeap(array)) return array.byteOffset + start;
  staging.set(bytesOf(array, start, bytes), area * PAGE);
  return STAGING + area * PAGE;
}

function bytesOf(array: ArrayBufferView, start: number, bytes: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset + start, bytes);
}

function lengthOf(array: ArrayBufferView): number {
  return "length" in array && typeof array.length === "number" ? array.length : array.byteLength;
}
