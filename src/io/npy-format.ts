import { endianness } from "node:os";
import type { DType, Storage } from "../array/dtype.js";
import { product } from "../array/shape.js";

/** The start of an .npy file, decoded. */
export interface NpyHeader {
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

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const PREFIX = { 1: 10, 2: 12, 3: 12 } as const; // magic, version and length of the header, in bytes
const NATIVE = endianness() === "LE" ? "<" : ">";
const DESCR: Readonly<Record<DType, string>> = {
  float32: "f4",
  float64: "f8",
  complex64: "c8",
  complex128: "c16",
  int32: "i4",
};

/** How many bytes from the start of the file `parseHeader` needs, told by the first 12 of them (10 suffice). */
export function headerBytes(start: Uint8Array, file: string): number {
  for (let i = 0; i < MAGIC.length; i++) {
    if (start[i] === MAGIC[i]) continue;
    const found =
      start[i] === undefined ? "the end of the file" : `0x${start[i].toString(16).padStart(2, "0")}`;
    throw malformed(file, i, `found ${found} where an .npy file has 0x${MAGIC[i].toString(16)}`);
  }
  const version = start[6];
  if (version !== 1 && version !== 2 && version !== 3) {
    throw malformed(file, 6, `format version is ${version}; 1, 2 and 3 are known`);
  }
  const prefix = PREFIX[version];
  if (start.length < prefix)
    throw malformed(file, start.length, `the file ends within its first ${prefix} bytes`);
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  return prefix + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
}

/** Decodes the header of an .npy file from its first `headerBytes` bytes. @throws {Error} If it is not one. */
export function parseHeader(bytes: Uint8Array, file: string): NpyHeader {
  const dataOffset = headerBytes(bytes, file);
  const prefix = bytes[6] === 1 ? PREFIX[1] : PREFIX[2];
  if (bytes.length < dataOffset) {
    throw malformed(file, bytes.length, `the file ends within a header of ${dataOffset} bytes`);
  }
  const text = new TextDecoder().decode(bytes.subarray(prefix, dataOffset));
  const entry = (name: string, value: string) => {
    const found = new RegExp(`['"]${name}['"]\\s*:\\s*${value}`).exec(text);
    if (found) return found[1];
    throw malformed(file, prefix, `no readable "${name}" in the header ${text.trim()}`);
  };
  const fortranOrder = entry("fortran_order", "(True|False)") === "True";
  const lengths = entry("shape", "\\(([\\d\\sL,]*)\\)").split(",");
  const shape = lengths.filter((length) => length.trim() !== "").map((length) => Number.parseInt(length, 10));
  const [order, type] =
    [...entry("descr", "(['\"][^'\"]*['\"]|\\[)").matchAll(/([<>|=]?)(\w+)/g)][0]?.slice(1) ?? [];
  if (!type) throw malformed(file, prefix, "elements are records; only arrays of numbers can be read");
  const itemBytes = Number(/^[a-z](\d+)$/.exec(type)?.[1]);
  if (!(itemBytes > 0)) throw malformed(file, prefix, `elements of type ${type}; only numbers can be read`);
  const swapped = (order === "<" || order === ">") && order !== NATIVE && itemBytes > 1;
  return { type, swapped, fortranOrder, shape, dataOffset, dataBytes: itemBytes * product(shape) };
}

/** The header of a file in C order with elements of `dtype`, padded so that the elements begin at a multiple of 64. */
export function formatHeader(dtype: DType, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${NATIVE}${DESCR[dtype]}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const total = 64 * Math.ceil((PREFIX[1] + text.length + 1) / 64);
  if (total > 0xffff)
    throw new RangeError(`writeNpy: ${shape.length} axes do not fit in a header; use fewer`);
  const header = new TextEncoder().encode("\0".repeat(PREFIX[1]) + text.padEnd(total - PREFIX[1] - 1) + "\n");
  header.set([...MAGIC, 1, 0]);
  new DataView(header.buffer).setUint16(8, total - PREFIX[1], true);
  return header;
}

/**
 * The numbers in `bytes`, of a type that the header names: float32, float64, complex64, complex128 and int32 as they
 * are, shorter integers and booleans as int32, float16 as float32, longer integers as float64. Local.
 *
 * @param bytes - Whole elements, at the start of a buffer of their own; byte order is changed in place.
 * @throws {RangeError} If a 64-bit integer has no exact float64.
 */
export function decodeElements(bytes: Uint8Array<ArrayBuffer>, header: NpyHeader, file: string): Decoded {
  const { type, swapped } = header;
  const decoder = DECODERS[type];
  if (!decoder)
    throw malformed(file, 0, `elements of type ${type}; readable are ${Object.keys(DECODERS).join(", ")}`);
  const [dtype, decode, unit] = decoder;
  if (swapped) for (let i = 0; i < bytes.length; i += unit) bytes.subarray(i, i + unit).reverse();
  return { dtype, numbers: decode(bytes.buffer, file) };
}

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

function exact(integers: BigInt64Array | BigUint64Array, file: string): Float64Array {
  const numbers = new Float64Array(integers.length);
  for (let i = 0; i < numbers.length; i++) {
    numbers[i] = Number(integers[i]);
    if (BigInt(numbers[i]) !== integers[i]) {
      throw new RangeError(`readNpy: ${file}: element ${i} is ${integers[i]}, which has no exact float64`);
    }
  }
  return numbers;
}

/** The value of an IEEE half-precision number: sign, 5 bits of exponent, 10 of fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function malformed(file: string, offset: number, what: string): Error {
  return new Error(`readNpy: ${file}, byte ${offset}: ${what}`);
}
