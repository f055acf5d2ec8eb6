import type { BlockVector } from "../array/blocks.js";
import { numbersPerElement } from "../array/dtype.js";
import { product } from "../array/shape.js";

const CHUNK_BYTES = 2 ** 22;

/**
 * Lengths of the chunks that an array is stored in: those that are given, or those of the largest block, halved until a
 * chunk has 4 MiB at most.
 *
 * @throws {RangeError} If a length is not a positive integer, or there is not one for each axis.
 */
export function chunksFor<V>(
  where: string,
  { space, dtype, local }: BlockVector<V>,
  given?: readonly number[],
): readonly number[] {
  if (given) {
    if (
      given.length === space.dims.length &&
      given.every((length) => Number.isSafeInteger(length) && length > 0)
    )
      return given;
    throw new RangeError(`${where}: chunks [${given.join(", ")}] of ${space.toString()}; give a length from 1 on for each axis`); // prettier-ignore
  }
  const chunks = space.dims.map((length, axis) => Math.max(1, Math.ceil(length / space.grid[axis])));
  const bytes = local.BYTES_PER_ELEMENT * numbersPerElement(dtype);
  while (product(chunks) * bytes > CHUNK_BYTES) {
    const axis = chunks.indexOf(Math.max(...chunks));
    chunks[axis] = Math.ceil(chunks[axis] / 2);
  }
  return chunks;
}
