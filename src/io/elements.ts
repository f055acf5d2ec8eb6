import { endianness } from "node:os";
import type { DType, Storage } from "../array/dtype.js";

export const LITTLE_ENDIAN = endianness() === "LE";

/** How the elements of an array lie in a file, one after the other. */
export interface ElementLayout {
  /** Kind of number and bytes per element, as in NumPy: f8, c16, i4 … */
  readonly type: string;
  /** Bytes are in the other order than those of this machine. */
  readonly swapped: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin in the file, and how many bytes they take. */
  readonly dataOffset: number;
  readonly dataBytes: number;
}

/**
 * The numbers in `bytes`, of a type named as in NumPy: float32, float64, complex64, complex128 and int32 as they
 * are, shorter integers and booleans as int32, float16 as float32, longer integers as float64. Local.
 *
 * @param bytes - Whole elements, at the start of a buffer of their own; byte order is changed in place.
 * @throws {RangeError} If a 64-bit integer has no exact float64.
 */
export function decodeElements(
  bytes: Uint8Array<ArrayBuffer>,
  layout: Pick<ElementLayout, "type" | "swapped">,
  file: string,
): Decoded {
  const { type, swapped } = layout;
  const decoder = DECODERS[type];
  if (!decoder)
    throw malformed(file, 0, `elements of type ${type}; readable are ${Object.keys(DECODERS).join(", ")}`);
  const [dtype, decode, unit] = decoder;
  if (swapped) for (let i = 0; i < bytes.length; i += unit) bytes.subarray(i, i + unit).reverse();
  return { dtype, numbers: decode(bytes.buffer, file) };
}

/** Numbers in memory. */
export interface Decoded {
  readonly dtype: DType;
  readonly numbers: Storage;
}

type Decode = (buffer: ArrayBuffer, file: string) => Storage;

/** Type in the file → dtype in memory, conversion, and bytes of one number. */
const DECODERS: Readonly<Record<string, readonly [DType, Decode, number] | undefined>> = {
  f8: ["float64", (buffer) => new Float64Array(buffer), 8],
  f4: ["float32", (buffer) => new Float32Array(buffer), 4],
  c16: ["complex128", (buffer) => new Float64Array(buffer), 8],
  c8: ["complex64", (buffer) => new Float32Array(buffer), 4],
  i4: ["int32", (buffer) => new Int32Array(buffer), 4],
  i2: ["int32", (buffer) => Int32Array.from(new Int16Array(buffer)), 2],
  i1: ["int32", (buffer) => Int32Array.from(new Int8Array(buffer)), 1],
  u2: ["int32", (buffer) => Int32Array.from(new Uint16Array(buffer)), 2],
  u1: ["int32", (buffer) => Int32Array.from(new Uint8Array(buffer)), 1],
  b1: ["int32", (buffer) => Int32Array.from(new Uint8Array(buffer)), 1],
  u4: ["float64", (buffer) => Float64Array.from(new Uint32Array(buffer)), 4],
  i8: ["float64", (buffer, file) => exact(new BigInt64Array(buffer), file), 8],
  u8: ["float64", (buffer, file) => exact(new BigUint64Array(buffer), file), 8],
  f2: ["float32", (buffer) => Float32Array.from(new Uint16Array(buffer), half), 2],
};

/** Long integers as float64. @throws {RangeError} If one has no exact float64. */
export function exact(integers: BigInt64Array | BigUint64Array, file: string): Float64Array {
  const numbers = new Float64Array(integers.length);
  for (let i = 0; i < numbers.length; i++) {
    numbers[i] = Number(integers[i]);
    if (BigInt(numbers[i]) !== integers[i]) {
      throw new RangeError(`${file}: element ${i} is ${integers[i]}, which has no exact float64`);
    }
  }
  return numbers;
}

/** The value of an IEEE half-precision number: sign, 5 bits of exponent, 10 of fraction. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** An error that says which file, and where in it. */
export function malformed(file: string, offset: number, what: string): Error {
  return new Error(`${file}, byte ${offset}: ${what}`);
}
