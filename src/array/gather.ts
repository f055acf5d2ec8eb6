import { allocate } from "./arithmetic.js";
import type { Distribution } from "./distribution.js";
import { DistributedArray } from "./distributed-array.js";
import { type DType, numbersPerElement, type Storage } from "./dtype.js";
import { LocalArray } from "./local-array.js";
import { sameNumbers } from "./shape.js";
import { boxIn, copyBox } from "./strided-copy.js";

/** The whole array on `root`, `undefined` elsewhere. Collective: one gather; a replicated array moves nothing. */
export async function gatherTo(root: number, array: DistributedArray): Promise<LocalArray | undefined> {
  const { distribution, dtype, local } = array;
  const { comm } = distribution;
  if (distribution.replicated) return comm.rank === root ? array.block.clone() : undefined;
  const packed = comm.rank === root ? allocate(dtype, distribution.size) : undefined;
  await comm.gather(local, { root, counts: countsOf(distribution, dtype), into: packed });
  return packed && unpack(distribution, dtype, packed);
}

/** The whole array on every rank. Collective: one allgather; a replicated array moves nothing. */
export async function gatherEverywhere(array: DistributedArray): Promise<LocalArray> {
  const { distribution, dtype, local } = array;
  if (distribution.replicated) return array.block.clone();
  const packed = allocate(dtype, distribution.size);
  await distribution.comm.allgather(local, { counts: countsOf(distribution, dtype), into: packed });
  return unpack(distribution, dtype, packed);
}

/**
 * An array whose blocks come from the whole array on `root`. Collective: a small broadcast and one scatter.
 *
 * @throws {RangeError} On every rank, if the root's array has other dims, or there is none.
 */
export async function scatterFrom(
  root: number,
  distribution: Distribution,
  full: LocalArray | undefined,
): Promise<DistributedArray> {
  const { comm } = distribution;
  const mine = full && { dtype: full.dtype, dims: full.space.dims };
  const given = await comm.bcast(comm.rank === root ? (mine ?? null) : undefined, { root });
  if (!given || !sameNumbers(given.dims, distribution.dims)) {
    const what = given ? `dims [${given.dims.join(", ")}]` : "no array";
    throw new RangeError(
      `fromGlobal: ${what} on root ${root} for ${distribution.toString()}; give the whole array there`,
    );
  }
  const array = new DistributedArray(distribution, given.dtype);
  if (distribution.replicated) {
    await comm.bcast(comm.rank === root ? full?.local : undefined, { root, into: array.local });
    if (comm.rank === root && full) array.block.copyFrom(full);
    return array;
  }
  const packed = comm.rank === root && full ? pack(distribution, full) : undefined;
  await comm.scatter(packed, { root, counts: countsOf(distribution, given.dtype), into: array.local });
  return array;
}

function countsOf(distribution: Distribution, dtype: DType): number[] {
  const step = numbersPerElement(dtype);
  return Array.from({ length: distribution.comm.size }, (_, rank) => step * distribution.sizeOf(rank));
}

/** Blocks one after the other are the array itself when only the first axis is split. */
function inOrder(distribution: Distribution): boolean {
  return distribution.grid.every((ranks, axis) => axis === 0 || ranks === 1);
}

function unpack(distribution: Distribution, dtype: DType, packed: Storage): LocalArray {
  if (inOrder(distribution)) return new LocalArray(distribution.dims, dtype, packed);
  const full = new LocalArray(distribution.dims, dtype);
  copyBlocks(distribution, dtype, full.local, packed, "out");
  return full;
}

function pack(distribution: Distribution, full: LocalArray): Storage {
  if (inOrder(distribution)) return full.local;
  const packed = allocate(full.dtype, distribution.size);
  copyBlocks(distribution, full.dtype, full.local, packed, "in");
  return packed;
}

/** Copies every rank's box of `full` into `packed`, blocks one after the other, or out of it. */
function copyBlocks(
  distribution: Distribution,
  dtype: DType,
  full: Storage,
  packed: Storage,
  direction: "in" | "out",
): void {
  const step = numbersPerElement(dtype);
  let offset = 0;
  for (let rank = 0; rank < distribution.comm.size; rank++) {
    const shape = distribution.shapeOf(rank);
    const box = boxIn(full, distribution.dims, distribution.startOf(rank));
    const end = offset + step * distribution.sizeOf(rank);
    const block = boxIn(
      packed.subarray(offset, end),
      shape,
      shape.map(() => 0),
    );
    if (direction === "in") copyBox(shape, box, block, step);
    else copyBox(shape, block, box, step);
    offset = end;
  }
}
