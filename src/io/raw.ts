import type { BlockSpace, BlockVector } from "../array/blocks.js";
import { product } from "../array/shape.js";
import { checkOptions } from "../options.js";
import { agreeInTurn } from "./agree.js";
import { type Order, orderOf, readElements, writeElements } from "./array-file.js";
import { withFile } from "./file.js";
import { LITTLE_ENDIAN } from "./elements.js";

/** Bytes of an element of each type. */
const TYPES = {
  float32: ["f4", 4],
  float64: ["f8", 8],
  complex64: ["c8", 8],
  complex128: ["c16", 16],
  float16: ["f2", 2],
  int8: ["i1", 1],
  int16: ["i2", 2],
  int32: ["i4", 4],
  int64: ["i8", 8],
  uint8: ["u1", 1],
  uint16: ["u2", 2],
  uint32: ["u4", 4],
  uint64: ["u8", 8],
} as const;

/** What the elements of a raw file are; read as `readNpy` reads them: short integers as int32, long ones as float64. */
export type RawType = keyof typeof TYPES;

export interface RawOptions {
  /** Default float64. */
  type?: RawType;
  /** Bytes before the first element. Default 0. */
  offset?: number;
  /** Default little. */
  endian?: "little" | "big";
  /** "F" for the first axis fastest. Default "C". */
  order?: Order;
}

/**
 * Reads this rank's block of an array in a file that holds nothing but its elements, behind `offset` bytes of anything.
 * Collective. What follows the array is not looked at.
 *
 * @throws {Error} On every rank, if the file is not there or too short on one of them.
 */
export function readRawBlock<V extends BlockVector<V>>(
  path: string,
  space: BlockSpace<V>,
  options: RawOptions = {},
): Promise<V> {
  checkOptions("readRawBlock", options, ["type", "offset", "endian", "order"]);
  const { type = "float64", offset = 0 } = options;
  const order = orderOf("readRawBlock", options);
  const known = Object.hasOwn(TYPES, type);
  if (!known) throw new RangeError(`readRawBlock: type ${type}; use ${Object.keys(TYPES).join(", ")}`);
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new RangeError(`readRawBlock: offset ${offset}; use bytes from 0 on`);
  const [name, bytes] = TYPES[type];
  const layout = {
    type: name,
    swapped: (endianOf("readRawBlock", options) === "little") !== LITTLE_ENDIAN,
    fortranOrder: order === "F",
    shape: space.dims,
    dataOffset: offset,
    dataBytes: bytes * product(space.dims),
  };
  return agreeInTurn(space.comm, "readRawBlock", () =>
    withFile(path, "r", (file) => readElements(file, path, layout, space)),
  );
}

/**
 * Writes the elements of an array, in its own dtype, and nothing else; each rank its own block, as
 * `writeNpy` does. Collective.
 */
export async function writeRaw<V>(
  path: string,
  array: BlockVector<V>,
  options: Pick<RawOptions, "endian" | "order"> = {},
): Promise<void> {
  const { BYTES_PER_ELEMENT } = array.local;
  await writeElements(path, "writeRaw", array, options, () => {
    checkOptions("writeRaw", options, ["endian", "order"]);
    const swap = endianOf("writeRaw", options) !== (LITTLE_ENDIAN ? "little" : "big");
    const prepare = (bytes: Uint8Array) => {
      if (!swap) return bytes;
      const swapped = Buffer.from(bytes);
      return BYTES_PER_ELEMENT === 4 ? swapped.swap32() : swapped.swap64();
    };
    return { header: new Uint8Array(0), prepare, order: orderOf("writeRaw", options) };
  });
}

/** @throws {RangeError} If it is neither of the two. */
function endianOf(where: string, { endian = "little" }: Pick<RawOptions, "endian">): "little" | "big" {
  if (endian === "little" || endian === "big") return endian;
  throw new RangeError(`${where}: endian ${String(endian)}; use "little" or "big"`);
}
