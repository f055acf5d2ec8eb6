import type { DType } from "../array/dtype.js";
import type { Order } from "./array-file.js";
import { product } from "../array/shape.js";
import { type ElementLayout, LITTLE_ENDIAN, malformed } from "./elements.js";

/** The start of an .npy file, decoded. */
export type NpyHeader = ElementLayout;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const PREFIX = { 1: 10, 2: 12, 3: 12 } as const; // magic, version and length of the header, in bytes
const NATIVE = LITTLE_ENDIAN ? "<" : ">";
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

/** The header of a file with elements of `dtype`, padded so that the elements begin at a multiple of 64. */
export function formatHeader(dtype: DType, shape: readonly number[], order: Order = "C"): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${NATIVE}${DESCR[dtype]}', 'fortran_order': ${order === "F" ? "True" : "False"}, 'shape': (${tuple}), }`;
  const total = 64 * Math.ceil((PREFIX[1] + text.length + 1) / 64);
  if (total > 0xffff)
    throw new RangeError(`writeNpy: ${shape.length} axes do not fit in a header; use fewer`);
  const header = new TextEncoder().encode("\0".repeat(PREFIX[1]) + text.padEnd(total - PREFIX[1] - 1) + "\n");
  header.set([...MAGIC, 1, 0]);
  new DataView(header.buffer).setUint16(8, total - PREFIX[1], true);
  return header;
}
